import * as pulumi from "@pulumi/pulumi";
import type { DockerArgs } from "./docker/args.ts";
import type { SshHostArgs } from "./ssh/args.ts";
import { Deployment } from "./deployment.ts";
import { notAllowed, refuseAny } from "../errors.ts";
import { checkNames, directoryProblems, isHostName } from "./names.ts";

/**
 * A machine; how it is reached is the section that it has: none is the machine that runs Pulumi.
 */
export interface HostArgs {
  /**
   * The IP address under which clients, and hosts on other machines, reach this host.
   * @default "127.0.0.1"
   */
  address?: pulumi.Input<string>;
  /**
   * But for containers: absolute path of the stack's directory on that machine; each host has its
   * own below it.
   * @default a directory for the host itself in `$XDG_STATE_HOME/redis-ha/PROJECT.STACK`
   * (`~/.local/state` where that is not set), with a user for local servers, and over SSH, in
   * `/var/lib/redis-ha/PROJECT.STACK`
   */
  directory?: string;
  /** It is reached over SSH, at its address. */
  ssh?: SshHostArgs;
  /**
   * It is a pair of containers, of its node and its sentinel, on a Docker engine; what is left out
   * is as for all.
   */
  docker?: DockerArgs;
}

/** What the hosts that are the machine that runs Pulumi have in common. */
export interface LocalArgs {
  /**
   * User that their servers run as, with directories in /var/lib/redis-ha unless they are set; made
   * if there is none of that name. Needs Pulumi to run as root; can't be changed later.
   * @default who runs Pulumi
   */
  user?: string;
}

/** A process that a host keeps running; what it is, its lifecycle script knows. */
export interface ProcessArgs {
  /** TCP port that it listens on. */
  port: number;
  /** Files in the process's own directory: name to content. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Seconds that it may take to end, besides a hand-over. */
  stopSeconds: number;
  /** Bytes of memory that it may need at most. @default not limited */
  memoryBytes?: pulumi.Input<number | undefined>;
}

/**
 * Seconds for a hand-over that finds a failover in progress, besides the time that the process may
 * take to end.
 */
export const handOverSeconds = 90;

/**
 * A change to a file that is not the stack's, made by a script of the host that can check, apply
 * and remove it.
 */
export interface EditArgs {
  /** The setting to name if the file can't be edited. */
  field: string;
  /** Name of the script (scripts/bundle.ts). */
  script: string;
  /** What the script reads from standard input: shell assignments. */
  settings: pulumi.Input<string>;
}

/** What looking at a process told, before anything was touched. */
export interface ProcessFacts {
  /** The server program that there is. */
  server: string;
  /** First line of `SERVER --version`, or the error of trying. */
  version: string;
  /** `HOST:PORT` that it has now, empty if it was never created. */
  endpoint: string;
  /** Which program it is to run by what it was given last, empty if it was never created. */
  program: string;
  /** Whether it was given users with passwords. */
  auth: boolean;
  /** Whether something was ever ready there: then its data is there, or was lost. */
  populated: boolean;
  /** The identity to record: that of the running instance if it is well, else a new one. */
  instance: string;
  seen: Seen;
}

/** A process of the deployment that a look has found, be it that the program has it or not. */
export interface FoundProcess {
  /** What it is, in the words of its parameters; empty where that can't be told. */
  kind: string;
  name: string;
  /** The network name of its host. */
  host: string;
  /** The address that belongs to that; empty where it can't be told. */
  address: string;
  port: number;
  /** Tells it from another one of that name elsewhere: {@link Host.placeFor}. */
  place: string;
}

/** What a look has found of the deployment on a host. */
export interface Found {
  /** Whether the deployment is, or was, on it. */
  isThere: boolean;
  processes: readonly FoundProcess[];
  /** Whom those know that the program has on the host; all but their places. */
  known: readonly Omit<FoundProcess, "place">[];
}

/** Who is to be where, for a host that ends the others. */
export interface MembersArgs {
  /** Shell assignments: all that the program has, in the words of the lifecycle script. */
  staying: pulumi.Input<string>;
  /** The hosts that this one looks after, itself among them, with the processes on each. */
  hosts: readonly { host: Host; processes: readonly string[] }[];
}

/** What a look has found of something that an `up` would mend where it is not well. */
export interface Seen {
  /** What it is, in words. */
  what: string;
  /** Whether it is as it was left. */
  isWell: boolean;
  /** The mark of a pause where it is (`SINCE BY WHY`), empty where it has none. */
  paused: string;
}

/** What a person, or a command of `npm run`, types on the machine that runs Pulumi. */
export interface ProcessCommands {
  /** Ends the process like a crash, for longer than a moment. */
  kill: string;
  /** Ends it in an orderly way: a master hands over first. */
  stop: string;
  /** Starts it again. */
  start: string;
  /** Hands a master over; a node's name may follow: to that one, or it is refused. */
  handover: string;
  /**
   * One of three words has to follow, all of which print the mark of the pause there, a line `SINCE
   * BY WHY`: `pause` puts the one on standard input, unless there is one, and has every step of an
   * `up` refused; `resume` ends that; `paused` changes nothing.
   */
  mark: string;
}

/** Where a resource made by a host belongs, and what has to be done before it. */
export interface Placement {
  parent: pulumi.Resource;
  dependsOn?: pulumi.Input<pulumi.Resource>[];
  /**
   * Of these, what has to be there before anything is made at all: in a first creation a place in
   * which nothing runs yet waits for no more.
   * @default all of them
   */
  beforeAnything?: pulumi.Input<pulumi.Resource>[];
}

/**
 * A machine. Knows how to look, to keep processes running and to run a script; knows nothing of
 * Redis. A component never asks which kind of host it has.
 */
export abstract class Host extends pulumi.ComponentResource {
  /** The component's name. */
  readonly componentName: string;
  /** The network name under which clients and the other hosts reach it. */
  readonly hostName: string;
  /** The IP address that belongs to the name, for clients. */
  readonly address: pulumi.Output<string>;
  /** What it belongs to, which decides all of its places. */
  readonly deployment: Deployment;
  /** What the operator should know of it, a line each. */
  readonly limitations: pulumi.Output<readonly string[]> = pulumi.output([]);
  /** Where its edits are made; hosts with the same machine share files such as /etc/hosts. */
  abstract readonly machine: string;
  /** Hosts with the same one look after each other's processes: {@link Host.keepOnly}. */
  abstract readonly group: string;
  /** What its servers listen on: a name or an address. */
  abstract readonly listensOn: pulumi.Output<string>;
  /** The address under which a process on it reaches itself. */
  abstract readonly ownAddress: pulumi.Output<string>;
  /** The address that its servers tell others, if they can't tell names. */
  abstract readonly announcedAddress: pulumi.Output<string>;

  /** @param deployment what it belongs to. @default one of its own */
  constructor(
    type: string,
    name: string,
    hostName: string,
    args: HostArgs & { local?: LocalArgs },
    opts: pulumi.ComponentResourceOptions | undefined,
    deployment: Deployment | undefined,
  ) {
    super(type, name, {}, opts);
    checkNames({ name, stack: pulumi.getStack(), project: pulumi.getProject() });
    refuseAny(
      [
        ...(isHostName(hostName)
          ? []
          : [notAllowed("hostName", hostName, "letters, digits, '-', '_' and '.'")]),
        ...(args.directory === undefined ? [] : directoryProblems("directory", args.directory)),
      ],
      name,
    );
    this.deployment =
      deployment ??
      new Deployment(
        name,
        { parent: this, dependsOn: opts?.dependsOn },
        { [hostName]: args.directory },
        [],
        args.local?.user,
      );
    this.componentName = name;
    this.hostName = hostName;
    this.address = pulumi.output(args.address ?? "127.0.0.1");
  }

  /** @returns the address under which processes on this host reach those on `other`. */
  abstract addressOf(other: Host): pulumi.Output<string>;

  /** @returns the directory of the process `process` on this host. */
  abstract directoryOf(process: string): pulumi.Output<string>;

  /** @returns the directory in which edits remember what has to be remembered. */
  abstract storeOf(name: string): pulumi.Output<string>;

  /** @returns the path of the file that the process is to log to; empty for its standard output. */
  abstract logFileOf(process: string): pulumi.Input<string>;

  abstract commandsFor(process: string): pulumi.Input<ProcessCommands>;

  /**
   * Looks at the process, at every preview and update, together with whatever else is asked of this
   * host.
   *
   * @param servers programs that it could run: the first that is there is taken.
   */
  abstract look(
    process: string,
    servers: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts>;

  /**
   * Keeps a process running as `files` say: start, change, repair, end; `name` is the component's.
   */
  abstract keepProcess(
    name: string,
    process: string,
    args: ProcessArgs,
    facts: pulumi.Output<ProcessFacts>,
    placement: Placement,
  ): pulumi.Resource;

  /**
   * @param verification as {@link verify} has it.
   * @returns the process that the others follow, by the look of that verification; empty where that
   * can't be told.
   */
  abstract leader(verification: string): pulumi.Output<string>;

  /** @returns where the process has its own on this host: {@link FoundProcess.place}. */
  abstract placeFor(process: string): pulumi.Output<string>;

  /**
   * Looks at what of the deployment is there, wanted or not.
   *
   * @param processes those that the program has on this host.
   */
  abstract found(processes: readonly string[]): pulumi.Output<Found>;

  /**
   * Ends whatever of the deployment is on the hosts of this group and not in the program, whenever
   * what the program has changes: handed over, stopped, not to be started again. Pulumi deletes it
   * at the end of the update.
   */
  abstract keepOnly(name: string, args: MembersArgs, placement: Placement): pulumi.Resource;

  /** Makes an edit now, takes it back when the resource is deleted. */
  abstract edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource;

  /**
   * Refuses the whole program if one of these names (name to address) stands for something else for
   * this host's processes.
   */
  abstract requireNames(names: Record<string, pulumi.Input<string>>): void;

  /**
   * Refuses the whole program, naming `field`, if there is no such program (an absolute path) for
   * this host's processes.
   */
  abstract requireProgram(field: string, program: pulumi.Input<string>): void;

  /**
   * Has a process's lifecycle script verify the whole that the process belongs to: whenever
   * `occasion` (lines of text) changes, and whenever a look finds that it is no longer as it was
   * verified.
   */
  abstract verify(
    name: string,
    process: string,
    occasion: pulumi.Input<string>,
    placement: Placement,
  ): pulumi.Resource;
}
