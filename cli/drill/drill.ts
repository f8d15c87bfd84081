import { randomUUID } from "node:crypto";
import { CliError, messageOf } from "../program.ts";
import type { StackOutputs } from "../stack/outputs.ts";
import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { judge, nodeText } from "../../topology/judge.ts";
import { readTopology } from "../../topology/read.ts";
import type { Topology } from "../../topology/topology.ts";
import { watchEvents } from "./events.ts";
import { isListening, runCommand } from "./process.ts";
import { ReplicationWatch } from "./replication.ts";
import type { Findings } from "./summary.ts";
import { entryText, Timeline } from "./timeline.ts";
import { pause, saying, seconds, until } from "../wait.ts";
import { keptFor, lossesOf, Writer } from "./writer.ts";

/**
 * Milliseconds for what takes a moment: a connection, the replicas of a small write, the end of a
 * killed process.
 */
const aMoment = 10_000;

/** Milliseconds that the writer goes on with the new master. */
const aWhile = 500;

/** How to do it. */
export interface DrillOptions {
  /** Stop the master as an operator does, with a hand-over, instead of killing it. */
  orderly: boolean;
  say: (line: string) => void;
  /** Ends the drill early; the old master is brought back all the same. */
  signal: AbortSignal;
}

/** Limits in milliseconds, from what the sentinels are configured to. */
export interface Limits {
  downAfter: number;
  /** A failover; a vote without a winner is repeated after twice failover-timeout. */
  failover: number;
  /** Until the sentinels have seen that the old master is back as a replica. */
  recovery: number;
}

/** @throws CliError if no sentinel answered */
export function limitsOf({ sentinels }: Topology): Limits {
  const facts = sentinels.flatMap((sentinel) => (sentinel.facts ? [sentinel.facts] : []));
  if (facts.length === 0) throw new CliError("No sentinel answers.");
  const downAfter = Math.max(...facts.map(({ downAfterMilliseconds }) => downAfterMilliseconds));
  const failoverTimeout = Math.max(
    ...facts.map(({ failoverTimeoutMilliseconds }) => failoverTimeoutMilliseconds),
  );
  return {
    downAfter,
    failover: downAfter + 2 * failoverTimeout + 20_000,
    recovery: downAfter + failoverTimeout + 30_000,
  };
}

/**
 * One drill: the master of a healthy stack is stopped, another takes over, the old one comes back
 * as its replica.
 */
export class Drill {
  readonly #outputs: StackOutputs;
  readonly #options: DrillOptions;
  readonly #before: NodeEndpoint;
  readonly #limits: Limits;
  readonly #timeline: Timeline;
  readonly #writer: Writer;
  readonly #key = `pulumi-redis-ha:drill:${randomUUID()}`;
  readonly #numbersKey = `${this.#key}:writes`;
  #stopped = false;

  /** @param before the master now */
  constructor(outputs: StackOutputs, before: NodeEndpoint, limits: Limits, options: DrillOptions) {
    this.#outputs = outputs;
    this.#before = before;
    this.#limits = limits;
    this.#options = options;
    this.#timeline = new Timeline((entry) => {
      options.say(entryText(entry, outputs.sentinels.length));
      // Sentinels that notice at the same moment may each vote for itself.
      if (entry.text.startsWith("-failover-abort"))
        options.say(
          `No failover this time: the sentinels try again within ${seconds(limits.failover)}`,
        );
    });
    this.#writer = new Writer(outputs, this.#numbersKey);
  }

  /**
   * Performs it. However it ends, the old master runs again and the keys are gone, or a line says
   * that they are not.
   *
   * @throws CliError saying what did not happen in time; the signal's reason if that ended it
   */
  async run(): Promise<Findings> {
    const { say } = this.#options;
    let endEvents = (): void => undefined;
    const replicas = this.#outputs.nodes.filter(({ name }) => name !== this.#before.name);
    const watch = new ReplicationWatch(this.#before, replicas);
    try {
      endEvents = await watchEvents(this.#outputs, this.#timeline);
      await this.#writeKey(watch);
      const following = watch.follow(this.#writer);
      // Enough writes for the loss of some to be seen.
      await pause(aWhile, this.#options.signal);
      await this.#stopMaster();
      await following;
      const after = await this.#awaitNewMaster();
      const findings = await this.#readBack(watch.replicatedUpTo, after);
      await this.#bringBack();
      this.#timeline.flush();
      await this.#awaitHealth(this.#options.signal);
      return findings;
    } catch (error) {
      this.#timeline.flush();
      if (this.#stopped)
        await this.#bringBack().catch((second: unknown) => {
          say(messageOf(second));
        });
      throw error;
    } finally {
      watch.stop();
      endEvents();
      this.#timeline.flush();
      await this.#writer.stop();
      await this.#removeKeys();
      this.#writer.redis.disconnect();
    }
  }

  /** Starts the writer as well: it needs a master that takes writes. */
  async #writeKey(watch: ReplicationWatch): Promise<void> {
    const { say, signal } = this.#options;
    const { redis } = this.#writer;
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
    await redis.set(this.#key, "survives", "EX", keptFor);
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
    say(`Wrote ${this.#key}; the replicas have it`);
    this.#writer.start();
  }

  async #stopMaster(): Promise<void> {
    const { orderly, say, signal } = this.#options;
    this.#timeline.start();
    this.#stopped = true;
    await this.#command(orderly ? "stop" : "kill");
    await until({
      what: `${this.#before.name} to end`,
      limit: this.#limits.recovery,
      look: async () =>
        (await isListening(this.#before)) ? { seen: "its port is open" } : { found: true },
      interval: 10,
      say,
      signal,
    });
    this.#timeline.add(`${this.#before.name} was ${orderly ? "stopped" : "killed"}`);
  }

  async #awaitNewMaster(): Promise<NodeEndpoint> {
    const { say, signal } = this.#options;
    let accepted = false;
    void this.#writer.next().then(() => {
      accepted = true;
      this.#timeline.add("first write accepted again");
    });
    const after = await until<NodeEndpoint>({
      what: "another master that accepts writes",
      limit: this.#limits.failover,
      look: async () => {
        const { master } = judge(await readTopology(this.#outputs));
        if (!master) return { seen: "no majority of the sentinels names a master" };
        if (master.name === this.#before.name)
          return { seen: `the sentinels still name ${nodeText(master)}` };
        return accepted
          ? { found: master }
          : { seen: `the sentinels name ${nodeText(master)}, no write was accepted yet` };
      },
      say,
      signal,
    });
    await pause(aWhile, signal);
    return after;
  }

  /** Through the sentinels, as an application finds it. */
  async #readBack(replicatedUpTo: number, after: NodeEndpoint): Promise<Findings> {
    const { redis, acknowledged, longestGap } = this.#writer;
    await this.#writer.stop();
    const value = await redis.get(this.#key);
    const found = await redis.smembers(this.#numbersKey);
    this.#timeline.add(`key read from ${after.name}: ${value ?? "it is not there"}`);
    return {
      before: this.#before,
      after,
      gap: longestGap,
      downAfterMilliseconds: this.#limits.downAfter,
      keySurvived: value === "survives",
      acknowledged: acknowledged.length,
      losses: lossesOf(acknowledged, found, replicatedUpTo),
    };
  }

  async #bringBack(): Promise<void> {
    this.#stopped = false;
    const { name } = this.#before;
    this.#timeline.add(`starting ${name} again`);
    await saying(
      `starting ${name} again`,
      (line) => this.#timeline.add(line),
      this.#command("start"),
    );
  }

  /** Runs one of the commands that the stack gives for the old master. */
  #command(word: "kill" | "stop" | "start"): Promise<void> {
    return runCommand(this.#before, word, (line) => this.#timeline.add(line));
  }

  async #awaitHealth(signal?: AbortSignal): Promise<void> {
    await until({
      what: `${this.#before.name} to be a replica and everything to be healthy`,
      limit: this.#limits.recovery,
      look: async () => {
        const { healthy, problems } = judge(await readTopology(this.#outputs));
        return healthy ? { found: true } : { seen: problems.map(({ words }) => words).join("; ") };
      },
      interval: 500,
      say: this.#options.say,
      signal,
    });
    this.#timeline.add("everything is healthy");
  }

  async #removeKeys(): Promise<void> {
    const { say } = this.#options;
    const remove = async (): Promise<{ found: number } | { seen: string }> => {
      try {
        return { found: await this.#writer.redis.del(this.#key, this.#numbersKey) };
      } catch (error) {
        return { seen: messageOf(error) };
      }
    };
    try {
      await until({ what: "the keys to be removed", limit: aMoment, look: remove, say });
    } catch {
      say(
        `The keys ${this.#key} and ${this.#numbersKey} could not be removed; they expire within ${keptFor / 60} minutes`,
      );
    }
  }
}
