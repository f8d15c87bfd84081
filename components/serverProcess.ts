import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ProcessFacts } from "../hosts/host.ts";
import { quoted, shown } from "../hosts/foreignText.ts";
import type { Host } from "../hosts/host.ts";
import { servers } from "../hosts/ssh/args.ts";
import { inputError } from "../errors.ts";
import { requireLater } from "./later.ts";
import { type Directives, directiveProblems } from "./redis/directives.ts";
import {
  atLeast,
  oldestSupported,
  parseServerVersion,
  type ServerVersion,
} from "./redis/version.ts";
import type { Member } from "./redis/topology.ts";

/** @returns the programs to look for. */
export function serversOf(
  server: pulumi.Input<string> | undefined,
): pulumi.Output<readonly string[]> {
  return pulumi.output(server).apply((one) => (one ? [one] : servers));
}

/** Where a server listens, and has its files. */
export interface ServerPlace {
  bind: string;
  /** What it tells others, if it can't tell names. */
  address: string;
  directory: string;
  logFile: string;
}

export function placeOf(
  { host, bind }: { host: Host; bind?: string },
  process: string,
): pulumi.Output<ServerPlace> {
  return pulumi.output({
    bind: bind ?? host.listensOn,
    address: host.announcedAddress,
    directory: host.directoryOf(process),
    logFile: host.logFileOf(process),
  });
}

/**
 * @returns the directives; nothing is touched where one that is known only later is not allowed.
 */
export function checkedDirectives(
  host: Host,
  server: "redis" | "sentinel",
  given: Directives = {},
): pulumi.Output<Record<string, string>> {
  requireLater(
    host.deployment.preflight,
    given,
    (values) => directiveProblems(server, values),
    `${server}.directives`,
  );
  return pulumi.output(given);
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

/** @returns a short text that changes with the contents of the files. */
export function digest(files: Record<string, string>): string {
  return createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
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
      if (endpoint && endpoint !== `${member.host}:${member.port}`) {
        throw inputError({
          propertyPath: `${list}.${member.name}`,
          reason: `"${member.host}:${member.port}" is not allowed: it runs at ${endpoint}, and moving a running process is not supported yet; keep ${endpoint}, or destroy the stack first`,
        });
      }
      if (program && program !== version.program)
        void pulumi.log.info(`${member.name}: ${shown(program, 100)} → ${version.program}`);
      return version;
    });
}
