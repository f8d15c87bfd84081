import type { Redis } from "ioredis";
import { messageOf } from "../cli/program.ts";
import type { Endpoint, StackOutputs } from "../cli/stack/outputs.ts";
import { ask } from "./connection.ts";
import { commaFields, type Fields, infoFields, listFields, numberOf } from "./replies.ts";
import type { Answer, Known, NodeFacts, SentinelFacts, Topology } from "./topology.ts";

/** Asks every node and every sentinel at once. Never writes, never fails: who does not answer is in the result as silent. */
export async function readTopology({ stack, masterName, limitations, nodes, sentinels }: StackOutputs): Promise<Topology> {
  const [nodeViews, sentinelViews] = await Promise.all([
    Promise.all(nodes.map(async (node) => ({ ...node, ...(await answerOf(node, askNode)) }))),
    Promise.all(sentinels.map(async (each) => ({ ...each, ...(await answerOf(each, (redis) => askSentinel(redis, masterName))) }))),
  ]);
  return { stack, masterName, limitations, nodes: nodeViews, sentinels: sentinelViews };
}

async function answerOf<Facts>(endpoint: Endpoint, questions: (redis: Redis) => Promise<Facts>): Promise<Answer<Facts>> {
  try {
    return { facts: await ask(endpoint, questions) };
  } catch (error) {
    return { silence: messageOf(error) };
  }
}

async function askNode(redis: Redis): Promise<NodeFacts> {
  const [info, wanted, priority] = await Promise.all([redis.info(), setting(redis, "min-*-to-write"), setting(redis, "*-priority")]);
  return nodeFacts(infoFields(info), Number(wanted ?? 0), priority === undefined ? undefined : Number(priority));
}

/** A server that loads, or whose CONFIG is renamed, does not say; that is nothing to complain about. */
async function setting(redis: Redis, pattern: string): Promise<string | undefined> {
  const reply = await redis.config("GET", pattern).catch(() => []);
  return [...listFields(reply).values()][0];
}

/** @param priority from the configuration: only a replica has it in INFO. */
export function nodeFacts(info: Fields, wanted: number, priority?: number): NodeFacts {
  const isMaster = info.get("role") === "master";
  return {
    role: isMaster ? "master" : "replica",
    server: serverOf(info),
    loading: info.get("loading") === "1",
    offset: numberOf(info, isMaster ? "master_repl_offset" : "slave_repl_offset"),
    priority: info.has("slave_priority") ? numberOf(info, "slave_priority") : priority,
    keys: valuesLike(info, /^db\d+$/).reduce((sum, text) => sum + numberOf(commaFields(text), "keys"), 0),
    ...(!isMaster && {
      link: {
        host: info.get("master_host") ?? "",
        port: numberOf(info, "master_port"),
        up: info.get("master_link_status") === "up",
        syncing: info.get("master_sync_in_progress") === "1",
      },
    }),
    replicas: valuesLike(info, /^slave\d+$/).map((text) => {
      const fields = commaFields(text);
      return { host: fields.get("ip") ?? "", port: numberOf(fields, "port"), lagSeconds: numberOf(fields, "lag") };
    }),
    wantedReplicas: wanted,
    goodReplicas: numberOf(info, "min_slaves_good_slaves"),
    diskTrouble: diskTrouble(info),
  };
}

function diskTrouble(info: Fields): string | undefined {
  if (info.get("aof_last_write_status") === "err") return "it could not write its append-only file";
  if (info.get("rdb_last_bgsave_status") === "err") return "its last background save failed";
  return undefined;
}

async function askSentinel(redis: Redis, masterName: string): Promise<SentinelFacts> {
  const sentinel = (...words: string[]): Promise<unknown> => redis.call("SENTINEL", ...words);
  const [info, master, replicas, peers, ckquorum] = await Promise.all([
    redis.info(),
    sentinel("MASTER", masterName),
    sentinel("SLAVES", masterName),
    sentinel("SENTINELS", masterName),
    sentinel("CKQUORUM", masterName).catch((error: unknown) => messageOf(error)),
  ]);
  return sentinelFacts(infoFields(info), listFields(master), known(replicas), known(peers), String(ckquorum));
}

export function sentinelFacts(info: Fields, master: Fields, replicas: Known[], peers: Known[], ckquorum: string): SentinelFacts {
  return {
    server: serverOf(info),
    ...knownFrom(master),
    epoch: numberOf(master, "config-epoch"),
    replicas,
    peers,
    replicaCount: numberOf(master, "num-slaves"),
    peerCount: numberOf(master, "num-other-sentinels"),
    quorum: numberOf(master, "quorum"),
    downAfterMilliseconds: numberOf(master, "down-after-milliseconds"),
    failoverTimeoutMilliseconds: numberOf(master, "failover-timeout"),
    parallelSyncs: numberOf(master, "parallel-syncs"),
    // Redis 2.8 does not know the command.
    ckquorum: /unknown sentinel subcommand/i.test(ckquorum) ? undefined : ckquorum,
    tilt: info.get("sentinel_tilt") === "1",
  };
}

function known(reply: unknown): Known[] {
  return Array.isArray(reply) ? reply.map((each) => knownFrom(listFields(each))) : [];
}

function knownFrom(fields: Fields): Known {
  return { host: fields.get("ip") ?? "", port: numberOf(fields, "port"), flags: (fields.get("flags") ?? "").split(",") };
}

function serverOf(info: Fields): string {
  const valkey = info.get("valkey_version");
  return valkey === undefined ? `Redis ${info.get("redis_version") ?? "of unknown version"}` : `Valkey ${valkey}`;
}

function valuesLike(fields: Fields, pattern: RegExp): string[] {
  return [...fields].filter(([name]) => pattern.test(name)).map(([, value]) => value);
}
