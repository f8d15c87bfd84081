import { randomUUID } from "node:crypto";
import { messageOf } from "../program.ts";
import { until } from "../wait.ts";
import type { ReplicationWatch } from "./replication.ts";
import { keptFor, type Writer } from "./writer.ts";

/** Milliseconds for what takes a moment: a connection, the replicas of a small write. */
const aMoment = 10_000;

const content = "survives";

/** The names of what one drill writes. */
export class DrillKeys {
  /** Of the key that is written before the master is stopped. */
  readonly key = `pulumi-redis-ha:drill:${randomUUID()}`;
  /** Of the numbers that are written all the time. */
  readonly numbers = `${this.key}:writes`;

  /**
   * Writes the key, by the connection of the writer, and waits until the replicas have it.
   *
   * @throws CliError if there is no connection, or a replica does not get it, in time; the signal's
   * reason if that ended it
   */
  async write(
    { redis }: Writer,
    watch: ReplicationWatch,
    { say, signal }: { say: (line: string) => void; signal: AbortSignal },
  ): Promise<void> {
    await until({
      what: `a connection to the master through the sentinels`,
      limit: aMoment,
      look: () =>
        Promise.resolve(
          redis.status === "ready"
            ? { found: true }
            : { seen: `the connection is: ${redis.status}` },
        ),
      interval: 20,
      say,
      signal,
    });
    await redis.set(this.key, content, "EX", keptFor);
    const position = await watch.position();
    await until({
      what: "the replicas to have the key",
      limit: aMoment,
      look: async () => {
        const missing = await watch.missing(position);
        return missing === 0 ? { found: true } : { seen: `the slowest lacks ${missing} bytes` };
      },
      interval: 20,
      say,
      signal,
    });
    say(`Wrote ${this.key}; the replicas have it`);
  }

  /** Reads what was written through the sentinels, as an application finds it. */
  async read({
    redis,
  }: Writer): Promise<{ value: string | null; survived: boolean; numbers: string[] }> {
    const value = await redis.get(this.key);
    const numbers = await redis.smembers(this.numbers);
    return { value, survived: value === content, numbers };
  }

  /** Removes all of it, or says that it is left. */
  async remove({ redis }: Writer, say: (line: string) => void): Promise<void> {
    const look = async (): Promise<{ found: number } | { seen: string }> => {
      try {
        return { found: await redis.del(this.key, this.numbers) };
      } catch (error) {
        return { seen: messageOf(error) };
      }
    };
    try {
      await until({ what: "the keys to be removed", limit: aMoment, look, say });
    } catch {
      say(
        `The keys ${this.key} and ${this.numbers} could not be removed; they expire within ${keptFor / 60} minutes`,
      );
    }
  }
}
