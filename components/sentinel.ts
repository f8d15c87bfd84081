import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host.ts";
import { checkNames } from "../hosts/names.ts";
import { knownNow } from "../hosts/sdk.ts";
import { render } from "../templates/render.ts";
import { requireAskedFor } from "./exposure.ts";
import { given } from "./given.ts";
import { hostFrom, type HostSection } from "./hostSection.ts";
import { refuseAny } from "../errors.ts";
import { type TimeoutsArgs, timeoutsOf } from "./redis/args.ts";
import { lifecycleParameters, type Located } from "./redis/lifecycleParameters.ts";
import { quoteDirective } from "./redisNode.ts";
import {
  checkedDirectives,
  checkedVersion,
  clientOf,
  digest,
  placeOf,
  type ServerPlace,
  serversOf,
} from "./serverProcess.ts";
import { featuresOf, limitationsOf, type ServerVersion } from "./redis/version.ts";
import { masterNameProblems } from "./redis/topology.ts";
import {
  type Directives,
  directiveProblems,
  sentinelDirectiveLines,
  sentinelScripts,
} from "./redis/directives.ts";

/** A master that a sentinel watches. */
export interface MonitoredMasterArgs {
  /** What clients ask for. */
  name: string;
  /** Name of the node to start with where nobody knows the master yet. */
  initialMaster: string;
  /** Sentinels that have to agree that it is down. */
  quorum: pulumi.Input<number>;
  /** Silence in ms after which it is taken for down. */
  downAfterMilliseconds: pulumi.Input<number>;
  /** Replicas that synchronise with a new master at a time. */
  parallelSyncs: pulumi.Input<number>;
  /** Time in ms that a failover may take. */
  failoverTimeoutMilliseconds: pulumi.Input<number>;
}

/** Arguments of {@link Sentinel}. */
export interface SentinelArgs {
  /** Its name in `sentinels`. @default the resource's name */
  sentinelName?: string;
  /** The machine it runs on: a host, or what is known of one that it has for itself. */
  host: Host | HostSection;
  /** TCP port. */
  port: number;
  /** What it watches. */
  masters: MonitoredMasterArgs[];
  /**
   * Replicas and sentinels that it is not to know any more, each `HOST:PORT` as it lists them.
   * @default none
   */
  forget?: pulumi.Input<string>[];
  /** All nodes of the masters, with the addresses under which this host reaches them. */
  nodes: Located[];
  /** All sentinels, this one among them. */
  sentinels: Located[];
  /**
   * What it listens on, as in sentinel.conf. @default what is right for the host: its name, in a
   * container every address
   */
  bind?: string;
  /**
   * Listen where others than the machine itself reach it, although there are no passwords yet.
   * @default false
   */
  openWithoutPasswords?: boolean;
  /**
   * Further options of Sentinel: what stands after the option, and after the master's name where it
   * is about a master. @default none
   */
  directives?: Directives;
  /** The server program. @default "redis-server", or "valkey-server" where there is only that */
  serverBinary?: pulumi.Input<string>;
  /** The client program. @default the one that belongs to `serverBinary` */
  cliBinary?: pulumi.Input<string>;
  /** How long it may take. */
  timeouts?: TimeoutsArgs;
}

/** Bytes: what a Sentinel and the scripts around it take is a few MiB. */
const memoryBytes = 64 * 2 ** 20;

/**
 * One Sentinel: port and options are the stack's; what it has learnt (myid, epochs, addresses) is
 * its own.
 */
export class Sentinel extends pulumi.ComponentResource {
  /** Which server it runs. */
  readonly version: pulumi.Output<ServerVersion>;
  /** What this server version lacks, for the operator to read. */
  readonly limitations: pulumi.Output<string[]>;
  /** Changes whenever the process does: its settings, or by being started or repaired. */
  readonly revision: pulumi.Output<string>;

  constructor(
    resourceName: string,
    { host, ...rest }: SentinelArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("redis-ha:index:Sentinel", resourceName, {}, opts);
    const problems = directiveProblems("sentinel", knownNow(rest.directives ?? {}));
    for (const { name: master } of rest.masters) problems.push(...masterNameProblems(master));
    refuseAny(problems, resourceName);

    const name = rest.sentinelName ?? resourceName;
    checkNames({ name: resourceName, sentinelName: name });
    const args = { ...rest, host: hostFrom(host, resourceName, this, opts?.dependsOn) };
    requireAskedFor(args.host, args.bind, args.openWithoutPasswords);
    const directives = checkedDirectives(args.host, "sentinel", args.directives);
    const masters = pulumi.output(args.masters);
    const self = { name, host: args.host.hostName, port: args.port, address: args.host.ownAddress };
    const facts = args.host.look(name, serversOf(args.serverBinary));
    this.version = checkedVersion("sentinels", self, args.serverBinary, facts);
    this.limitations = this.version.apply(limitationsOf);
    args.host.deployment.preflight.requireBeforeChanges(this.version);
    for (const option of sentinelScripts) {
      const program = args.directives?.[option];
      if (program !== undefined) args.host.requireProgram(`sentinel.directives.${option}`, program);
    }

    const timeouts = timeoutsOf(args.timeouts);
    const [first] = args.masters;
    const files = pulumi.output({
      parameters: pulumi
        .all([this.version, facts, masters, pulumi.output(args.forget), args.cliBinary])
        .apply(([version, { server }, watched, forget, cli]) =>
          lifecycleParameters(
            {
              ...args,
              forget,
              timeouts,
              kind: "sentinel",
              self,
              server,
              cli: cli ?? clientOf(server),
              program: version.program,
              masterName: first?.name ?? "",
              initialMaster: first?.initialMaster ?? "",
              monitored: watched.map(
                (master) => `${master.name} ${master.initialMaster} ${master.quorum}`,
              ),
            },
            featuresOf(version),
          ),
        ),
      "settings.conf": pulumi
        .all([this.version, placeOf(args, name), directives])
        .apply(([version, place, options]) =>
          render("sentinel.conf.hbs", {
            name,
            lines: sentinelLines({ ...args, ...place, directives: options }, version),
          }),
        ),
      "masters.conf": pulumi
        .all([masters, directives])
        .apply(
          ([watched, options]) =>
            watched.flatMap((master) => masterLines(master, options)).join("\n") + "\n",
        ),
    });
    this.revision = pulumi
      .all([facts, files])
      .apply(([{ instance }, contents]) => `${instance} ${digest(contents)}`);
    args.host.keepProcess(
      resourceName,
      name,
      { port: args.port, stopSeconds: timeouts.stopSeconds, memoryBytes, files },
      facts,
      {
        parent: this,
        dependsOn: [opts?.dependsOn ?? []].flat() as pulumi.Resource[],
      },
    );
    this.registerOutputs({
      version: this.version.label,
      args: given(rest, args.host.deployment.preflight),
    });
  }
}

/** @returns the lines of settings.conf, in the words of that server version. */
export function sentinelLines(
  args: Pick<SentinelArgs, "port"> & { host: Host } & {
    directives?: Record<string, string>;
  } & ServerPlace,
  version: ServerVersion,
): string[] {
  const has = featuresOf(version);
  return [
    `bind ${args.bind}`,
    `port ${args.port}`,
    `dir ${quoteDirective(args.directory)}`,
    `logfile ${quoteDirective(args.logFile)}`,
    ...(has.hostNames ? ["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"] : []),
    `sentinel announce-ip ${has.hostNames ? args.host.hostName : args.address}`,
    `sentinel announce-port ${args.port}`,
    ...sentinelDirectiveLines(args.directives ?? {}),
  ];
}

/** @returns the lines of masters.conf for one master. */
export function masterLines(
  master: pulumi.Unwrap<MonitoredMasterArgs>,
  directives: Record<string, string>,
): string[] {
  return [
    `sentinel down-after-milliseconds ${master.name} ${master.downAfterMilliseconds}`,
    `sentinel parallel-syncs ${master.name} ${master.parallelSyncs}`,
    `sentinel failover-timeout ${master.name} ${master.failoverTimeoutMilliseconds}`,
    ...sentinelDirectiveLines(directives, master.name),
  ];
}
