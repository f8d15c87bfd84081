import { messageOf } from "../program.ts";
import type { StackOutputs } from "../stack/outputs.ts";
import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { judge } from "../../topology/judge.ts";
import { readTopology } from "../../topology/read.ts";
import { nodeText } from "../../topology/words.ts";
import { watchEvents } from "./events.ts";
import { DrillKeys } from "./keys.ts";
import type { Limits } from "./limits.ts";
import { isListening, runCommand } from "./process.ts";
import { ReplicationWatch } from "./replication.ts";
import type { Findings } from "./summary.ts";
import { entryText, Timeline } from "./timeline.ts";
import { pause, saying, seconds, until } from "../wait.ts";
import { lossesOf, Writer } from "./writer.ts";

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
  readonly #keys = new DrillKeys();
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
    this.#writer = new Writer(outputs, this.#keys.numbers);
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
      await this.#keys.write(this.#writer, watch, this.#options);
      this.#writer.start();
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
      await this.#keys.remove(this.#writer, say);
      this.#writer.redis.disconnect();
    }
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
    const { acknowledged, longestGap } = this.#writer;
    await this.#writer.stop();
    const { value, survived, numbers } = await this.#keys.read(this.#writer);
    this.#timeline.add(`key read from ${after.name}: ${value ?? "it is not there"}`);
    return {
      before: this.#before,
      after,
      gap: longestGap,
      downAfterMilliseconds: this.#limits.downAfter,
      keySurvived: survived,
      acknowledged: acknowledged.length,
      losses: lossesOf(acknowledged, numbers, replicatedUpTo),
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
}
