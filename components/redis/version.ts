/** A server's version as far as the configuration depends on it. */
export interface ServerVersion {
  /** As people call it: `Redis 7.0.15`, `Valkey 8.1.1`. */
  label: string;
  /** The Redis version whose configuration it understands: major, minor, patch. */
  level: readonly [number, number, number];
  /**
   * Which program it is, as a running server tells it of itself, too: `Redis 7.0.15, build
   * ae4d7c971a948f0`.
   */
  program: string;
}

type Level = ServerVersion["level"];

/** The oldest Redis with which the topology works, from Zato's guide. */
export const oldestSupported: Level = [2, 8, 4];

/**
 * @param firstLine first line of `redis-server --version` or `valkey-server --version`.
 * @returns undefined where the line is no version.
 */
export function parseServerVersion(firstLine: string): ServerVersion | undefined {
  const match = /^(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)/.exec(firstLine);
  if (!match) return undefined;
  const [, flavour, ...numbers] = match;
  const [major = 0, minor = 0, patch = 0] = numbers.map(Number);
  const label = `${flavour} ${numbers.join(".")}`;
  // A package that mends a fault often keeps the version.
  const [, build] = /\bbuild=([0-9a-f]+)/.exec(firstLine) ?? [];
  // Every Valkey understands what Redis 7.2 understood, which is what it reports as redis_version.
  return {
    label,
    program: build === undefined ? label : `${label}, build ${build}`,
    level: flavour === "Valkey" ? [7, 2, 4] : [major, minor, patch],
  };
}

/**
 * Whether one program is of an older line than another one (the second number counts, the third
 * does not): it may be unable to read what that has written or, what is worse, leave out what that
 * says to its replicas. The same as `older` in scripts/redis/program.sh.
 *
 * @param program as {@link ServerVersion} or a running server tells it: `Redis 7.0.15, build …`.
 * @returns false where one of the two is no version.
 */
export function isOlder(program: string, than: string): boolean {
  const [one, other] = [lineOf(program), lineOf(than)];
  if (!one || !other) return false;
  // Valkey came out of Redis 7.2, and up to 8 writes what that wrote.
  const like: Line["numbers"] = [7, 2];
  if (one.flavour === "Valkey" && other.flavour === "Redis") one.numbers = like;
  else if (one.flavour === "Redis" && other.flavour === "Valkey")
    other.numbers = other.numbers[0] < 9 ? like : [99, 0];
  const [[major, minor], [otherMajor, otherMinor]] = [one.numbers, other.numbers];
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}

interface Line {
  flavour: string;
  numbers: [major: number, minor: number];
}

function lineOf(program: string): Line | undefined {
  const [, flavour, major, minor] = /^(Redis|Valkey) (\d+)\.(\d+)(?:\.|,|$)/.exec(program) ?? [];
  return flavour === undefined ? undefined : { flavour, numbers: [Number(major), Number(minor)] };
}

/** @returns whether `version` is `level` or newer. */
export function atLeast(
  { level: [major, minor, patch] }: ServerVersion,
  [wantedMajor, wantedMinor, wantedPatch]: Level,
): boolean {
  if (major !== wantedMajor) return major > wantedMajor;
  if (minor !== wantedMinor) return minor > wantedMinor;
  return patch >= wantedPatch;
}

/** What a server version can do that the topology uses; sources are the servers' release notes. */
export interface Features {
  /** Host names instead of addresses in Sentinel's state and answers: Redis 6.2. */
  hostNames: boolean;
  /** `protected-mode`: Redis 3.2. */
  protectedMode: boolean;
  /** `replica-announce-ip` (`slave-announce-ip` before 5.0): Redis 3.2.2. */
  announce: boolean;
  /** `replica` instead of `slave` in settings and commands: Redis 5.0. */
  replicaWords: boolean;
  /** `CLIENT PAUSE ms WRITE`: Redis 6.2. */
  pauseWrite: boolean;
  /** Replication without a file on the master's disk: Redis 2.8.18. */
  disklessSync: boolean;
  /** `SENTINEL CKQUORUM`: Redis 3.0 (2.8.19 was tried and lacks it). */
  checkQuorum: boolean;
  /** The append-only file is several files in a directory, listed by a manifest: Redis 7.0. */
  multiPartAof: boolean;
}

export function featuresOf(version: ServerVersion): Features {
  return {
    hostNames: atLeast(version, [6, 2, 0]),
    protectedMode: atLeast(version, [3, 2, 0]),
    announce: atLeast(version, [3, 2, 2]),
    replicaWords: atLeast(version, [5, 0, 0]),
    pauseWrite: atLeast(version, [6, 2, 0]),
    disklessSync: atLeast(version, [2, 8, 18]),
    checkQuorum: atLeast(version, [3, 0, 0]),
    multiPartAof: atLeast(version, [7, 0, 0]),
  };
}

/** @returns a line for each thing that the operator has to do without on this version. */
export function limitationsOf(version: ServerVersion): string[] {
  const has = featuresOf(version);
  return [
    ...(has.hostNames ? [] : ["Sentinel answers with addresses, not host names (needs 6.2)"]),
    ...(has.pauseWrite
      ? []
      : [
          "writes are refused instead of delayed during a planned hand-over, for a second or two instead of hundredths of one (CLIENT PAUSE WRITE needs 6.2)",
        ]),
    ...(has.checkQuorum
      ? []
      : ["the quorum is counted, not asked for (SENTINEL CKQUORUM needs 3.0)"]),
  ].map((line) => `${version.label}: ${line}`);
}
