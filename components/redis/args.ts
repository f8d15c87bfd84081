import type * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../errors.ts";
import { type FieldsOf, unknownKey, valueProblems } from "../../fields.ts";
import { isPlainPath } from "../../hosts/names.ts";
import { type Directives, directiveProblems, priorityOf } from "./directives.ts";

/** The programs of the nodes and sentinels, and what the nodes keep. */
export interface RedisArgs {
  /**
   * The server program, 2.8.4 or newer, of nodes and sentinels: a name or an absolute path.
   * @default "redis-server", or "valkey-server" where there is only that
   */
  serverBinary?: pulumi.Input<string>;
  /** The client program. @default the one that belongs to `serverBinary` */
  cliBinary?: pulumi.Input<string>;
  /** Keep every acknowledged write in the append-only file. @default true */
  appendOnly?: pulumi.Input<boolean>;
  /**
   * Replicas that a master has to have to accept writes: bounds what a partition, or a client that
   * hangs with a stopped master, can lose.
   * @default 1 with three nodes or more; 0 with two, where the loss of one would end all writes
   */
  minReplicasToWrite?: pulumi.Input<number>;
  /** Seconds of silence after which a replica does not count for that. @default 10 */
  minReplicasMaxLagSeconds?: pulumi.Input<number>;
  /**
   * Further directives of redis.conf: name to what stands after it; a value of several lines is a
   * directive that repeats.
   * @default none
   */
  directives?: Directives;
}

/** The same for all nodes, and what single ones have instead. */
export interface RedisNodesArgs extends RedisArgs {
  /**
   * Further directives for single nodes: node name to what it has in place of, or besides, those of
   * all.
   * @default none
   */
  nodeDirectives?: Record<string, Directives>;
}

/** Seconds that the steps of a process may take. */
export interface TimeoutsArgs {
  /** From start to ready, longer while it loads or synchronises. @default 60 */
  readySeconds?: number;
  /** From the request to end to being killed. @default 60 */
  stopSeconds?: number;
  /** From the last start to a topology that is what it should be. @default 60 */
  verifySeconds?: number;
  /**
   * How long nodes that come back after an outage of all wait for the one that was the master; then
   * another one becomes it, the one that had most. @default 60
   */
  outageSeconds?: number;
}

const program = [
  (text: string) => isPlainPath(text) || /^[A-Za-z0-9._+][A-Za-z0-9._+-]*$/.test(text),
  "the name of a program on the PATH, or an absolute path",
] as const;

export const redisFields = {
  serverBinary: { kind: "text", input: true, rule: program },
  cliBinary: { kind: "text", input: true, rule: program },
  appendOnly: { kind: "switch", input: true, default: true },
  minReplicasToWrite: { kind: "number", input: true },
  minReplicasMaxLagSeconds: { kind: "number", input: true, default: 10, range: [1, 86_400] },
  directives: { kind: "words", input: true },
  nodeDirectives: { names: { kind: "words", input: true } },
} as const satisfies FieldsOf<RedisNodesArgs>;

const seconds = { kind: "number", default: 60, range: [1, 86_400] } as const;

export const timeoutsFields = {
  readySeconds: seconds,
  stopSeconds: seconds,
  verifySeconds: seconds,
  outageSeconds: seconds,
} as const satisfies FieldsOf<TimeoutsArgs>;

/** What {@link TimeoutsArgs} come to. */
export type Timeouts = Required<TimeoutsArgs>;

export function timeoutsOf(args: TimeoutsArgs = {}): Timeouts {
  return {
    readySeconds: args.readySeconds ?? timeoutsFields.readySeconds.default,
    stopSeconds: args.stopSeconds ?? timeoutsFields.stopSeconds.default,
    verifySeconds: args.verifySeconds ?? timeoutsFields.verifySeconds.default,
    outageSeconds: args.outageSeconds ?? timeoutsFields.outageSeconds.default,
  };
}

/**
 * @param nodes names of the nodes.
 * @returns what is wrong with what is known of the section.
 */
export function redisProblems(
  args: pulumi.Unwrap<RedisNodesArgs>,
  nodes: readonly string[],
  path = "redis",
): Problem[] {
  const { directives, nodeDirectives, ...values } = args;
  const most = nodes.length - 1;
  const fields = {
    ...redisFields,
    minReplicasToWrite: { kind: "number", range: [0, most] },
  } as const;
  const problems = [
    ...valueProblems(values, fields, path),
    ...directiveProblems("redis", directives ?? {}, `${path}.directives`),
  ];
  for (const [node, own] of Object.entries(nodeDirectives ?? {})) {
    problems.push(...directiveProblems("redis", own, `${path}.nodeDirectives.${node}`));
    if (!nodes.includes(node)) problems.push(unknownKey(`${path}.nodeDirectives`, node, nodes));
  }
  return problems;
}

/** The directives of one node. */
export function directivesOf<T>(
  {
    directives,
    nodeDirectives,
  }: { directives?: Record<string, T>; nodeDirectives?: Record<string, Record<string, T>> },
  node: string,
): Record<string, T> {
  return { ...directives, ...nodeDirectives?.[node] };
}

/** @returns the nodes that Sentinel may promote. */
export function promotable(
  redis: {
    directives?: Record<string, string>;
    nodeDirectives?: Record<string, Record<string, string>>;
  },
  nodes: readonly string[],
): string[] {
  return nodes.filter((node) => priorityOf(directivesOf(redis, node)) !== 0);
}
