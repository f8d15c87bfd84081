import { homedir } from "node:os";
import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../templates/render.ts";
import { afterChecks, requireBeforeAnything } from "./gate.ts";
import { type EditArgs, Host, type HostArgs, type Placement, type ProcessArgs, type ProcessFacts } from "./host.ts";
import { Look } from "./look.ts";
import { quote } from "./shell.ts";

const scripts = ["host.sh", "lifecycle.sh", "hosts-entries.sh", "kvdb.sh"];

/** The machine that runs Pulumi: plain processes that survive the end of `pulumi up`, a directory for each host name. */
export class LocalHost extends Host {
  override readonly machine = "localhost";
  readonly #directory: string;
  readonly #look: Look;
  readonly #scripts: local.Command;

  constructor(name: string, hostName: string, args: HostArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:LocalHost", name, hostName, args, opts);
    this.#directory = args.directory ? join(args.directory, hostName) : join(stateDirectory(), name);
    const hostScript = this.#script("host.sh");
    this.#look = new Look((text) => local.runOutput({ command: "sh", stdin: text, logging: "none" }, { parent: this }).stdout);
    this.#scripts = new local.Command(
      `${name}-scripts`,
      {
        create: "sh",
        delete: `if [ -f ${hostScript} ]; then sh ${hostScript} uninstall; fi`,
        stdin: afterChecks(
          this.#look
            .scripts(this.#directory, scripts)
            .apply(
              (installed) =>
                `here=${quote(this.#directory)}\n${scriptText("install.sh")}` +
                puts({ ...Object.fromEntries(scripts.map((each) => [each, scriptText(each)])), installed }),
            ),
        ),
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.registerOutputs();
  }

  override directoryOf(process: string): string {
    return join(this.#directory, process);
  }

  override look(process: string, server: string): pulumi.Output<ProcessFacts> {
    return this.#look.process(process, this.directoryOf(process), join(this.#directory, "lifecycle.sh"), server);
  }

  override keepProcess(name: string, process: string, args: ProcessArgs, facts: pulumi.Output<ProcessFacts>, placement: Placement): pulumi.Resource {
    const directory = quote(this.directoryOf(process));
    const settings = pulumi.all([facts, args.files]).apply(([{ instance }, files]) => `instance=${quote(instance)}\n${puts(files)}`);
    return this.#command(
      `${name}-process`,
      { create: `create ${directory}`, update: `update ${directory}`, delete: `delete ${directory}` },
      settings,
      placement,
    );
  }

  override edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource {
    requireBeforeAnything(this.#look.edit(name, args));
    const edit = `${args.script} ${quote(name)}`;
    return this.#command(name, { create: `apply ${edit}`, delete: `remove ${edit}` }, args.settings, placement);
  }

  override verify(name: string, process: string, occasion: pulumi.Input<string>, { parent, dependsOn = [] }: Placement): pulumi.Resource {
    const directory = this.directoryOf(process);
    const verified = this.#look.check(name, directory, join(this.#directory, "lifecycle.sh"));
    return new local.Command(
      name,
      {
        create: `sh ${this.#script("lifecycle.sh")} verify ${quote(directory)}`,
        stdin: pulumi.interpolate`${occasion}verified ${verified}\n`,
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn: [this.#scripts, ...dependsOn] },
    );
  }

  #command(
    name: string,
    words: { create: string; update?: string; delete: string },
    stdin: pulumi.Input<string>,
    { parent, dependsOn = [] }: Placement,
  ): local.Command {
    const script = this.#script("host.sh");
    return new local.Command(
      name,
      {
        create: `sh ${script} ${words.create}`,
        update: `sh ${script} ${words.update ?? words.create}`,
        // Somebody who removed the directory by hand must still be able to destroy the stack.
        delete: `if [ -f ${script} ]; then sh ${script} ${words.delete}; else echo ${script} is gone: nothing was undone with it; fi`,
        stdin,
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn: [this.#scripts, ...dependsOn] },
    );
  }

  #script(script: string): string {
    return quote(join(this.#directory, script));
  }
}

/** @returns shell text that puts each file, for the scripts that define `put`. */
function puts(files: Record<string, string>): string {
  return Object.entries(files)
    .map(([file, content]) => `put ${file} ${quote(content)}\n`)
    .join("");
}

/** Beside other stacks, and with a directory for each host component: two of a program may have the same host name. */
function stateDirectory(): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(state, "redis-ha", `${pulumi.getProject()}.${pulumi.getStack()}`);
}
