import { assignments } from "../../hosts/shell.ts";
import type { Place } from "./args.ts";
import {
  environmentPrefix,
  newest,
  stanzas,
  type ZatoFile,
  type ZatoVersions,
  versionsOf,
} from "./versions.ts";

/** What Zato is to be told of a deployment. */
export interface Deployed {
  /** The sentinels, each `HOST:PORT`. */
  sentinels: readonly string[];
  masterName: string;
  /** `HOST:PORT` of a node. */
  node: string;
  socketTimeoutSeconds: number;
}

/**
 * The keys of a stanza in the form that all versions read. A single sentinel gets a comma, or
 * Zato reads a word instead of a list; host and port are not used for connecting, but without a
 * host 3.2 and 3.3 do not connect at all; without a time-out a hung master blocks Zato for good,
 * and with one the client of 2.0 and 3.0 breaks.
 */
export function kvdbValues(deployed: Deployed, versions: Pick<ZatoVersions, "timeout">) {
  const { sentinels, masterName, node, socketTimeoutSeconds } = deployed;
  return {
    host: node.slice(0, node.lastIndexOf(":")),
    port: node.slice(node.lastIndexOf(":") + 1),
    socket_timeout: versions.timeout ? String(socketTimeoutSeconds) : "",
    use_redis_sentinels: "True",
    redis_sentinels: sentinels.length === 1 ? `${sentinels[0]},` : sentinels.join(", "),
    redis_sentinels_master: masterName,
  };
}

/**
 * What is wanted in every version. The rest of what a server may have is kept. A new one refers to
 * a password that nobody gave, and these servers have none.
 */
export function wantedLines(deployed: Deployed): string[] {
  const { use_redis_sentinels, redis_sentinels, redis_sentinels_master } = kvdbValues(deployed, {
    timeout: false,
  });
  return [
    ...Object.entries({ use_redis_sentinels, redis_sentinels, redis_sentinels_master }).map(
      ([key, value]) => `${key}=${value}`,
    ),
    "password!=",
  ];
}

/**
 * What is wanted in each version that a file may be of, and by what that is told: the rows that
 * kvdb.sh reads.
 *
 * @param told the version, if somebody says it.
 * @param schedulersListed whether the scheduler's file is edited as well.
 */
export function versionLines(
  file: ZatoFile,
  deployed: Deployed,
  told: string | undefined,
  schedulersListed: boolean,
): string[] {
  const said = told === undefined ? "unmarked" : "told";
  return versionsOf(file, told).flatMap((each) => [
    `version ${each.name}`,
    ...each.marks.map((mark) => `mark ${mark}`),
    ...(each.versions.includes(told ?? newest) ? [said] : []),
    ...(each.refused === undefined
      ? rowLines(file, each, deployed, told, schedulersListed)
      : [`refuse ${each.refused}`]),
  ]);
}

function rowLines(
  file: ZatoFile,
  versions: ZatoVersions,
  deployed: Deployed,
  told: string | undefined,
  schedulersListed: boolean,
): string[] {
  const { host, port, socket_timeout: timeout } = kvdbValues(deployed, versions);
  const { name, scheduler } = versions;
  const lines = versions.host ? [`want host?=${host}`, `want port?=${port}`] : [];
  lines.push(versions.timeout ? `want socket_timeout?=${timeout}` : "want socket_timeout=");
  if (versions.environment) lines.push("environment");
  if (!versions.timeout)
    lines.push(
      `warn socket_timeout stays empty, as Zato ${name === "2.0" ? name : "3.0"} breaks with one: a master that hangs holds it until the connection ends`,
    );
  if (file === "scheduler") {
    if (told === undefined)
      lines.push(
        "warn nothing in the file tells Zato 3.0 from 3.1; it is written as both read it. Of 3.1, say so in zato.version: it can have a socket_timeout",
      );
    return lines;
  }
  if (scheduler && told === undefined)
    lines.push(
      `warn taken for a file of Zato ${name}. A server of 3.2 or 3.3 can have one that an older version made: then say so in zato.version, as these need other keys`,
    );
  if (scheduler && !schedulersListed)
    lines.push(
      "remind the scheduler of this version asks Redis as well, by [broker] of its scheduler.conf: list that in zato.schedulerConfs",
    );
  return lines;
}

/**
 * What kvdb.sh is told: first what it is an edit of, in the order that earlier versions have, or it
 * would be another one.
 *
 * @param listed whether any scheduler's file is edited as well.
 */
export function editSettings(
  place: Place,
  { path, store, owner }: { path: string; store: string; owner: string },
  deployed: Deployed,
  told: string | undefined,
  listed: boolean,
): string {
  const lines = (file: ZatoFile, too: boolean) => versionLines(file, deployed, told, too);
  const file = place === "schedulerConfs" ? "scheduler" : "server";
  const what: Record<string, string | string[]> =
    place === "environments"
      ? { ENVIRONMENT: path, STORE: store, OWNER: owner, SCHEDULERS: lines("scheduler", true) }
      : { FILE: path, STORE: store, STANZA: stanzas[file], OWNER: owner };
  return assignments({
    ...what,
    VERSIONS: lines(file, listed || place === "environments"),
    WANTED: wantedLines(deployed),
  });
}

/** The same as environment variables, for containers; none where no such version reads them. */
export function environmentOf(deployed: Deployed, versions: ZatoVersions): Record<string, string> {
  if (!versions.environment) return {};
  const values = { ...kvdbValues(deployed, versions), password: "" };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`${environmentPrefix}${key}`, value]),
  );
}
