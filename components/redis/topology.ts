import type * as pulumi from "@pulumi/pulumi";
import { isHostName, reservedNames } from "../../hosts/names.ts";
import { notAllowed, type Problem } from "../../errors.ts";
import { type FieldsOf, valueProblems } from "../../fields.ts";
import { type Directives, directiveProblems } from "./directives.ts";

/** A node or a sentinel: its name and where it listens. */
export interface Member {
  /** By which it is known, and stays so. */
  name: string;
  /** The network name of its host. */
  host: string;
  /** TCP port. */
  port: number;
}

/** What the sentinels watch, and how; the numbers are Sentinel's own. */
export interface Topology {
  masterName: string;
  /** Name of the node that is the master when everything is created; later the sentinels decide. */
  initialMaster: string;
  nodes: Member[];
  sentinels: Member[];
  /** How many sentinels have to agree that the master is down. */
  quorum: number;
  downAfterMilliseconds: number;
  parallelSyncs: number;
  failoverTimeoutMilliseconds: number;
}

/** The topology of Zato's guide "Redis HA with sentinels". */
export const seed = {
  masterName: "redis-ha",
  nodes: { node1: "redis1:16300", node2: "redis2:26300", node3: "redis3:36300" },
  sentinels: { sentinel1: "redis1:16355", sentinel2: "redis2:26355", sentinel3: "redis3:36355" },
};

/** What of a topology can be set; see {@link seed} for the defaults. */
export interface TopologyArgs {
  /**
   * Node name to `HOST:PORT`, at least two; a node is known by its name, which stays.
   * @default the three of Zato's guide
   */
  nodes?: Record<string, string>;
  /** Sentinel name to `HOST:PORT`, an odd number. @default the three of Zato's guide */
  sentinels?: Record<string, string>;
  /** Name under which the sentinels know the master: what clients ask for. @default "redis-ha" */
  masterName?: string;
  /** Name of the node that is the master at first. @default the first node */
  initialMaster?: string;
  /** How the sentinels watch. */
  sentinel?: SentinelsArgs;
}

/** What all sentinels have in common; the numbers are Sentinel's own. */
export interface SentinelsArgs {
  /**
   * Sentinels that have to agree that the master is down: a majority.
   * @default the smallest majority
   */
  quorum?: pulumi.Input<number>;
  /** Silence in ms after which a sentinel takes a server for down. @default 10000 */
  downAfterMilliseconds?: pulumi.Input<number>;
  /** Replicas that synchronise with a new master at a time. @default 1 */
  parallelSyncs?: pulumi.Input<number>;
  /**
   * Time in ms that a failover may take, and half of the least time between two.
   * @default 180000
   */
  failoverTimeoutMilliseconds?: pulumi.Input<number>;
  /**
   * Further options, such as `notification-script`, `deny-scripts-reconfig` or `loglevel`: option
   * to its value.
   * @default none
   */
  directives?: Directives;
}

export const sentinelFields = {
  quorum: { kind: "number", input: true },
  downAfterMilliseconds: { kind: "number", input: true, default: 10_000, range: [1, 86_400_000] },
  parallelSyncs: { kind: "number", input: true, default: 1, range: [1, 1000] },
  failoverTimeoutMilliseconds: {
    kind: "number",
    input: true,
    default: 180_000,
    range: [1, 86_400_000],
  },
  directives: { kind: "words", input: true },
} as const satisfies FieldsOf<SentinelsArgs>;

/**
 * @returns the topology and everything that is wrong with it; the topology is of use only if
 * nothing is.
 */
export function resolveTopology(args: pulumi.Unwrap<TopologyArgs>): {
  topology: Topology;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const nodes = members("nodes", args.nodes ?? seed.nodes, problems);
  const sentinels = members("sentinels", args.sentinels ?? seed.sentinels, problems);
  const { sentinel = {} } = args;
  const majority = Math.floor(sentinels.length / 2) + 1;
  const topology: Topology = {
    masterName: args.masterName ?? seed.masterName,
    initialMaster: args.initialMaster ?? nodes[0]?.name ?? "",
    nodes,
    sentinels,
    quorum: sentinel.quorum ?? majority,
    downAfterMilliseconds:
      sentinel.downAfterMilliseconds ?? sentinelFields.downAfterMilliseconds.default,
    parallelSyncs: sentinel.parallelSyncs ?? sentinelFields.parallelSyncs.default,
    failoverTimeoutMilliseconds:
      sentinel.failoverTimeoutMilliseconds ?? sentinelFields.failoverTimeoutMilliseconds.default,
  };
  const refuse = (propertyPath: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(propertyPath, value, allowed));

  if (nodes.length < 2) refuse("nodes", args.nodes, "at least two nodes, or nobody can take over");
  if (sentinels.length % 2 === 0) {
    refuse(
      "sentinels",
      args.sentinels,
      `an odd number of sentinels; ${sentinels.length} tolerate no more failures than ${sentinels.length - 1}`,
    );
  } else if (
    !Number.isInteger(topology.quorum) ||
    topology.quorum < majority ||
    topology.quorum > sentinels.length
  ) {
    refuse(
      "sentinel.quorum",
      topology.quorum,
      `a majority of the ${sentinels.length} sentinels, ${majority} to ${sentinels.length}`,
    );
  }
  const all = [...nodes, ...sentinels];
  for (const [index, member] of all.entries()) {
    const earlier = all.slice(0, index);
    const list = index < nodes.length ? "nodes" : "sentinels";
    const sameName = earlier.find(({ name }) => name.toLowerCase() === member.name.toLowerCase());
    if (sameName)
      refuse(`${list}.${member.name}`, member.name, "a name that no other node or sentinel has");
    const samePlace = earlier.find(
      ({ host, port }) => host.toLowerCase() === member.host.toLowerCase() && port === member.port,
    );
    if (samePlace)
      refuse(
        `${list}.${member.name}`,
        `${member.host}:${member.port}`,
        `a host and port of its own; ${samePlace.name} has this one`,
      );
  }
  if (!nodes.some(({ name }) => name === topology.initialMaster)) {
    refuse(
      "initialMaster",
      topology.initialMaster,
      `one of the nodes: ${nodes.map(({ name }) => name).join(", ")}`,
    );
  }
  problems.push(...masterNameProblems(topology.masterName));
  const { directives, ...numbers } = sentinel;
  problems.push(
    ...valueProblems(numbers, sentinelFields, "sentinel"),
    ...directiveProblems("sentinel", directives ?? {}),
  );
  return { topology, problems };
}

/**
 * What Zato's parser makes of the value decides: no literal of Python, nothing that ends a list or
 * an option.
 */
function masterNameRule(name: string): string | undefined {
  const allowed =
    "a letter, then letters, digits, '.', '_' or '-', 64 at most, and no word that Python reads as a value (True, False, None, inf, nan …)";
  if (!/^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(name)) return allowed;
  return /^(true|false|none|inf|infinity|nan)$/i.test(name) ? allowed : undefined;
}

/** @returns what is wrong with the name under which sentinels and Zato know a master. */
export function masterNameProblems(name: string): Problem[] {
  const rule = masterNameRule(name);
  return rule === undefined ? [] : [notAllowed("masterName", name, rule)];
}

export function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
}

const memberName = /^[a-z][a-z0-9-]{0,62}$/;

function members(list: "nodes" | "sentinels", entries: unknown, problems: Problem[]): Member[] {
  if (typeof entries !== "object" || entries === null || Array.isArray(entries)) {
    problems.push(
      notAllowed(list, entries, `names with HOST:PORT each, such as ${JSON.stringify(seed[list])}`),
    );
    return [];
  }
  return Object.entries(entries)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([name, place]) => {
      const refuse = (value: unknown, allowed: string) =>
        problems.push(notAllowed(`${list}.${name}`, value, allowed));
      if (!memberName.test(name))
        refuse(name, "as a name, a lower-case letter, then letters, digits or '-', 63 at most");
      else if (reservedNames.includes(name))
        refuse(name, `another name: the stack's own files have ${reservedNames.join(", ")}`);
      const [, host = "", digits = ""] =
        /^(.*):([^:]*)$/.exec(typeof place === "string" ? place : "") ?? [];
      const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : Number.NaN;
      if (!host) refuse(place, "HOST:PORT, such as redis1:16300");
      else if (!isHostName(host))
        refuse(
          place,
          "as the host, a name of letters, digits, '-', '_' and '.', and no address: addresses belong into `hosts`",
        );
      if (host && !isPort(port)) refuse(place, "a port from 1 to 65535");
      return { name, host, port };
    });
}
