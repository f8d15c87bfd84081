import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host.ts";
import { sentinelDirectiveLines } from "./directives.ts";
import { placeLines, type ServerPlace } from "./serverConf.ts";
import { featuresOf, type ServerVersion } from "./version.ts";

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

/** What is in a sentinel's settings.conf, all of it known. */
export interface SentinelSettings extends ServerPlace {
  host: Pick<Host, "hostName">;
  port: number;
  directives?: Record<string, string>;
}

/** @returns the lines of settings.conf, in the words of that server version. */
export function sentinelLines(args: SentinelSettings, version: ServerVersion): string[] {
  const has = featuresOf(version);
  return [
    `bind ${args.bind}`,
    ...placeLines(args.port, args),
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
