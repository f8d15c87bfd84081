import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../scripts/bundle.ts";
import { afterChecks, requireBeforeAnything } from "./gate.ts";
import { type EditArgs, Host, type Placement, type ProcessArgs, type ProcessFacts } from "./host.ts";
import type { Look, Place } from "./look.ts";
import { checkNames } from "./names.ts";
import { puts, quote } from "./shell.ts";

/** Shell commands of a resource; an update without words of its own does what create does. */
export interface Words {
  create: string;
  update?: string;
  delete?: string;
}

/** A machine on which the scripts of scripts/ are installed; what happens there is what they do. */
export abstract class ScriptedHost extends Host {
  /** Where the scripts are, on that machine. */
  protected abstract readonly directory: string;
  protected abstract readonly looking: Look;
  #installed: pulumi.Resource[] = [];

  /** A resource that runs commands on the machine. */
  protected abstract command(name: string, words: Words, stdin: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): pulumi.Resource;

  /** @returns the commands that keep a process, make an edit, or verify. */
  protected abstract wordsFor(action: "process" | "edit" | "verify", what: string): Words;

  /**
   * Puts the scripts there; to be called once, before anything is asked of this host.
   *
   * @param after shell text to run once they are there.
   */
  protected install(scripts: readonly string[], words: Words, after = "", dependsOn: pulumi.Resource[] = []): void {
    const text = this.looking.scripts(this.directory, scripts).apply((installed) => {
      const files = { ...Object.fromEntries(scripts.map((each) => [each, scriptText(each)])), installed };
      return `here=${quote(this.directory)}\n${scriptText("install.sh")}${puts(files)}${after}`;
    });
    this.#installed = [this.command(`${this.componentName}-scripts`, words, afterChecks(text), { parent: this, dependsOn })];
  }

  /** Where a process is, to whoever looks. */
  protected placeOf(process: string): Place {
    return { directory: this.directoryOf(process) };
  }

  protected script(script: string): string {
    return quote(`${this.directory}/${script}`);
  }

  override look(process: string, servers: readonly string[]): pulumi.Output<ProcessFacts> {
    return this.looking.process(process, this.placeOf(process), `${this.directory}/lifecycle.sh`, servers);
  }

  override keepProcess(name: string, process: string, args: ProcessArgs, facts: pulumi.Output<ProcessFacts>, placement: Placement): pulumi.Resource {
    const settings = pulumi.all([facts, args.files]).apply(([{ instance }, files]) => `instance=${quote(instance)}\n${puts(files)}`);
    return this.command(`${name}-process`, this.wordsFor("process", process), settings, this.#at(placement));
  }

  override edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource {
    checkNames({ name });
    const kept = `${this.directory}/edits/${args.script}/${name}`;
    const instance = this.looking.edit(name, this.machine === "localhost" ? "" : this.hostName, args, kept);
    requireBeforeAnything(instance);
    const settings = pulumi.interpolate`${args.settings}INSTANCE=${instance}\n`;
    return this.command(name, this.wordsFor("edit", `${args.script} ${quote(name)}`), settings, this.#at(placement));
  }

  override requireNames(names: Record<string, pulumi.Input<string>>): void {
    requireBeforeAnything(this.looking.names(this.hostName, names));
  }

  override requireProgram(field: string, program: string): void {
    requireBeforeAnything(this.looking.program(this.hostName, field, program));
  }

  override verify(name: string, process: string, occasion: pulumi.Input<string>, placement: Placement): pulumi.Resource {
    const verified = this.looking.check(name, this.placeOf(process), `${this.directory}/lifecycle.sh`);
    return this.command(name, this.wordsFor("verify", process), pulumi.interpolate`${occasion}verified ${verified}\n`, this.#at(placement));
  }

  #at({ parent, dependsOn = [] }: Placement): pulumi.CustomResourceOptions {
    return { parent, dependsOn: [...this.#installed, ...dependsOn] };
  }
}
