import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type RedisOptions } from "ioredis";
import { Gaps } from "./gaps.ts";

/** What writers got done. */
export interface Written {
  /** Keys whose write was acknowledged, in that order. */
  acknowledged: string[];
  /** The longest time in ms that one of them had between two of its own acknowledged writes. */
  longestGap: number;
}

/**
 * Four Sentinel-aware clients, with their library's default settings, that write one key after the
 * other.
 */
export class Writers {
  static readonly #all = new Set<Writers>();
  static #count = 0;
  readonly #clients: Redis[];
  readonly #acknowledged: string[] = [];
  /** How many writes of each were acknowledged. */
  readonly #counts: number[];
  readonly #gaps: Gaps;
  readonly #working: Promise<unknown>;
  /** Keys of their own: what others wrote must not stand for what was lost. */
  readonly #prefix = `writers${++Writers.#count}`;
  #running = true;
  #trouble: unknown = "nothing was said";

  /**
   * @param sentinels each HOST:PORT, names as the system resolves them.
   * @param options that differ from the library's defaults.
   */
  constructor(sentinels: readonly string[], options: RedisOptions = {}) {
    const places = sentinels.map((each) => ({
      host: each.split(":")[0],
      port: Number(each.split(":")[1]),
    }));
    this.#clients = Array.from(
      { length: 4 },
      () => new Redis({ sentinels: places, name: "redis-ha", ...options }),
    );
    this.#counts = this.#clients.map(() => 0);
    this.#gaps = new Gaps(this.#clients.length);
    Writers.#all.add(this);
    this.#working = Promise.all(
      this.#clients.map(async (client, writer) => {
        client.on("error", (error) => (this.#trouble = error));
        for (let index = 0; this.#running; index++) {
          const key = `${this.#prefix}:${writer}:${index}`;
          try {
            await client.set(key, key);
          } catch (error) {
            this.#trouble = error;
            await sleep(10);
            continue;
          }
          this.#acknowledged.push(key);
          this.#counts[writer] = (this.#counts[writer] as number) + 1;
          this.#gaps.acknowledged(writer);
          // Two cores are not to be busy with nothing but this.
          await sleep(1);
        }
      }),
    );
  }

  /**
   * Has them write while `work` goes on, and until all of them write again.
   *
   * @returns what is to be reported of it.
   * @throws AssertionError where an acknowledged write was lost.
   */
  static async during(sentinels: readonly string[], work: () => Promise<unknown>): Promise<string> {
    const writers = new Writers(sentinels);
    await writers.more();
    writers.restartClock();
    const began = Date.now();
    await work();
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    await writers.more();
    const { acknowledged, lost, longestGap } = await writers.stop();
    assert.deepEqual(lost, []);
    return `${seconds} s; ${acknowledged.length} writes acknowledged, 0 lost, longest gap ${longestGap} ms`;
  }

  /** Ends those that a failed test has left: they would keep the process from ending. */
  static endAll(): void {
    for (const writers of Writers.#all) writers.#end();
  }

  /** How many writes were acknowledged so far. */
  get count(): number {
    return this.#acknowledged.length;
  }

  /** The longest time in ms, since the clock was restarted, that one of them had between two. */
  get longestGap(): number {
    return this.#gaps.longest();
  }

  /** Forgets the gaps so far. */
  restartClock(): void {
    this.#gaps.restart();
  }

  /**
   * Waits until each of them had its share of that many more acknowledged writes: everybody is
   * connected again.
   */
  async more(count = 100): Promise<void> {
    const wanted = this.#counts.map((each) => each + count / this.#counts.length);
    const deadline = Date.now() + 60_000;
    while (wanted.some((each, writer) => (this.#counts[writer] as number) < each)) {
      if (Date.now() > deadline)
        throw new Error(
          `the writers got no further within 60 s: ${String(this.#trouble)}; ${this.#story(wanted)}`,
        );
      await sleep(50);
    }
  }

  /** How each of them stands, and to whom it is connected. */
  #story(wanted: readonly number[]): string {
    const lines = this.#clients.map(({ status, stream }, writer) => {
      const { remoteAddress, remotePort } = stream;
      return `${status} at ${remoteAddress}:${remotePort}, ${this.#counts[writer]} of ${wanted[writer]}`;
    });
    return lines.join("; ");
  }

  /**
   * Ends them. @returns what was written, and those of the keys that the present master does not
   * have.
   */
  async stop(): Promise<Written & { lost: string[] }> {
    const longestGap = this.#gaps.longest();
    this.#running = false;
    await this.#working;
    const lost: string[] = [];
    const [reader] = this.#clients as [Redis];
    const acknowledged = this.#acknowledged;
    for (let from = 0; from < acknowledged.length; from += 1000) {
      const keys = acknowledged.slice(from, from + 1000);
      const values = await reader.mget(keys);
      lost.push(...keys.filter((key, index) => values[index] !== key));
    }
    this.#end();
    return { acknowledged, longestGap, lost };
  }

  #end(): void {
    this.#running = false;
    Writers.#all.delete(this);
    for (const client of this.#clients) client.disconnect();
  }
}
