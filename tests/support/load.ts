import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Gaps } from "./gaps.ts";
import { type Cluster, eventually, sentinelClient } from "./cluster.ts";

export interface Written {
  acknowledged: string[];
  refused: number;
  /** The longest time in ms that a writer had between two of its own acknowledged writes. */
  gap: number;
}

/** Writes as clients of the sentinels do, until stopped. */
export function startWriters(
  cluster: Cluster,
  count = 4,
): { stop: () => Promise<Written>; more: () => Promise<void> } {
  let running = true;
  // A test that has failed does not stop them.
  const stopped = () => !running || !existsSync(cluster.root);
  const gaps = new Gaps(count);
  const written: Written = { acknowledged: [], refused: 0, gap: 0 };
  const writers = Array.from({ length: count }, async (_, writer) => {
    const client = sentinelClient(cluster);
    for (let index = 0; !stopped(); index++) {
      const key = `writer${writer}:${index}`;
      try {
        await client.set(key, index);
        written.acknowledged.push(key);
        gaps.acknowledged(writer);
      } catch {
        written.refused++;
        await sleep(10);
      }
    }
    client.disconnect();
  });
  return {
    more: async () => {
      const wanted = written.acknowledged.length + 100;
      await eventually("more writes", () => written.acknowledged.length >= wanted, 120_000);
    },
    stop: async () => {
      written.gap = gaps.longest();
      running = false;
      await Promise.all(writers);
      return written;
    },
  };
}

/** @returns those of the keys that a node does not have. */
export async function lost(cluster: Cluster, node: string, keys: string[]): Promise<string[]> {
  const client = new Redis({ host: "127.0.0.1", port: cluster.member(node).port });
  try {
    const values = await client.mget(keys);
    return keys.filter((_, index) => values[index] === null);
  } finally {
    client.disconnect();
  }
}
