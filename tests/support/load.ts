import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Gaps } from "./gaps.ts";
import { applicationLogin, type Cluster, eventually, sentinelClient } from "./cluster.ts";

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
): {
  stop: () => Promise<Written>;
  more: () => Promise<void>;
  /** Gives the longest gap in ms since it was asked before. */
  gap: () => number;
} {
  let running = true;
  // A test that has failed does not stop them.
  const stopped = () => !running || !existsSync(cluster.root);
  const gaps = new Gaps(count);
  const written: Written = { acknowledged: [], refused: 0, gap: 0 };
  const gapSoFar = () => {
    const gap = gaps.longest();
    written.gap = Math.max(written.gap, gap);
    gaps.restart();
    return gap;
  };
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
    gap: gapSoFar,
    stop: async () => {
      gapSoFar();
      running = false;
      await Promise.all(writers);
      return written;
    },
  };
}

/** @returns those of the keys that a node does not have. */
export async function lost(cluster: Cluster, node: string, keys: string[]): Promise<string[]> {
  const client = new Redis({
    host: "127.0.0.1",
    port: cluster.member(node).port,
    ...applicationLogin(cluster),
  });
  try {
    const values = await client.mget(keys);
    return keys.filter((_, index) => values[index] === null);
  } finally {
    client.disconnect();
  }
}

/**
 * Waits until it is known, of this run of a master, that it has its data, and how far its file is
 * against those of both others.
 */
export async function noted(cluster: Cluster, name: string): Promise<void> {
  await eventually("a note of how far the files are", async () => {
    const [of, ...others] = cluster.file(name, "written").trimEnd().split("\n");
    const run = /^master_replid:(\w+)$/m.exec(await cluster.ask(name, "INFO", "replication"))?.[1];
    const serving = existsSync(join(cluster.directory(name), "serving"));
    const parts = cluster
      .file(name, join("appendonlydir", "appendonly.aof.manifest"))
      .replaceAll(/[ \n]+/g, "-");
    if (!serving || of !== `${run} ${parts}` || others.length !== 2) return false;
    // A file that is begun anew after that makes it worth nothing.
    const begun = await Promise.all(
      others.map(async (line) => {
        const [node = "", , base = ""] = line.split(" ");
        const info = await cluster.ask(node, "INFO", "persistence");
        return (
          info.includes(`aof_base_size:${base}\n`) && info.includes("aof_rewrite_in_progress:0")
        );
      }),
    );
    return begun.every(Boolean);
  });
}

/**
 * Has a server write its append-only file anew, and writes as much to it meanwhile as it won't hold
 * back later.
 */
export async function rewrittenUnderWrites(cluster: Cluster, name: string): Promise<void> {
  const { port } = cluster.member(name);
  const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => null });
  try {
    await client.mset(
      Object.fromEntries(Array.from({ length: 500 }, (_, key) => [`old${key}`, 1])),
    );
    // µs for each key.
    await client.config("SET", "rdb-key-save-delay", 6000);
    await client.call("BGREWRITEAOF");
    await client.set("meanwhile", "x".repeat(500_000));
    assert.match(await client.info("persistence"), /^aof_rewrite_in_progress:1/m);
    await eventually("it is written anew", async () =>
      (await client.info("persistence")).includes("aof_rewrite_in_progress:0"),
    );
    await client.config("SET", "rdb-key-save-delay", 0);
  } finally {
    client.disconnect();
  }
}

/** Makes each fsync of a server take a second and a half. */
function slowDisk(pid: number): ChildProcess {
  const delay = "inject=fdatasync,fsync:delay_enter=1500000";
  return spawn("strace", ["-f", "-q", "-p", String(pid), "-e", delay, "-o", "/dev/null"], {
    stdio: "ignore",
  });
}

/**
 * Writes to a master of two replicas whose disk is slow, until it holds back what it acknowledges,
 * and kills it then. Whatever becomes of it, nothing is lost.
 *
 * @param kill ends the server.
 * @param back waits until it runs again.
 * @throws where twice it had written all of it before it was dead: after two seconds it does so,
 * disk or no disk, and a machine may be that busy.
 */
export async function killedHoldingBack(
  cluster: Cluster,
  name: string,
  kill: () => Promise<void>,
  back: (pid: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= 2; round++) {
    await noted(cluster, name);
    const pid = cluster.pid(name);
    const acknowledged = await heldBackBy(cluster, name);
    // Open before: whoever becomes a replica begins files anew.
    const directory = join(cluster.directory(name), "appendonlydir");
    const files = readdirSync(directory).map((file) => openSync(join(directory, file), "r"));
    await kill();
    const isHeld = files.every((file) => !readFileSync(file).includes(acknowledged.at(-1) ?? ""));
    files.forEach(closeSync);
    await back(pid);
    await cluster.verify();
    assert.deepEqual(await lost(cluster, await cluster.named(), acknowledged), []);
    // Another one is the master also where nobody could tell.
    if (isHeld || (await cluster.named()) !== name) return;
  }
  throw new Error(`twice ${name} held nothing back any more when it was killed`);
}

/** @returns keys that it has acknowledged. */
async function heldBackBy(cluster: Cluster, name: string): Promise<string[]> {
  const pid = cluster.pid(name);
  // It ends with the server.
  slowDisk(pid);
  const client = new Redis({ host: "127.0.0.1", port: cluster.member(name).port });
  client.on("error", () => undefined);
  const acknowledged: string[] = [];
  const heldBack = async () =>
    Number(/aof_buffer_length:(\d+)/.exec(await client.info("persistence"))?.[1]);
  await eventually("it holds back what it acknowledges", async () => {
    for (let count = 0; count < 50; count++) {
      const key = `held:${pid}:${acknowledged.length}.`;
      await client.set(key, "value");
      acknowledged.push(key);
    }
    return (await heldBack()) > 0 && (await client.wait(2, 0)) === 2 && (await heldBack()) > 0;
  });
  client.disconnect();
  return acknowledged;
}
