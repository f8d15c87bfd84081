import { notAllowed, type Problem } from "../../errors.ts";

// What each version of Zato reads, a row each. Where the facts were read, and what was run:
// docs/zato.md.

/** One of Zato's configuration files that say where Redis is. */
export type ZatoFile = "server" | "scheduler";

/** The stanza that says it. */
export const stanzas: Readonly<Record<ZatoFile, string>> = {
  server: "kvdb",
  scheduler: "broker",
};

/** What its environment variables begin with that override the stanza of server.conf. */
export const environmentPrefix = "Zato_Config_Server_server__conf_kvdb_";

interface Row {
  version: string;
  /**
   * By what a server.conf of it is told: lists of sections and of keys (`SECTION.KEY`), `!` before
   * what is not there; one list has to hold. The first row of which one holds is the version.
   */
  marks: readonly string[];
  /** Why nothing can be written for it. */
  refused?: string;
  /** Whether its client may have a time-out: with one that of 2.0 and 3.0 breaks. */
  timeout: boolean;
  /** Whether it connects only where host and port are filled, which it does not connect with. */
  host: boolean;
  /** Whether a scheduler.conf wants the same. */
  scheduler: boolean;
  /** Whether environment variables override server.conf. */
  environment: boolean;
}

const refusedRow = { timeout: false, host: false, scheduler: false, environment: false };

const rows: readonly Row[] = [
  {
    version: "4.1",
    marks: ["redis !kvdb"],
    refused:
      "It has [redis] in place of [kvdb] and never asks sentinels: it needs an address that follows the master. MasterEndpoint, which comes later, is to be that; until then put a proxy of your own in front of the nodes, into its [redis]",
    ...refusedRow,
  },
  {
    version: "1.1",
    marks: [
      "singleton !startup_services_first_worker",
      "hot_deploy.work_dir !main.work_dir !startup_services_first_worker",
    ],
    refused: "It, and what is older, knows no sentinels: upgrade it",
    ...refusedRow,
  },
  {
    version: "2.0",
    marks: ["singleton", "pubsub.move_to_target_queues_interval"],
    timeout: false,
    host: false,
    scheduler: false,
    environment: false,
  },
  {
    version: "3.0",
    marks: ["hot_deploy.work_dir !main.work_dir !hot_deploy.max_batch_size"],
    timeout: false,
    host: false,
    scheduler: true,
    environment: false,
  },
  {
    version: "3.1",
    marks: ["hot_deploy.work_dir !main.work_dir hot_deploy.max_batch_size"],
    timeout: true,
    host: false,
    scheduler: true,
    environment: false,
  },
  {
    version: "after 3.3 and before 4.1",
    marks: ["main hot_deploy !startup_services_first_worker"],
    refused:
      "It has no [startup_services_first_worker], and such builds ignore the sentinels in [kvdb]: look at zato --version. If it is 3.2 or 3.3 all the same, say so in zato.version",
    ...refusedRow,
  },
  ...["3.2", "3.3"].map((version) => ({
    version,
    marks: ["main hot_deploy startup_services_first_worker"],
    timeout: true,
    host: true,
    scheduler: false,
    environment: true,
  })),
];

/** The versions that a file can be written for. */
export const supportedVersions: readonly string[] = rows
  .filter(({ refused }) => refused === undefined)
  .map(({ version }) => version);

/** @returns what is allowed in place of that version, undefined where it is supported. */
export function refusalOf(version: string): string | undefined {
  if (supportedVersions.includes(version)) return undefined;
  const allowed = `one of ${supportedVersions.join(", ")}`;
  const why = rows.find((row) => row.version === version)?.refused;
  return why === undefined ? allowed : `${allowed}. ${why}`;
}

/** Versions that are written in the same way, as a file does not tell which of them it is of. */
export interface ZatoVersions extends Omit<Row, "version"> {
  /** `3.1`, or `3.2 or 3.3`. */
  name: string;
  versions: readonly string[];
}

/**
 * @param told the version, if somebody says it.
 * @returns all that a file may be of, in the order in which they are recognised.
 */
export function versionsOf(file: ZatoFile, told?: string): ZatoVersions[] {
  const read =
    file === "server"
      ? rows
      : rows
          .filter(({ version, scheduler }) => scheduler && [undefined, version].includes(told))
          // Nothing in it tells which version it is of.
          .map((row) => ({ ...row, marks: [stanzas.scheduler] }));
  const lists = new Set(read.map(({ marks }) => marks.join("; ")));
  return [...lists].map((list) => together(read.filter(({ marks }) => marks.join("; ") === list)));
}

/** What somebody has who does not tell a version, and whose files don't. */
export const newest = "3.3";

/** @returns those whose server.conf is written as that of a version that can be written for. */
export function versionsNamed(version = newest): ZatoVersions {
  return versionsOf("server").find(({ versions }) => versions.includes(version)) as ZatoVersions;
}

/** What all of them can read. */
function together(group: readonly Row[]): ZatoVersions {
  const [first] = group as [Row, ...Row[]];
  const versions = group.map(({ version }) => version);
  return {
    ...first,
    versions,
    name: versions.join(" or "),
    timeout: group.every(({ timeout }) => timeout),
    host: group.some(({ host }) => host),
    environment: group.every(({ environment }) => environment),
  };
}

/**
 * What Python reads as a value and not as a text: `host=None` is none to 3.2 and 3.3, which then do
 * not connect, and so is `host=0x0`.
 */
const number = String.raw`(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE]-?[0-9_]+)?)`;
const pythonValue = new RegExp(`^(True|False|None|${number}(-${number})?[jJ]?)$`);

/** @returns what is wrong with `HOST:PORT` of a node, as Zato reads it. */
export function zatoNodeProblems(path: string, place: string): Problem[] {
  return pythonValue.test(place.slice(0, place.lastIndexOf(":")))
    ? [
        notAllowed(
          path,
          place,
          "a host whose name Python does not read as a value (None, True, 1e5, 0x1f …), as Zato 3.2 and 3.3 do",
        ),
      ]
    : [];
}
