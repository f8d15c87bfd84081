import type * as pulumi from "@pulumi/pulumi";
import { isLoopback } from "../../hosts/address.ts";
import type { Host } from "../../hosts/host.ts";
import { render } from "../../templates/render.ts";
import type { RedisArgs } from "./args.ts";
import { directiveLines } from "./directives.ts";
import type { Persistence } from "./lifecycleParameters.ts";
import { placeValues, type ServerPlace } from "./serverConf.ts";
import { featuresOf, type ServerVersion } from "./version.ts";
import { wordOf } from "./words.ts";

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
}

/** @returns a node's settings.conf, in the words of that server version. */
export function nodeConf(args: NodeSettings, version: ServerVersion): string {
  const has = featuresOf(version);
  return render("node.conf.hbs", {
    ...placeValues(args),
    openToOthers:
      has.protectedMode && !(args.bind === args.host.hostName && isLoopback(args.address)),
    appendOnly: (args.appendOnly ?? true) ? "yes" : "no",
    min: has.replicaWords ? "min-replicas" : "min-slaves",
    minReplicasToWrite: args.minReplicasToWrite ?? 0,
    minReplicasMaxLagSeconds: args.minReplicasMaxLagSeconds ?? 10,
    disklessSync: has.disklessSync,
    replica: has.replicaWords ? "replica" : "slave",
    announce: has.announce && (has.hostNames ? args.host.hostName : args.address),
    directives: directiveLines(args.directives ?? {}),
  });
}

/**
 * Memory in bytes for a node with that `maxmemory`: twice as much, because a fork that writes a
 * snapshot may copy all of it, and 64 MiB for buffers and the rest; none where it is not limited.
 */
export function memoryFor(maxmemory: string | undefined): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([kmg]?b?)$/i.exec(wordOf(maxmemory ?? "")) ?? [];
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
    wordOf(directives[directive] ?? otherwise);
  return {
    appendOnly,
    snapshot: nameOf("dbfilename", "dump.rdb"),
    appendFile: nameOf("appendfilename", "appendonly.aof"),
    appendDirectory: nameOf("appenddirname", "appendonlydir"),
  };
}
