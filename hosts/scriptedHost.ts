import * as pulumi from "@pulumi/pulumi";
import {
  type EditArgs,
  type Found,
  Host,
  type MembersArgs,
  type Placement,
  type ProcessArgs,
  type ProcessFacts,
} from "./host.ts";
import { leaderIn } from "./answers.ts";
import { type Installation, installation } from "./installation.ts";
import { onceThere } from "./installationHere.ts";
import type { MachineLook, Place } from "./machineLook.ts";
import { checkNames } from "./names.ts";
import { assignments, puts, quote } from "./shell.ts";

/** Shell commands of a resource; an update without words of its own does what create does. */
export interface Words {
  create: pulumi.Input<string>;
  update?: pulumi.Input<string>;
  delete?: pulumi.Input<string>;
}

/** A machine on which the scripts of scripts/ are installed; what happens there is what they do. */
export abstract class ScriptedHost extends Host {
  /** Where the scripts are, on that machine. */
  protected abstract readonly directory: pulumi.Output<string>;
  protected abstract readonly looking: MachineLook;
  /** Where they were when the deployment was created, if that is elsewhere; else empty. */
  protected abstract readonly former: pulumi.Output<string>;
  #installed: pulumi.Resource[] = [];
  /** Resolved where the directory is the deployment's, or may become that. */
  #isOurs: pulumi.Output<void> = pulumi.output(undefined);

  /** A resource that runs commands on the machine. */
  protected abstract command(
    name: string,
    words: Words,
    stdin: pulumi.Input<string>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource;

  /** @returns the commands that keep a process. */
  protected abstract wordsForProcess(process: string, args: ProcessArgs): Words;

  /**
   * @param edit shell words: its script and its name. @returns the commands that make and undo it.
   */
  protected abstract wordsForEdit(edit: pulumi.Output<string>): Words;

  /** @returns the command that ends what the program no longer has. */
  protected abstract wordsForMembers(): Words;

  /** @returns the command that has the process verify the whole. */
  protected abstract wordsToVerify(process: string): Words;

  /** @returns what puts scripts there. */
  protected putting(scripts: readonly string[]): Installation {
    return { text: installation(scripts) };
  }

  /** Whether directories beside its own are on the same machine. */
  protected readonly looksBeside: boolean = false;

  /**
   * A shell word for a process's creation: nothing where the whole is created for the first time.
   */
  protected get knownBefore(): pulumi.Output<string> {
    return this.deployment.isPopulated.apply((populated) => (populated ? " known" : ""));
  }

  /**
   * Puts the scripts there; to be called once, before anything is asked of this host.
   *
   * @param scripts those of all edits that there may be, too: one whose directory was lost is taken
   * back by its script alone, also where nothing asks for it any more.
   * @param after shell text to run once they are there.
   */
  protected install(
    scripts: readonly string[],
    words: Words,
    after: pulumi.Input<string> = "",
    dependsOn: pulumi.Resource[] = [],
  ): void {
    this.#isOurs = this.looking.place(this.hostName, this.directory, this.deployment);
    this.deployment.preflight.requireBeforeAnything(this.#isOurs);
    this.deployment.preflight.requireBeforeAnything(
      this.looking.former(this.hostName, this.former, this.deployment),
    );
    const installed = this.looking.scripts(this.directory, scripts);
    const { mark, adopted } = this.deployment;
    let putting: Installation | undefined;
    const packed = this.deployment.meanwhile(() => (putting = this.putting(scripts)).text);
    const text = pulumi
      .all([this.directory, packed, installed, after, mark])
      .apply(([directory, unpack, identity, more, marked]) => {
        const adopt = adopted.includes(directory) ? "adopt=1\n" : "";
        return `here=${quote(directory)}\nmark=${quote(marked)}\n${adopt}${unpack}${puts({ installed: identity })}${more}`;
      });
    const checked = onceThere(this.deployment.preflight.afterChecks(text), () =>
      putting?.prepare?.(),
    );
    this.#installed = [
      this.command(`${this.componentName}-scripts`, words, checked, { parent: this, dependsOn }),
    ];
  }

  override addressOf(other: Host): pulumi.Output<string> {
    return other.announcedAddress;
  }

  override storeOf(name: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/${name}`;
  }

  override logFileOf(process: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directoryOf(process)}/log`;
  }

  /** Where a process is, to whoever looks. */
  protected placeOf(process: string): pulumi.Output<Place> {
    return this.directoryOf(process).apply((directory) => ({ directory }));
  }

  protected script(script: string): pulumi.Output<string> {
    return this.directory.apply((directory) => quote(`${directory}/${script}`));
  }

  override look(
    process: string,
    servers: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts> {
    // What is another user's is not read by who looks.
    const part = this.placeOf(process).apply(
      ({ directory, apart }) => apart?.settings ?? directory,
    );
    this.deployment.preflight.requireBeforeAnything(
      this.looking.part(process, this.hostName, part, this.directory, this.deployment),
    );
    const said = this.looking.process(
      process,
      this.placeOf(process),
      pulumi.interpolate`${this.directory}/lifecycle.sh`,
      servers,
    );
    // What is in another's directory is no matter of this one's.
    const facts = this.#isOurs.apply(() => said);
    this.deployment.found(facts);
    return facts;
  }

  override keepProcess(
    name: string,
    process: string,
    args: ProcessArgs,
    facts: pulumi.Output<ProcessFacts>,
    placement: Placement,
  ): pulumi.Resource {
    const settings = pulumi
      .all([facts, args.files])
      .apply(([{ instance }, files]) => `instance=${quote(instance)}\n${puts(files)}`);
    return this.command(`${name}-process`, this.wordsForProcess(process, args), settings, {
      ...this.#at(placement),
      // Whether the whole is created for the first time, only a creation has to know.
      ignoreChanges: ["create"],
      // Else the end of the old one would end the new one, and remove its data.
      deleteBeforeReplace: true,
    });
  }

  override placeFor(): pulumi.Output<string> {
    return this.directory;
  }

  override found(processes: readonly string[]): pulumi.Output<Found> {
    return this.looking.members(this.directory, this.looksBeside, processes);
  }

  override keepOnly(
    name: string,
    { staying, hosts }: MembersArgs,
    { parent, dependsOn = [] }: Placement,
  ): pulumi.Resource {
    const scripted = hosts.flatMap(({ host, processes }) =>
      host instanceof ScriptedHost ? [{ host, processes }] : [],
    );
    const places = pulumi
      .all(scripted.map(({ host }) => host.directory))
      .apply((directories) =>
        directories.map((at, index) => `${scripted[index]?.processes.join(",") || "-"} ${at}`),
      );
    const beside = this.looksBeside;
    return this.command(
      name,
      this.wordsForMembers(),
      pulumi.interpolate`${staying}${places.apply((known) => assignments({ places: known, beside }))}`,
      { parent, dependsOn: [...scripted.flatMap(({ host }) => host.#installed), ...dependsOn] },
    );
  }

  override edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource {
    checkNames({ name });
    const named = this.deployment.named(name);
    const kept = pulumi.interpolate`${this.directory}/edits/${args.script}/${named}`;
    const instance = this.looking.edit(
      name,
      this.machine === "localhost" ? "" : this.hostName,
      args,
      kept,
    );
    this.deployment.preflight.requireBeforeAnything(instance);
    const settings = pulumi.interpolate`${args.settings}INSTANCE=${instance}\n`;
    return this.command(
      name,
      this.wordsForEdit(pulumi.interpolate`${args.script} ${named.apply(quote)}`),
      settings,
      this.#at(placement),
    );
  }

  override requireNames(names: Record<string, pulumi.Input<string>>): void {
    this.deployment.preflight.requireBeforeAnything(this.looking.names(this.hostName, names));
  }

  override requireProgram(field: string, program: string): void {
    this.deployment.preflight.requireBeforeAnything(
      this.looking.program(this.hostName, field, program),
    );
  }

  override leader(verification: string): pulumi.Output<string> {
    return this.looking.answers.apply((answers) => leaderIn(answers, verification));
  }

  override verify(
    name: string,
    process: string,
    occasion: pulumi.Input<string>,
    placement: Placement,
  ): pulumi.Resource {
    const verified = this.looking.check(
      name,
      this.placeOf(process),
      pulumi.interpolate`${this.directory}/lifecycle.sh`,
    );
    return this.command(
      name,
      this.wordsToVerify(process),
      pulumi.interpolate`${occasion}verified ${verified}\n`,
      this.#at(placement),
    );
  }

  #at({ parent, dependsOn = [] }: Placement): pulumi.CustomResourceOptions {
    return { parent, dependsOn: [...this.#installed, ...dependsOn] };
  }
}
