import { homedir } from "node:os";
import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
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
  protected override readonly directory: string;
  protected override readonly looking: Look;

  constructor(name: string, hostName: string, args: HostArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:LocalHost", name, hostName, args, opts);
    this.listensOn = pulumi.output(hostName);
    this.ownAddress = this.address;
    this.announcedAddress = this.address;
    this.directory = args.directory ? join(args.directory, hostName) : join(stateDirectory(), name);
    const problems = directoryProblems("directory", this.directory);
    if (problems.length > 0) throw new InputError(problems);
    this.limitations = runsAsRoot() ? ["the servers on the machine that runs Pulumi run as root, because Pulumi does: set localUser"] : [];
    this.looking = new Look((text) => local.runOutput({ command: "sh", stdin: text, logging: "none" }, { parent: this }).stdout);
    const hostScript = this.script("host.sh");
    this.install(["host.sh", "lifecycle.sh", "hosts-entries.sh", "kvdb.sh"], {
      create: "sh",
      delete: `if [ -f ${hostScript} ]; then sh ${hostScript} uninstall; fi`,
    });
    this.registerOutputs();
  }

  override addressOf(other: Host): pulumi.Output<string> {
    return other.announcedAddress;
  }

  override directoryOf(process: string): string {
    return join(this.directory, process);
  }

  override storeOf(name: string): string {
    return join(this.directory, name);
  }

  override logFileOf(process: string): string {
    return join(this.directoryOf(process), "log");
  }

  override commandsFor(process: string): ProcessCommands {
    const what = (action: string) => `sh ${this.script("host.sh")} ${action} ${quote(this.directoryOf(process))}`;
    return { kill: what("kill"), stop: what("stop"), start: what("start") };
  }

  protected override wordsFor(action: "process" | "edit" | "verify", what: string): Words {
    const script = this.script("host.sh");
    // Somebody who removed the directory by hand must still be able to destroy the stack.
    const ifThere = (words: string) => `if [ -f ${script} ]; then sh ${script} ${words}; else echo ${script} is gone: nothing was undone with it; fi`;
    if (action === "edit") return { create: `sh ${script} apply ${what}`, update: `sh ${script} apply ${what}`, delete: ifThere(`remove ${what}`) };
    const directory = quote(this.directoryOf(what));
    if (action === "verify") return { create: `sh ${this.script("lifecycle.sh")} verify ${directory}` };
    return { create: `sh ${script} create ${directory}`, update: `sh ${script} update ${directory}`, delete: ifThere(`delete ${directory}`) };
  }

  protected override command(name: string, words: Words, stdin: pulumi.Input<string>, opts: pulumi.CustomResourceOptions): pulumi.Resource {
    return new local.Command(name, { ...words, stdin, addPreviousOutputInEnv: false }, opts);
  }
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Beside other stacks, and with a directory for each host component: two of a program may have the same host name. */
function stateDirectory(): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(state, "redis-ha", `${pulumi.getProject()}.${pulumi.getStack()}`);
}
