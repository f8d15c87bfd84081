import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { eventually } from "../tests/support/project.ts";

/** Has a client of the server at HOST:PORT, as the system resolves it, and ends that. */
export async function at<T>(place: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const [host, port] = place.split(":");
  const client = new Redis({ host, port: Number(port), retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** @returns whom a sentinel names as the master: HOST:PORT. */
export function masterOf(sentinel: string): Promise<string> {
  return at(sentinel, async (client) => {
    const named = await client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "redis-ha");
    return (named as string[]).join(":");
  });
}

const field = (place: string, section: string, name: string): Promise<number> =>
  at(place, async (client) =>
    Number(new RegExp(`^${name}:(\\d+)`, "m").exec(await client.info(section))?.[1]),
  );

/** @returns how many full synchronisations all of them have given. */
export async function fullSynchronisations(nodes: readonly string[]): Promise<number> {
  const all = await Promise.all(nodes.map((place) => field(place, "stats", "sync_full")));
  return all.reduce((sum, each) => sum + each, 0);
}

/**
 * Writes keys to a master, of values that can't be compressed, no faster than its replicas take
 * them, and waits until no server of them writes its file again.
 */
export async function fill(
  nodes: readonly string[],
  master: string,
  keys: number,
  bytes: number,
): Promise<void> {
  await at(master, async (client) => {
    for (let from = 0; from < keys; from += 1000) {
      const some = Math.min(1000, keys - from);
      const text = randomBytes(Math.ceil((some * bytes) / 2)).toString("hex");
      await client.mset(
        Array.from({ length: some }, (_, index) => [
          `key:${bytes}:${from + index}`,
          text.slice(index * bytes, (index + 1) * bytes),
        ]).flat(),
      );
      await client.wait(nodes.length - 1, 60_000);
    }
  });
  await quiet(nodes);
}

/** Waits until no node loads, is without its master or writes its file again. */
export async function quiet(nodes: readonly string[]): Promise<void> {
  await eventually(
    "all nodes have their data, and none writes its file again",
    async () => {
      const said = await Promise.all(
        nodes.map((place) =>
          at(
            place,
            async (client) =>
              (await client.info("persistence")) + (await client.info("replication")),
          ),
        ),
      );
      return said.every(
        (text) =>
          /^loading:0/m.test(text) &&
          /^aof_rewrite_in_progress:0/m.test(text) &&
          /^rdb_bgsave_in_progress:0/m.test(text) &&
          !/^master_link_status:down/m.test(text),
      );
    },
    600,
  );
}

/**
 * @returns s until one of them, each HOST:PORT, takes a write that is sent to it again and again:
 * what a client can have at best.
 */
export async function untilWritten(nodes: readonly string[]): Promise<number> {
  const began = performance.now();
  const isTaken = (place: string) =>
    new Promise<boolean>((resolve) => {
      const [host, port] = place.split(":");
      const socket = connect({ host, port: Number(port) });
      socket.on("connect", () => socket.write("SET until-written 1\r\n"));
      socket.on("data", (reply) => {
        resolve(reply.toString().startsWith("+OK"));
        socket.destroy();
      });
      for (const end of ["error", "close", "timeout"] as const)
        socket.on(end, () => {
          resolve(false);
          socket.destroy();
        });
      socket.setTimeout(500);
    });
  while (!(await Promise.all(nodes.map(isTaken))).includes(true)) await sleep(5);
  return (performance.now() - began) / 1000;
}

/**
 * Kills the server alone that listens at HOST:PORT, wherever it runs: nobody else in this sandbox
 * has that port, in whichever network.
 */
export function crashAt(place: string): void {
  const port = place.split(":")[1] ?? "";
  const title = new RegExp(`^redis-server [^ ]*:${port}[ \0]*$`);
  const pids = readdirSync("/proc").filter((entry) => {
    try {
      return /^\d+$/.test(entry) && title.test(readFileSync(`/proc/${entry}/cmdline`, "utf8"));
    } catch {
      return false;
    }
  });
  if (pids.length !== 1) throw new Error(`${pids.length} servers at port ${port}`);
  process.kill(Number(pids[0]), "SIGKILL");
}
