import * as pulumi from "@pulumi/pulumi";

/** Where a process or an edit lives: one machine of a stack. */
export interface HostArgs {
  /**
   * How the machine is reached. `local`: the machine that runs Pulumi.
   * @default "local"
   */
  kind?: string;
  /**
   * The IP address under which the others reach this host.
   * @default "127.0.0.1"
   */
  address?: pulumi.Input<string>;
  /**
   * Absolute path of the stack's directory on that machine; each host has its own below it.
   * @default a directory for the host itself in `$XDG_STATE_HOME/redis-ha/PROJECT.STACK` (`~/.local/state` where that is not set)
   */
  directory?: string;
}

/** A process that a host keeps running; what it is, its lifecycle script knows. */
export interface ProcessArgs {
  /** The program, to find out its version before anything is touched. */
  server: string;
  /** Files in the process's own directory: name to content. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** A change to a file that is not the stack's, made by a script of the host that can check, apply and remove it. */
export interface EditArgs {
  /** The setting to name if the file can't be edited. */
  field: string;
  /** File name of the script in templates/. */
  script: string;
  /** What the script reads from standard input: shell assignments. */
  settings: pulumi.Input<string>;
}

/** What looking at a process told, before anything was touched. */
export interface ProcessFacts {
  /** First line of `SERVER --version`, or the error of trying. */
  version: string;
  /** `HOST:PORT` that it has now, empty if it was never created. */
  endpoint: string;
  /** The identity to record: that of the running instance if it is well, else a new one. */
  instance: string;
}

/** Where a resource made by a host belongs, and what has to be done before it. */
export interface Placement {
  parent: pulumi.Resource;
  dependsOn?: pulumi.Resource[];
}

/**
 * A machine. Knows how to look, to keep processes running and to run a script; knows nothing of Redis.
 * A component never asks which kind of host it has.
 */
export abstract class Host extends pulumi.ComponentResource {
  /** The network name under which clients and the other hosts reach it. */
  readonly hostName: string;
  /** The IP address that belongs to the name. */
  readonly address: pulumi.Output<string>;
  /** Hosts with the same machine share files such as /etc/hosts. */
  abstract readonly machine: string;

  constructor(type: string, name: string, hostName: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    this.hostName = hostName;
    this.address = pulumi.output(args.address ?? "127.0.0.1");
  }

  /** @returns the directory of the process `process` on this host. */
  abstract directoryOf(process: string): string;

  /** Looks at the process, at every preview and update, together with whatever else is asked of this host. */
  abstract look(process: string, server: string): pulumi.Output<ProcessFacts>;

  /** Keeps a process running as `files` say: start, change, repair, end; `name` is the component's. */
  abstract keepProcess(name: string, process: string, args: ProcessArgs, facts: pulumi.Output<ProcessFacts>, placement: Placement): pulumi.Resource;

  /** Makes an edit now, takes it back when the resource is deleted. */
  abstract edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource;

  /**
   * Has a process's lifecycle script verify the whole that the process belongs to: whenever `occasion` (lines of text)
   * changes, and whenever a look finds that it is no longer as it was verified.
   */
  abstract verify(name: string, process: string, occasion: pulumi.Input<string>, placement: Placement): pulumi.Resource;
}
