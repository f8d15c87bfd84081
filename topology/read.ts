import type { Redis } from "ioredis";
import { ask } from "./connection.ts";
import type { Endpoint } from "./endpoints.ts";
import { type NodeReplies, type Reply, type SentinelReplies, topologyOf } from "./facts.ts";
import type { Members, Topology } from "./topology.ts";

/**
 * Asks every node and every sentinel at once. Never writes, never fails: who does not answer is in
 * the result as silent.
 */
export async function readTopology(members: Members): Promise<Topology> {
  const [nodes, sentinels] = await Promise.all([
    Promise.all(members.nodes.map((node) => repliesOf(node, nodeQuestions))),
    Promise.all(
      members.sentinels.map((sentinel) =>
        repliesOf(sentinel, sentinelQuestions(members.masterName)),
      ),
    ),
  ]);
  return topologyOf(members, { nodes, sentinels });
}

type Questions<Name extends string> = Record<Name, string[]>;

const nodeQuestions: Questions<keyof NodeReplies> = {
  info: ["INFO"],
  // Before Redis 5 the names have "slave" in them.
  minReplicas: ["CONFIG", "GET", "min-*-to-write"],
  priority: ["CONFIG", "GET", "*-priority"],
};

const sentinelQuestions = (masterName: string): Questions<keyof SentinelReplies> => ({
  info: ["INFO"],
  address: ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName],
  master: ["SENTINEL", "MASTER", masterName],
  replicas: ["SENTINEL", "SLAVES", masterName],
  peers: ["SENTINEL", "SENTINELS", masterName],
  ckquorum: ["SENTINEL", "CKQUORUM", masterName],
});

/**
 * All of them at once; where there is no connection, or not all is said in time, that is the reply
 * to each.
 */
async function repliesOf<Name extends string>(
  endpoint: Endpoint,
  questions: Questions<Name>,
): Promise<Record<Name, Reply>> {
  const entries = Object.entries<string[]>(questions);
  const all = (replies: Reply[]) =>
    Object.fromEntries(entries.map(([name], index) => [name, replies[index]])) as Record<
      Name,
      Reply
    >;
  try {
    return all(
      await ask(endpoint, (redis) =>
        Promise.all(entries.map(([, words]) => replyTo(redis, words))),
      ),
    );
  } catch (error) {
    return all(entries.map(() => silence(error)));
  }
}

function replyTo(redis: Redis, [command = "", ...words]: string[]): Promise<Reply> {
  return redis.call(command, ...words).then((said) => ({ said }), silence);
}

function silence(error: unknown): Reply {
  return { silence: error instanceof Error ? error.message : String(error) };
}
