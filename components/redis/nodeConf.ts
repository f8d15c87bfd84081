import type * as pulumi from "@pulumi/pulumi";
import { isLoopback } from "../../hosts/address.ts";
import type { Host } from "../../hosts/host.ts";
import type { RedisArgs } from "./args.ts";
import { directiveLines } from "./directives.ts";
import type { Persistence } from "./lifecycleParameters.ts";
import { placeLines, type ServerPlace, unquoteDirective } from "./serverConf.ts";
import { featuresOf, type ServerVersion } from "./version.ts";

/** What is in a node's settings.conf, all of it known. */
export interface NodeSettings
  extends
    ServerPlace,
    pulumi.Unwrap<
      Pick<
        RedisArgs,
        "appendOnly" | "minReplicasToWrite" | "minReplicasMaxLagSeconds" | "directives"
      >
    > {
  host: Pick<Host, "hostName">;
  port: number;
}

/** @returns the lines of settings.conf, in the words of that server version. */
export function nodeLines(args: NodeSettings, version: ServerVersion): string[] {
  const has = featuresOf(version);
  const replica = has.replicaWords ? "replica" : "slave";
  const min = has.replicaWords ? "min-replicas" : "min-slaves";
  return [
    `bind ${args.bind}`,
    // It would refuse everybody who is not on the same machine: replicas, sentinels and clients.
    ...(has.protectedMode && !(args.bind === args.host.hostName && isLoopback(args.address))
      ? ["protected-mode no"]
      : []),
    ...placeLines(args.port, args),
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
