import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ProcessFacts } from "../hosts/host.ts";
import { quoted, shown } from "../hosts/foreignText.ts";
import { inputError } from "./inputError.ts";
import { atLeast, oldestSupported, parseServerVersion, type ServerVersion } from "./serverVersion.ts";
import type { Member } from "./topology.ts";

/** Programs to look for where none is set. */
export const servers = ["redis-server", "valkey-server"];

/** @returns the client program that comes with a server program: beside it if it was named with a path. */
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
 * @throws InputError where there is no such program, it is older than 2.8.4, or the process would have to move.
 */
export function checkedVersion(
  list: "nodes" | "sentinels",
  member: Member,
  configured: string | undefined,
  facts: pulumi.Output<ProcessFacts>,
): pulumi.Output<ServerVersion> {
  return facts.apply(({ server, version: line, endpoint }) => {
    const version = parseServerVersion(line);
    const wanted = `a redis-server of at least ${oldestSupported.join(".")} or a valkey-server on ${member.host}`;
    if (!version) {
      throw inputError({
        propertyPath: "serverBinary",
        reason: `${quoted(configured ?? server)} is not allowed: ${wanted}; trying it said: ${shown(line, 200) || "nothing"}`,
      });
    }
    if (!atLeast(version, oldestSupported)) {
      throw inputError({ propertyPath: "serverBinary", reason: `${quoted(server)} is ${version.label}: allowed is ${wanted}` });
    }
    if (endpoint && endpoint !== `${member.host}:${member.port}`) {
      throw inputError({
        propertyPath: `${list}.${member.name}`,
        reason: `"${member.host}:${member.port}" is not allowed: it runs at ${endpoint}, and moving a running process is not supported yet; keep ${endpoint}, or destroy the stack first`,
      });
    }
    return version;
  });
}
