import * as pulumi from "@pulumi/pulumi";
import { assignments } from "../../hosts/shell.ts";
import { type Timeouts, timeoutsFields } from "./args.ts";
import type { Features } from "./version.ts";
import { type Member, sentinelFields } from "./topology.ts";

/** A member and the address that belongs to its host's name. */
export type Located = Member & {
  /** The address under which the component's host reaches it. */
  address: pulumi.Input<string>;
};

/** What a node keeps its data in; names are below its directory. */
export interface Persistence {
  /** Whether it is to have an append-only file. */
  appendOnly: boolean;
  /** The snapshot's file, `dbfilename`. */
  snapshot: string;
  /** `appendfilename`. */
  appendFile: string;
  /** `appenddirname`, from Redis 7 on. */
  appendDirectory: string;
}

/** What lifecycle.sh has to know of a process and of those around it. */
export interface LifecycleArgs {
  kind: "node" | "sentinel";
  self: Located;
  server: string;
  cli: string;
  /**
   * Which program `server` is now: one that runs another is restarted.
   * @default whichever runs will do
   */
  program?: string;
  timeouts: Timeouts;
  nodes: readonly Located[];
  sentinels: readonly Located[];
  masterName: string;
  initialMaster: string;
  /** For a node: what its data is kept in. */
  persistence?: Persistence;
  /** For a node: what `min-replicas-to-write` is when nothing is going on. */
  minReplicas?: number;
  /** For a node: silence in ms after which the sentinels take it for down. @default 10000 */
  downAfterMilliseconds?: number;
  /** For a sentinel: "NAME INITIAL-NODE QUORUM" for each master. */
  monitored?: readonly string[];
  /**
   * For a sentinel: replicas and sentinels that it is not to know any more, each `HOST:PORT` as it
   * lists them.
   */
  forget?: readonly string[];
  /** Whether it has users with passwords. @default false */
  auth?: boolean;
}

/**
 * @returns the file `parameters` of a process: shell assignments, read by lifecycle.sh and host.sh.
 */
export function lifecycleParameters(
  args: LifecycleArgs,
  features: Features,
): pulumi.Output<string> {
  const located = (members: readonly Located[]) =>
    pulumi.all(members.map((member) => pulumi.output(member)));
  return pulumi
    .all([pulumi.output(args.self), located(args.nodes), located(args.sentinels)])
    .apply(([self, nodes, sentinels]) => {
      const list = (members: typeof nodes) =>
        members.map(({ name, host, address, port }) => `${name} ${host} ${address} ${port}`);
      return assignments({
        kind: args.kind,
        name: self.name,
        host: self.host,
        address: self.address,
        port: self.port,
        server: args.server,
        cli: args.cli,
        program: args.program ?? "",
        master: args.masterName,
        initial: args.initialMaster,
        nodes: list(nodes),
        peers: list(nodes.filter(({ name }) => name !== self.name)),
        sentinels: list(sentinels),
        monitored: args.monitored ?? [],
        names: features.hostNames,
        replicaof: features.replicaWords ? "replicaof" : "slaveof",
        pause_write: features.pauseWrite,
        min_replicas: features.replicaWords ? "min-replicas-to-write" : "min-slaves-to-write",
        min_replicas_value: args.minReplicas ?? 0,
        check_quorum: features.checkQuorum,
        append_only: (args.persistence?.appendOnly ?? true) ? "yes" : "no",
        multi_part: features.multiPartAof,
        rdb_name: args.persistence?.snapshot ?? "",
        aof_name: args.persistence?.appendFile ?? "",
        aof_dir: args.persistence?.appendDirectory ?? "",
        forget: args.forget ?? [],
        down_after: args.downAfterMilliseconds ?? sentinelFields.downAfterMilliseconds.default,
        ask_limit: 2,
        ready_limit: args.timeouts.readySeconds,
        stop_limit: args.timeouts.stopSeconds,
        verify_limit: args.timeouts.verifySeconds,
        // What processes were given before there was such a setting stays as it is.
        ...(args.auth ? { auth: true } : {}),
        ...(args.timeouts.outageSeconds === timeoutsFields.outageSeconds.default
          ? {}
          : { outage_limit: args.timeouts.outageSeconds }),
      });
    });
}
