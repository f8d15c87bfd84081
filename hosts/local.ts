import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "./deployment.ts";
import { InputError } from "../components/inputError.ts";
import type { Host, HostArgs, ProcessCommands } from "./host.ts";
import { Look } from "./look.ts";
import { directoryProblems } from "./names.ts";
import { ScriptedHost, type Words } from "./scripted.ts";
import { quote } from "./shell.ts";

/** The machine that runs Pulumi: plain processes that survive the end of `pulumi up`, a directory for each host name. */
export class LocalHost extends ScriptedHost {
  override readonly machine = "localhost";
  override readonly listensOn: pulumi.Output<string>;
  override readonly ownAddress: pulumi.Output<string>;
  override readonly announcedAddress: pulumi.Output<string>;
  override readonly limitations: readonly string[];
  protected override readonly directory: pulumi.Output<string>;
  protected override readonly looking: Look;

  /** @param deployment what it belongs to. @default one of its own */
  constructor(name: string, hostName: string, args: HostArgs = {}, opts?: pulumi.ComponentResourceOptions, deployment?: Deployment) {
    super("redis-ha:index:LocalHost", name, hostName, args, opts, deployment);
    this.listensOn = pulumi.output(hostName);
    this.ownAddress = this.address;
    this.announcedAddress = this.address;
    // Beside other stacks, and with a directory for each host component: two of a program may have the same host name.
    this.directory = this.deployment
      .directory(hostName, args.directory, ({ home, project, stack }) =>
        this.deployment.named(name).apply((named) => join(home, "redis-ha", `${project}.${stack}`, named)),
      )
      .apply((directory) => {
        const problems = directoryProblems("directory", directory);
        if (problems.length > 0) throw new InputError(problems);
        return directory;
      });
    this.limitations = runsAsRoot() ? ["the servers on the machine that runs Pulumi run as root, because Pulumi does"] : [];
    this.looking = new Look((text) => local.runOutput({ command: "sh", stdin: text, logging: "none" }, { parent: this }).stdout);
    const hostScript = this.script("host.sh");
    this.install(["host.sh", "lifecycle.sh", "hosts-entries.sh", "kvdb.sh"], {
      create: "sh",
      delete: pulumi.interpolate`if [ -f ${hostScript} ]; then sh ${hostScript} uninstall; fi`,
    });
    this.registerOutputs();
  }

  override addressOf(other: Host): pulumi.Output<string> {
    return other.announcedAddress;
  }

  override directoryOf(process: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/${process}`;
  }

  override storeOf(name: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/${name}`;
  }

  override logFileOf(process: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/${process}/log`;
  }

  override commandsFor(process: string): pulumi.Output<ProcessCommands> {
    return pulumi.all([this.script("host.sh"), this.directoryOf(process)]).apply(([script, directory]) => {
      const what = (action: string) => `sh ${script} ${action} ${quote(directory)}`;
      return { kill: what("kill"), stop: what("stop"), start: what("start") };
    });
  }

  protected override wordsForProcess(process: string): Words {
    const directory = this.directoryOf(process).apply(quote);
    return {
      create: this.#run(pulumi.interpolate`create ${directory}${this.knownBefore.apply((known) => (known ? ` "" ""${known}` : ""))}`),
      update: this.#run(pulumi.interpolate`update ${directory}`),
      delete: this.#ifThere(pulumi.interpolate`delete ${directory}`),
    };
  }

  protected override wordsForEdit(edit: pulumi.Output<string>): Words {
    const apply = this.#run(pulumi.interpolate`apply ${edit}`);
    return { create: apply, update: apply, delete: this.#ifThere(pulumi.interpolate`remove ${edit}`) };
  }

  protected override wordsToVerify(process: string): Words {
    return { create: pulumi.interpolate`sh ${this.script("lifecycle.sh")} verify ${this.directoryOf(process).apply(quote)}` };
  }

  #run(words: pulumi.Output<string>): pulumi.Output<string> {
    return pulumi.interpolate`sh ${this.script("host.sh")} ${words}`;
  }

  /** Somebody who removed the directory by hand must still be able to destroy the stack. */
  #ifThere(words: pulumi.Output<string>): pulumi.Output<string> {
    const script = this.script("host.sh");
    return pulumi.interpolate`if [ -f ${script} ]; then sh ${script} ${words}; else echo ${script} is gone: nothing was undone with it; fi`;
  }

  protected override command(name: string, words: Words, stdin: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): pulumi.Resource {
    return new local.Command(name, { ...words, stdin, addPreviousOutputInEnv: false }, opts);
  }
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}
