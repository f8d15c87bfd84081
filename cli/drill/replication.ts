import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { connection } from "../../topology/connection.ts";
import { infoFields, numberOf } from "../../topology/replies.ts";
import type { Writer } from "./writer.ts";

/**
 * Follows how much of what the master wrote its replicas have. By offsets: the oldest servers have
 * no WAIT.
 */
export class ReplicationWatch {
  readonly #master: Redis;
  readonly #replicas: Redis[];
  #stopped = false;
  #replicatedUpTo = 0;

  constructor(master: NodeEndpoint, replicas: NodeEndpoint[]) {
    this.#master = connection(master);
    this.#replicas = replicas.map((replica) => connection(replica));
  }

  /** The highest number of the writer that all replicas had at some time. */
  get replicatedUpTo(): number {
    return this.#replicatedUpTo;
  }

  /** The position that replicas have to reach to have all that the master wrote until now. */
  async position(): Promise<number> {
    return offsetOf(this.#master, "master_repl_offset");
  }

  /** @returns how many bytes the slowest replica still lacks */
  async missing(position: number): Promise<number> {
    const offsets = await Promise.all(
      this.#replicas.map((replica) => offsetOf(replica, "slave_repl_offset")),
    );
    return Math.max(0, ...offsets.map((offset) => position - offset));
  }

  /** Keeps {@link replicatedUpTo} current until {@link stop}, or until the master is gone. */
  async follow(writer: Writer): Promise<void> {
    try {
      while (this.#following()) {
        const number = writer.acknowledged.at(-1) ?? 0;
        const position = await this.position();
        while ((await this.missing(position)) > 0 && this.#following()) await sleep(5);
        if (this.#following()) this.#replicatedUpTo = number;
        await sleep(20);
      }
    } catch {
      // The master was stopped: what is known, is known.
    }
  }

  #following(): boolean {
    return !this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    for (const redis of [this.#master, ...this.#replicas]) redis.disconnect();
  }
}

async function offsetOf(redis: Redis, field: string): Promise<number> {
  return numberOf(infoFields(await redis.info("replication")), field);
}
