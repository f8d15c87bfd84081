import type { BastionArgs, HostArgs } from "../hosts/host.ts";
import { isLater } from "../hosts/sdk.ts";
import { notAllowed, type Problem } from "../errors.ts";
import type { RedisHaArgs } from "./redisHa.ts";

type PlainKind = "text" | "number" | "switch" | "texts" | "map";

/** What a field may hold, an output of it, or of each of its texts, if it is an `input`; `map` is from names to anything. */
export type Kind = PlainKind | `${PlainKind} input`;

/** The fields of {@link RedisHaArgs}: with each new one, the type asks for a line here. */
export const redisHaFields = {
  nodes: "map",
  sentinels: "map",
  hosts: "map",
  masterName: "text",
  initialMaster: "text",
  quorum: "number input",
  downAfterMilliseconds: "number input",
  parallelSyncs: "number input",
  failoverTimeoutMilliseconds: "number input",
  directory: "text",
  openWithoutPasswords: "switch",
  forget: "texts input",
  adopt: "texts",
  serverBinary: "text input",
  cliBinary: "text input",
  image: "text input",
  containerUser: "text",
  keepVolumes: "switch",
  localUser: "text",
  serviceUser: "text",
  installRedis: "switch",
  redisVersion: "text",
  redisTarball: "text",
  kernelSettings: "texts",
  firewallClients: "texts input",
  bootTimeoutSeconds: "number",
  appendOnly: "switch input",
  minReplicasToWrite: "number input",
  minReplicasMaxLagSeconds: "number input",
  redisConf: "map",
  nodeConf: "map",
  sentinelConf: "map",
  hostsEntries: "switch",
  hostsFile: "text",
  zatoServerConfs: "texts input",
  zatoSocketTimeoutSeconds: "number input",
  readyTimeoutSeconds: "number",
  stopTimeoutSeconds: "number",
  verifyTimeoutSeconds: "number",
} as const satisfies Record<keyof RedisHaArgs, Kind>;

/** The fields of a bastion. */
const bastionFields = {
  address: "text input",
  sshPort: "number input",
  user: "text input",
  privateKey: "text input",
  privateKeyFile: "text input",
  hostKey: "text input",
} as const satisfies Record<keyof BastionArgs, Kind>;

/** The fields of one of `hosts`. */
const hostFields = {
  kind: "text",
  address: "text input",
  directory: "text",
  engine: "text input",
  certificates: "text input",
  image: "text input",
  sshAddress: "text input",
  sshPort: "number input",
  user: "text input",
  privateKey: "text input",
  privateKeyFile: "text input",
  hostKey: "text input",
  bastion: "map",
} as const satisfies Record<keyof HostArgs, Kind>;

/** Unknown fields, and fields that do not hold what they should. */
export interface ShapeProblems {
  unknown: Problem[];
  /** With any of these, nothing else can be checked. */
  wrong: Problem[];
}

/** @returns what is wrong with the form of the arguments, on every level. */
export function shapeProblems(args: unknown): ShapeProblems {
  const problems: ShapeProblems = { unknown: [], wrong: [] };
  checkObject(problems, "", args, redisHaFields);
  const { hosts, nodeConf } = (args ?? {}) as { hosts?: unknown; nodeConf?: unknown };
  for (const [host, each] of entriesOf(hosts)) {
    const path = `hosts.${host}`;
    checkObject(problems, path, each, hostFields);
    const bastion = (each as { bastion?: unknown } | null)?.bastion;
    if (bastion !== undefined && isMap(bastion)) checkObject(problems, `${path}.bastion`, bastion, bastionFields);
  }
  for (const [node, each] of entriesOf(nodeConf)) if (!isMap(each)) problems.wrong.push(notAllowed(`nodeConf.${node}`, each, kinds.map));
  return problems;
}

/** @returns the problem of a key that is none of `known`, with the nearest of them. */
export function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  const near = nearest(key, known);
  const meant = near === undefined ? [] : [`Did you mean ${near}?`];
  // A list that nobody reads is left out where the one that was meant is known.
  const any = known.length > 20 && near !== undefined ? [] : [`any of: ${known.join(", ")}`];
  return notAllowed(path, key, [...any, ...meant].join(". "));
}

/** @returns the one of `known` that `word` was probably meant to be. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((each) => ({ each, steps: distance(word.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, steps }) => steps <= Math.max(2, Math.min(word.length, each.length) / 3) && steps < word.length)
    .sort((a, b) => a.steps - b.steps);
  return best?.each;
}

/** Characters to add, remove, replace or swap with the next one to make `b` of `a`. */
function distance(a: string, b: string): number {
  // What is that long is no mistyped name.
  if (a.length > 100) return a.length;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const step = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(step, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

const kinds: Record<PlainKind, string> = {
  text: "a text",
  number: "a number",
  switch: "true or false",
  texts: "a list of texts",
  map: "an object, in YAML one `name: value` a line",
};

function checkObject(problems: ShapeProblems, path: string, value: unknown, fields: Readonly<Record<string, Kind>>): void {
  const known = Object.keys(fields);
  if (!isMap(value)) {
    problems.wrong.push(notAllowed(path || "args", value, `an object with any of: ${known.join(", ")}`));
    return;
  }
  for (const [field, each] of Object.entries(value)) {
    const at = path ? `${path}.${field}` : field;
    const kind = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (kind === undefined) problems.unknown.push(unknownKey(path || field, field, known));
    else if (each !== undefined && !isOf(kind, each)) problems.wrong.push(notAllowed(at, each, kinds[plainly(kind)]));
  }
}

function plainly(kind: Kind): PlainKind {
  return kind.replace(" input", "") as PlainKind;
}

function isOf(given: Kind, value: unknown): boolean {
  const kind = plainly(given);
  const isInput = kind !== given;
  if (isInput && isLater(value)) return kind !== "texts";
  if (kind === "text") return typeof value === "string";
  if (kind === "number") return typeof value === "number";
  if (kind === "switch") return typeof value === "boolean";
  if (kind === "texts") return Array.isArray(value) && value.every((each) => typeof each === "string" || (isInput && isLater(each)));
  return isMap(value);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown): [string, unknown][] {
  return isMap(value) ? Object.entries(value) : [];
}
