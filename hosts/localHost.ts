import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment, Identity } from "./deployment.ts";
import { InputError } from "../errors.ts";
import type { HostArgs, LocalArgs, ProcessCommands } from "./host.ts";
import { hostScripts, type Installation, rootScripts } from "./installation.ts";
import { installationHere } from "./installationHere.ts";
import { refuseOthersPlace } from "./answers.ts";
import { MachineLook, type Place } from "./machineLook.ts";
import { directoryProblems } from "./names.ts";
import { ScriptedHost, type Words } from "./scriptedHost.ts";
import { valueToLookWith } from "./sdk.ts";
import { assignments, quote } from "./shell.ts";

/**
 * The machine that runs Pulumi: plain processes that survive the end of `pulumi up`, a directory
 * for each host name. With a user for them, root keeps them as on a machine over SSH without
 * systemd.
 */
export class LocalHost extends ScriptedHost {
  override readonly machine = "localhost";
  override readonly group = "localhost";
  protected override readonly looksBeside = true;
  override readonly listensOn: pulumi.Output<string>;
  override readonly ownAddress: pulumi.Output<string>;
  override readonly announcedAddress: pulumi.Output<string>;
  override readonly limitations: pulumi.Output<readonly string[]>;
  protected override readonly directory: pulumi.Output<string>;
  protected override readonly former: pulumi.Output<string>;
  protected override readonly looking: MachineLook;
  readonly #user: string | undefined;

  /** @param deployment what it belongs to. @default one of its own */
  constructor(
    name: string,
    hostName: string,
    args: HostArgs & { local?: LocalArgs } = {},
    opts?: pulumi.ComponentResourceOptions,
    deployment?: Deployment,
  ) {
    super("redis-ha:index:LocalHost", name, hostName, args, opts, deployment);
    const user = args.local?.user;
    this.#user = user;
    if (!deployment)
      this.deployment.preflight.requireBeforeAnything(this.deployment.localUser(user));
    this.listensOn = pulumi.output(hostName);
    this.ownAddress = this.address;
    this.announcedAddress = this.address;
    // Beside other stacks, and with a directory for each host component: two of a program may have
    // the same host name.
    const ownPlace = ({ home, project, stack }: Identity) =>
      this.deployment
        .named(name)
        .apply((named) =>
          join(user === undefined ? home : "/var/lib", "redis-ha", `${project}.${stack}`, named),
        );
    this.former = this.deployment.former(hostName, args.directory, ownPlace);
    this.directory = this.deployment
      .directory(hostName, args.directory, ownPlace)
      .apply((directory) => {
        const problems = directoryProblems("directory", directory);
        if (problems.length > 0) throw new InputError(problems);
        return directory;
      });
    this.limitations = pulumi.output(
      runsAsRoot() && user === undefined
        ? [
            "the servers on the machine that runs Pulumi run as root, because Pulumi does; set local.user",
          ]
        : [],
    );
    // Where root runs scripts, nobody else may be able to put others.
    const machine = runsAsRoot()
      ? pulumi.interpolate`look_machine ${this.directory.apply(quote)}\n`
      : "";
    this.looking = new MachineLook({
      what: hostName,
      preflight: this.deployment.preflight,
      run: (text, opts) =>
        local.runOutput(
          { command: "sh", stdin: valueToLookWith(text), logging: "none" },
          { parent: this, ...opts },
        ).stdout,
      opening: pulumi.interpolate`${this.deployment.opening}${machine}`,
      closing: "wait\n",
      check: (said) => {
        refuseOthersPlace(said, hostName, hostName);
        return undefined;
      },
    });
    const installer = this.script(this.#keeper);
    const words = {
      create: "sh",
      delete: pulumi.interpolate`if [ -f ${installer} ]; then sh ${installer} uninstall; fi`,
    };
    if (user === undefined) {
      this.install(hostScripts, words);
    } else {
      const conf = this.directory.apply((directory) =>
        assignments({ user, owner: directory.replaceAll("/", "-"), services: false }),
      );
      const prepare = pulumi.interpolate`put machine.conf ${conf.apply(quote)}\nsh ${installer} prepare\n`;
      this.install(rootScripts, words, prepare);
    }
    this.registerOutputs();
  }

  protected override putting(scripts: readonly string[]): Installation {
    const here = installationHere(scripts);
    if (!here) return super.putting(scripts);
    return { text: `${here.locate}. "$scripts"\ninstallation\n`, prepare: here.prepare };
  }

  override directoryOf(process: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/${this.#user === undefined ? "" : "processes/"}${process}`;
  }

  protected override placeOf(process: string): pulumi.Output<Place> {
    const user = this.#user;
    if (user === undefined) return super.placeOf(process);
    return pulumi.all([this.directoryOf(process), this.directory]).apply(([directory, here]) => ({
      directory,
      apart: { settings: `${here}/settings/${process}`, user },
    }));
  }

  override commandsFor(process: string): pulumi.Output<ProcessCommands> {
    return pulumi
      .all([this.script(this.#keeper), this.#known(process), this.script("host.sh")])
      .apply(([script, known, host]) => {
        const what = (action: string) => `sh ${script} ${action} ${known}`;
        return {
          mark: `sh ${host}`,
          kill: what("kill"),
          stop: what("stop"),
          start: what("start"),
          handover: what("handover") + (this.#user === undefined ? ` ""` : ""),
        };
      });
  }

  protected override wordsForProcess(process: string): Words {
    const known = this.#known(process);
    // In front of that word: the settings and the parent, or the seconds of a service, which there
    // is none of.
    const before = this.#user === undefined ? ` "" ""` : " 0";
    return {
      create: this.#run(
        pulumi.interpolate`create ${known}${this.knownBefore.apply((word) => (word ? before + word : ""))}`,
        this.#keeper,
      ),
      update: this.#run(pulumi.interpolate`update ${known}`, this.#keeper),
      delete: this.#ifThere(pulumi.interpolate`delete ${known}`, this.#keeper),
    };
  }

  protected override wordsForEdit(edit: pulumi.Output<string>): Words {
    const apply = this.#run(pulumi.interpolate`apply ${edit}`);
    return {
      create: apply,
      update: apply,
      delete: this.#ifThere(pulumi.interpolate`remove ${edit}`),
    };
  }

  protected override wordsForMembers(): Words {
    return { create: this.#run(pulumi.output("members"), this.#keeper) };
  }

  protected override wordsToVerify(process: string): Words {
    return {
      create: this.#run(
        pulumi.interpolate`verify ${this.#known(process)}`,
        this.#user === undefined ? "lifecycle.sh" : "machine.sh",
      ),
    };
  }

  /** The script that keeps processes. */
  get #keeper(): string {
    return this.#user === undefined ? "host.sh" : "machine.sh";
  }

  /** A shell word: what the scripts know a process by. */
  #known(process: string): pulumi.Output<string> {
    return this.#user === undefined
      ? this.directoryOf(process).apply(quote)
      : pulumi.output(quote(process));
  }

  #run(words: pulumi.Output<string>, script = "host.sh"): pulumi.Output<string> {
    return pulumi.interpolate`sh ${this.script(script)} ${words}`;
  }

  /** Somebody who removed the directory by hand must still be able to destroy the stack. */
  #ifThere(words: pulumi.Output<string>, name = "host.sh"): pulumi.Output<string> {
    const script = this.script(name);
    return pulumi.interpolate`if [ -f ${script} ]; then sh ${script} ${words}; else echo ${script} is gone: nothing was undone with it; fi`;
  }

  protected override command(
    name: string,
    words: Words,
    stdin: pulumi.Input<string>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    return new local.Command(name, { ...words, stdin, addPreviousOutputInEnv: false }, opts);
  }
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}
