import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { inputError } from "../errors.ts";
import { quoted, shown } from "../hosts/foreignText.ts";
import type { ProcessFacts } from "../hosts/host.ts";
import { servers } from "../hosts/ssh/args.ts";
import type { Member } from "./redis/topology.ts";
import {
  atLeast,
  oldestSupported,
  parseServerVersion,
  type ServerVersion,
} from "./redis/version.ts";

/** @returns the programs to look for. */
export function serversOf(
  server: pulumi.Input<string> | undefined,
): pulumi.Output<readonly string[]> {
  return pulumi.output(server).apply((one) => (one ? [one] : servers));
}

/**
 * @returns the client program that comes with a server program: beside it if it was named with a
 * path.
 */
export function clientOf(server: string): string {
  const client = basename(server).replace(/server/, "cli");
  const fallback = client === basename(server) ? "redis-cli" : client;
  return server.includes("/") ? join(dirname(server), fallback) : fallback;
}

/**
 * What the machine has, checked.
 *
 * @throws InputError where there is no such program, it is older than 2.8.4, or the process would
 * have to move.
 */
export function checkedVersion(
  list: "nodes" | "sentinels",
  member: Member,
  configured: pulumi.Input<string> | undefined,
  facts: pulumi.Output<ProcessFacts>,
): pulumi.Output<ServerVersion> {
  return pulumi
    .all([facts, configured])
    .apply(([{ server, version: line, endpoint, program }, named]) => {
      const version = parseServerVersion(line);
      const wanted = `a redis-server of at least ${oldestSupported.join(".")} or a valkey-server on ${member.host}`;
      if (!version) {
        throw inputError({
          propertyPath: "redis.serverBinary",
          reason: `${quoted(named ?? server)} is not allowed: ${wanted}; trying it said: ${shown(line, 200) || "nothing"}`,
        });
      }
      if (!atLeast(version, oldestSupported)) {
        throw inputError({
          propertyPath: "redis.serverBinary",
          reason: `${quoted(server)} is ${version.label}: allowed is ${wanted}`,
        });
      }
      if (endpoint && endpoint.replace(/:\d+$/, "") !== member.host) {
        throw inputError({
          propertyPath: `${list}.${member.name}`,
          reason: `"${member.host}:${member.port}" is not allowed: it runs at ${endpoint}, and another name for the host of what runs is not supported yet; keep ${endpoint}, or destroy the stack first`,
        });
      }
      if (endpoint && endpoint !== `${member.host}:${member.port}`)
        void pulumi.log.info(`${member.name}: ${shown(endpoint, 100)} → port ${member.port}`);
      if (program && program !== version.program)
        void pulumi.log.info(`${member.name}: ${shown(program, 100)} → ${version.program}`);
      return version;
    });
}
