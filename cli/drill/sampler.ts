import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { connection } from "../../topology/connection.ts";
import type { Endpoint, NodeEndpoint } from "../../topology/endpoints.ts";
import { infoFields, numberOf } from "../../topology/replies.ts";

/** How a process was found. A sentinel watches, or is silent; the rest is of nodes. */
export type State = "master" | "replica" | "unlinked" | "loading" | "watching" | "silent";

/** One look at one process. */
export interface Sample {
  /** ms, on the clock of performance.now() until the drill has ended. */
  at: number;
  state: State;
  /** Of a node: bytes of the replication stream that it wrote or has received. */
  offset?: number;
}

/** All looks at one process, in order. */
export interface Track {
  name: string;
  kind: "node" | "sentinel";
  samples: Sample[];
}

/** ms between two looks at a process. */
const interval = 100;

/** ms without an answer after which a process is silent: it is asked again all the same. */
const answerLimit = 500;

/**
 * @param info reply to `INFO replication`.
 * @param isLoading whether it still reads its data from disk.
 */
export function nodeState(info: string, isLoading: boolean): Omit<Sample, "at"> {
  const fields = infoFields(info);
  const role = fields.get("role");
  if (isLoading) return { state: "loading" };
  if (role === "master") return { state: "master", offset: numberOf(fields, "master_repl_offset") };
  if (role !== "slave") return { state: "silent" };
  const isLinked =
    fields.get("master_link_status") === "up" && fields.get("master_sync_in_progress") === "0";
  return isLinked
    ? { state: "replica", offset: numberOf(fields, "slave_repl_offset") }
    : { state: "unlinked" };
}

/**
 * Looks at each process ten times a second, over one connection that is kept open, and made again
 * only where it was lost.
 */
export class Sampler {
  readonly tracks: Track[] = [];
  readonly #loops: (() => Promise<void>)[] = [];
  readonly #open = new Set<Redis>();
  #stopped = false;
  #done: Promise<unknown> = Promise.resolve();

  constructor(masterName: string, nodes: readonly NodeEndpoint[], sentinels: readonly Endpoint[]) {
    for (const node of nodes) this.#add(node.name, "node", node, lookAtNode);
    for (const sentinel of sentinels)
      this.#add(`${sentinel.host}:${sentinel.port}`, "sentinel", sentinel, async (redis) => {
        await redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName);
        return { state: "watching" };
      });
  }

  start(): void {
    this.#done = Promise.all(this.#loops.map((loop) => loop()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const redis of this.#open) redis.disconnect();
    await this.#done;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #add(
    name: string,
    kind: Track["kind"],
    endpoint: Endpoint,
    look: (redis: Redis) => Promise<Omit<Sample, "at">>,
  ): void {
    const samples: Sample[] = [];
    this.tracks.push({ name, kind, samples });
    this.#loops.push(async () => {
      let redis: Redis | undefined;
      while (!this.#isStopped()) {
        const at = performance.now();
        const wasOpen = redis !== undefined;
        let found = await this.#sample((redis ??= this.#connect(endpoint)), look);
        if (!found && redis.status !== "ready") {
          this.#open.delete(redis);
          redis.disconnect();
          // A hand-over drops its clients: that is no silence.
          redis = wasOpen && !this.#isStopped() ? this.#connect(endpoint) : undefined;
          if (redis) found = await this.#sample(redis, look);
        }
        // What ends with the drill says nothing.
        if (!this.#isStopped()) samples.push({ at, ...(found ?? { state: "silent" }) });
        await sleep(Math.max(0, interval - (performance.now() - at)));
      }
      redis?.disconnect();
    });
  }

  async #sample(
    redis: Redis,
    look: (redis: Redis) => Promise<Omit<Sample, "at">>,
  ): Promise<Omit<Sample, "at"> | undefined> {
    return look(redis).catch(() => undefined);
  }

  #connect(endpoint: Endpoint): Redis {
    const redis = connection(endpoint, {
      connectTimeout: answerLimit,
      commandTimeout: answerLimit,
    });
    this.#open.add(redis);
    return redis;
  }
}

async function lookAtNode(redis: Redis): Promise<Omit<Sample, "at">> {
  const loading = redis.ping().then(
    () => false,
    (error: unknown) => error instanceof Error && error.message.startsWith("LOADING"),
  );
  return nodeState(await redis.info("replication"), await loading);
}
