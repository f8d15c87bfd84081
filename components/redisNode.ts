import * as pulumi from "@pulumi/pulumi";
import { isLoopback } from "../hosts/address.ts";
import type { Host } from "../hosts/host.ts";
import { checkNames } from "../hosts/names.ts";
import { knownNow } from "../hosts/sdk.ts";
import { render } from "../templates/render.ts";
import { requireAskedFor } from "./exposure.ts";
import { given } from "./given.ts";
import { hostFrom, type HostSection } from "./hostSection.ts";
import { refuseAny } from "../errors.ts";
import { type RedisArgs, type TimeoutsArgs, timeoutsOf } from "./redis/args.ts";
import {
  lifecycleParameters,
  type Located,
  type Persistence,
} from "./redis/lifecycleParameters.ts";
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
import { directiveLines, directiveProblems } from "./redis/directives.ts";

/** Arguments of {@link RedisNode}. */
export interface RedisNodeArgs extends RedisArgs {
  /** Its name in `nodes`. @default the resource's name */
  nodeName?: string;
  /** The machine it runs on: a host, or what is known of one that it has for itself. */
  host: Host | HostSection;
  /** TCP port. */
  port: number;
  /**
   * All nodes of the same master, this one among them, with the addresses under which this host
   * reaches them.
   */
  nodes: Located[];
  /** The sentinels that watch the master. */
  sentinels: Located[];
  /** Name of the master, as the sentinels know it. */
  masterName: string;
  /** Name of the node that is the master when everything is created. */
  initialMaster: string;
  /**
   * Silence in ms after which the sentinels take it for down: a blocked server is let be for at
   * least as long. @default 10000
   */
  downAfterMilliseconds?: pulumi.Input<number>;
  /**
   * What it listens on, as in redis.conf. @default what is right for the host: its name, in a
   * container every address
   */
  bind?: string;
  /**
   * Listen where others than the machine itself reach it, although there are no passwords yet.
   * @default false
   */
  openWithoutPasswords?: boolean;
  /** How long it may take. */
  timeouts?: TimeoutsArgs;
}

/** One Redis server: its settings are the stack's, its role is Sentinel's. */
export class RedisNode extends pulumi.ComponentResource {
  /** Which server it runs. */
  readonly version: pulumi.Output<ServerVersion>;
  /** What this server version lacks, for the operator to read. */
  readonly limitations: pulumi.Output<string[]>;
  /** Changes whenever the process does: its settings, or by being started or repaired. */
  readonly revision: pulumi.Output<string>;

  constructor(
    resourceName: string,
    { host, ...rest }: RedisNodeArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("redis-ha:index:RedisNode", resourceName, {}, opts);
    refuseAny(directiveProblems("redis", knownNow(rest.directives ?? {})), resourceName);

    const name = rest.nodeName ?? resourceName;
    checkNames({ name: resourceName, nodeName: name });
    const args = { ...rest, host: hostFrom(host, resourceName, this, opts?.dependsOn) };
    requireAskedFor(args.host, args.bind, args.openWithoutPasswords);
    const { appendOnly, minReplicasMaxLagSeconds, downAfterMilliseconds } = args;
    const minReplicasToWrite = args.minReplicasToWrite ?? (args.nodes.length > 2 ? 1 : 0);
    const values = pulumi.output({
      appendOnly,
      minReplicasToWrite,
      minReplicasMaxLagSeconds,
      downAfterMilliseconds,
    });
    const directives = checkedDirectives(args.host, "redis", args.directives);
    const self = { name, host: args.host.hostName, port: args.port, address: args.host.ownAddress };
    const facts = args.host.look(name, serversOf(args.serverBinary));
    this.version = checkedVersion("nodes", self, args.serverBinary, facts);
    this.limitations = this.version.apply(limitationsOf);
    args.host.deployment.preflight.requireBeforeChanges(this.version);

    const timeouts = timeoutsOf(args.timeouts);
    const files = pulumi.output({
      parameters: pulumi
        .all([this.version, facts, values, directives, args.cliBinary])
        .apply(([version, { server }, known, wanted, cli]) =>
          lifecycleParameters(
            {
              ...args,
              ...known,
              timeouts,
              kind: "node",
              self,
              server,
              cli: cli ?? clientOf(server),
              program: version.program,
              persistence: persistenceOf(wanted, known.appendOnly),
              minReplicas: known.minReplicasToWrite,
            },
            featuresOf(version),
          ),
        ),
      "settings.conf": pulumi
        .all([this.version, placeOf(args, name), values, directives])
        .apply(([version, place, known, wanted]) =>
          render("node.conf.hbs", {
            name,
            lines: nodeLines({ ...args, ...known, ...place, directives: wanted }, version),
          }),
        ),
    });
    this.revision = pulumi
      .all([facts, files])
      .apply(([{ instance }, contents]) => `${instance} ${digest(contents)}`);
    args.host.keepProcess(
      resourceName,
      name,
      {
        port: args.port,
        stopSeconds: timeouts.stopSeconds,
        files,
        memoryBytes: directives.apply(({ maxmemory }) => memoryFor(maxmemory)),
      },
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
export function nodeLines(
  args: Pick<RedisNodeArgs, "port"> & { host: Host } & pulumi.Unwrap<
      Pick<
        RedisNodeArgs,
        "appendOnly" | "minReplicasToWrite" | "minReplicasMaxLagSeconds" | "directives"
      >
    > &
    ServerPlace,
  version: ServerVersion,
): string[] {
  const has = featuresOf(version);
  const replica = has.replicaWords ? "replica" : "slave";
  const min = has.replicaWords ? "min-replicas" : "min-slaves";
  return [
    `bind ${args.bind}`,
    // It would refuse everybody who is not on the same machine: replicas, sentinels and clients.
    ...(has.protectedMode && !(args.bind === args.host.hostName && isLoopback(args.address))
      ? ["protected-mode no"]
      : []),
    `port ${args.port}`,
    `dir ${quoteDirective(args.directory)}`,
    `logfile ${quoteDirective(args.logFile)}`,
    `appendonly ${(args.appendOnly ?? true) ? "yes" : "no"}`,
    `${min}-to-write ${args.minReplicasToWrite ?? 0}`,
    `${min}-max-lag ${args.minReplicasMaxLagSeconds ?? 10}`,
    // Waiting for more replicas to share a transfer costs each of the few that there are five
    // seconds.
    ...(has.disklessSync ? ["repl-diskless-sync-delay 0"] : []),
    ...(has.announce
      ? [
          `${replica}-announce-ip ${has.hostNames ? args.host.hostName : args.address}`,
          `${replica}-announce-port ${args.port}`,
        ]
      : []),
    ...directiveLines(args.directives ?? {}),
  ];
}

/** @returns `text` as one word of redis.conf. */
export function quoteDirective(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/**
 * Memory in bytes for a node with that `maxmemory`: twice as much, because a fork that writes a
 * snapshot may copy all of it, and 64 MiB for buffers and the rest; none where it is not limited.
 */
export function memoryFor(maxmemory: string | undefined): number | undefined {
  const [, digits, unit = ""] = /^\s*"?(\d+)([kmg]?b?)"?\s*$/i.exec(maxmemory ?? "") ?? [];
  const bytes = Number(digits ?? 0) * (units[unit.toLowerCase()] ?? 1);
  return bytes > 0 ? 2 * bytes + 64 * 2 ** 20 : undefined;
}

/** As in redis.conf. */
const units: Record<string, number> = {
  k: 1e3,
  kb: 2 ** 10,
  m: 1e6,
  mb: 2 ** 20,
  g: 1e9,
  gb: 2 ** 30,
};

/** What a node with these directives keeps its data in; the names' defaults are the servers'. */
export function persistenceOf(directives: Record<string, string>, appendOnly = true): Persistence {
  const nameOf = (directive: string, otherwise: string) =>
    unquoteDirective(directives[directive] ?? otherwise);
  return {
    appendOnly,
    snapshot: nameOf("dbfilename", "dump.rdb"),
    appendFile: nameOf("appendfilename", "appendonly.aof"),
    appendDirectory: nameOf("appenddirname", "appendonlydir"),
  };
}

/** @returns the text that one word of redis.conf stands for. */
function unquoteDirective(word: string): string {
  const [, double, single] = /^\s*(?:"(.*)"|'(.*)')\s*$/.exec(word) ?? [];
  return double?.replaceAll(/\\(.)/g, "$1") ?? single?.replaceAll("\\'", "'") ?? word.trim();
}
