import { CliError, messageOf } from "../program.ts";
import type { StackOutputs } from "../stack/outputs.ts";
import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { judge } from "../../topology/judge.ts";
import { readTopology } from "../../topology/read.ts";
import type { Topology } from "../../topology/topology.ts";
import { nodeText } from "../../topology/words.ts";
import { watchEvents } from "./events.ts";
import { DrillKeys } from "./keys.ts";
import type { Limits } from "./limits.ts";
import { linked, unnoticed } from "./noticed.ts";
import type { DrillPlan } from "./plan.ts";
import { isListening, runCommand } from "./process.ts";
import type { Recording } from "./recording.ts";
import { ReplicationWatch } from "./replication.ts";
import { Sampler } from "./sampler.ts";
import type { Findings } from "./summary.ts";
import { entryText, Timeline } from "./timeline.ts";
import { pause, saying, seconds, until } from "../wait.ts";
import { type Gap, lengthOf, lossesOf, noticed, Writer } from "./writer.ts";

/** Milliseconds that it watches what is well. */
const aWhile = 500;

/** How to do it. */
export interface DrillOptions {
  say: (line: string) => void;
  /** Ends the drill early; what it has ended is started again all the same. */
  signal: AbortSignal;
}

/**
 * One drill: of a healthy stack something is ended, or the master handed over, under a client that
 * writes; what was ended is started again.
 */
export class Drill {
  readonly #outputs: StackOutputs;
  readonly #plan: DrillPlan;
  readonly #options: DrillOptions;
  readonly #before: NodeEndpoint;
  readonly #limits: Limits;
  readonly #timeline: Timeline;
  readonly #writer: Writer;
  readonly #sampler: Sampler;
  readonly #keys = new DrillKeys();
  readonly #began = performance.now();
  /** What was ended, or is about to be, and has to be started again. */
  #ended: NodeEndpoint[] = [];
  /** The master at the end. */
  #after: NodeEndpoint;

  /** @param before the master now */
  constructor(
    outputs: StackOutputs,
    plan: DrillPlan,
    before: NodeEndpoint,
    limits: Limits,
    options: DrillOptions,
  ) {
    this.#outputs = outputs;
    this.#plan = plan;
    this.#before = before;
    this.#after = before;
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
    this.#sampler = new Sampler(outputs.masterName, outputs.nodes, outputs.sentinels);
    this.#writer = new Writer(outputs, this.#keys.numbers);
    this.#writer.onGap = (gap) => {
      this.#tell(gap);
    };
  }

  #tell(gap: Gap): void {
    const [from, to] = [this.#timeline.at(gap.from), this.#timeline.at(gap.to)];
    const length = `${Math.round(to - from)} ms`;
    this.#timeline.add(`last acknowledged write before ${length} without`, undefined, from);
    this.#timeline.add(`first acknowledged write after ${length} without`, undefined, to);
  }

  /**
   * Performs it. However it ends, what it has ended runs again and the keys are gone, or a line
   * says that they are not.
   *
   * @throws CliError saying what did not happen in time; the signal's reason if that ended it
   */
  async run(): Promise<Findings> {
    const { say, signal } = this.#options;
    let endEvents = (): void => undefined;
    const replicas = this.#outputs.nodes.filter(({ name }) => name !== this.#before.name);
    const watch = new ReplicationWatch(this.#before, replicas);
    try {
      endEvents = await watchEvents(this.#outputs, this.#timeline);
      this.#sampler.start();
      await this.#keys.write(this.#writer, watch, this.#options);
      this.#writer.start();
      const following = watch.follow(this.#writer);
      // Enough writes for the loss of some to be seen.
      await pause(aWhile, signal);
      // Of a master that is none any more, an offset says nothing.
      if (this.#plan.kind === "switchover") watch.stop();
      await this.#act();
      watch.stop();
      await following;
      await this.#awaitEffect();
      await this.#bringBack();
      this.#timeline.flush();
      await this.#awaitHealth();
      await pause(aWhile, signal);
      return await this.#readBack(watch.replicatedUpTo);
    } catch (error) {
      this.#timeline.flush();
      await this.#bringBack().catch((second: unknown) => {
        say(messageOf(second));
      });
      throw error;
    } finally {
      watch.stop();
      endEvents();
      this.#timeline.flush();
      await Promise.all([this.#sampler.stop(), this.#writer.stop()]);
      await this.#keys.remove(this.#writer, say);
      this.#writer.redis.disconnect();
    }
  }

  /** @returns all that it has seen, whether it got to its end or not. */
  recording(lines: readonly string[]): Recording {
    const at = (time: number) => this.#timeline.at(time);
    const { times, longest } = this.#writer;
    return {
      title: `Drill: ${this.#plan.title}`,
      lines,
      from: at(this.#began),
      to: this.#timeline.now(),
      tracks: this.#sampler.tracks.map((track) => ({
        ...track,
        samples: track.samples.map((sample) => ({ ...sample, at: at(sample.at) })),
      })),
      writes: times.map(at),
      gap: { from: at(longest.from), to: at(longest.to) },
      events: [...this.#timeline.entries].sort((a, b) => a.at - b.at),
    };
  }

  /** Ends what is to be ended, or hands the master over. */
  async #act(): Promise<void> {
    const { victims, orderly, kind } = this.#plan;
    this.#timeline.start();
    if (kind === "switchover") {
      await this.#command(this.#before, "handover");
      return;
    }
    this.#ended = [...victims];
    if (orderly) {
      for (const each of victims) await this.#end(each, "stop");
      return;
    }
    // All of them come to their end before anything is started again, also if it is interrupted.
    const ended = await Promise.allSettled(victims.map((each) => this.#end(each, "kill")));
    for (const each of ended) if (each.status === "rejected") throw each.reason;
  }

  async #end(process: NodeEndpoint, word: "kill" | "stop"): Promise<void> {
    await this.#command(process, word);
    await until({
      what: `${process.name} to end`,
      limit: this.#limits.recovery,
      look: async () =>
        (await isListening(process)) ? { seen: "its port is open" } : { found: true },
      interval: 10,
      say: this.#options.say,
      signal: this.#options.signal,
    });
    this.#timeline.add(`${process.name} was ${word === "stop" ? "stopped" : "killed"}`);
  }

  /** Waits until what was to happen has happened, and watches it for a while. */
  async #awaitEffect(): Promise<void> {
    const { kind, movesMaster, victims } = this.#plan;
    if (movesMaster) await this.#awaitNewMaster();
    else if (kind !== "all")
      await this.#watchTopology(
        `the sentinels to see ${victims.map(({ name }) => name).join(", ")} as down`,
        this.#limits.failover,
        (topology) => unnoticed(topology, victims),
      );
    await pause(aWhile, this.#options.signal);
  }

  async #awaitNewMaster(): Promise<void> {
    const { say, signal } = this.#options;
    let accepted = false;
    void this.#writer.next().then(() => {
      accepted = true;
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
    this.#timeline.add(`writes are accepted again, the sentinels name ${after.name}`);
  }

  /**
   * Starts what it has ended, whatever becomes of one of them: sentinels first, which name the
   * master.
   *
   * @throws CliError where that failed; those are tried again when it is called again
   */
  async #bringBack(): Promise<void> {
    const ended = this.#ended.splice(0);
    const isNode = ({ name }: NodeEndpoint) =>
      this.#outputs.nodes.some((node) => node.name === name);
    const failed: string[] = [];
    const start = (process: NodeEndpoint) =>
      this.#start(process).catch((error: unknown) => {
        failed.push(messageOf(error));
        this.#ended.push(process);
      });
    for (const group of [ended.filter((each) => !isNode(each)), ended.filter(isNode)])
      await Promise.all(group.map(start));
    if (failed.length > 0) throw new CliError(failed.join("\n"));
  }

  async #start(process: NodeEndpoint): Promise<void> {
    const line = `starting ${process.name} again`;
    this.#timeline.add(line);
    await saying(line, (each) => this.#timeline.add(each), this.#command(process, "start"));
  }

  /** Runs one of the commands that the stack gives for a process. */
  #command(process: NodeEndpoint, word: "kill" | "stop" | "start" | "handover"): Promise<void> {
    return runCommand(process, word, (line) => this.#timeline.add(line));
  }

  async #awaitHealth(): Promise<void> {
    let isLinked = false;
    await this.#watchTopology("everything to be healthy", this.#limits.recovery, (topology) => {
      if (!isLinked && linked(topology)) {
        isLinked = true;
        this.#timeline.add("all replicas are linked");
      }
      const { healthy, master, problems } = judge(topology);
      this.#after = master ?? this.#after;
      return healthy ? [] : problems.map(({ words }) => words);
    });
    this.#timeline.add("everything is healthy");
  }

  /** @param missing what there is yet to wait for, in words. */
  async #watchTopology(
    what: string,
    limit: number,
    missing: (topology: Topology) => string[],
  ): Promise<void> {
    await until({
      what,
      limit,
      look: async () => {
        const left = missing(await readTopology(this.#outputs));
        return left.length === 0 ? { found: true } : { seen: left.join("; ") };
      },
      say: this.#options.say,
      signal: this.#options.signal,
    });
  }

  /** Through the sentinels, as an application finds it. */
  async #readBack(replicatedUpTo: number): Promise<Findings> {
    await this.#writer.stop();
    const { acknowledged, longest } = this.#writer;
    if (lengthOf(longest) <= noticed) this.#tell(longest);
    const { value, survived, numbers } = await this.#keys.read(this.#writer);
    this.#timeline.add(`key read: ${value ?? "it is not there"}`);
    return {
      plan: this.#plan,
      before: this.#before,
      after: this.#after,
      gap: lengthOf(longest),
      downAfterMilliseconds: this.#limits.downAfter,
      keySurvived: survived,
      acknowledged: acknowledged.length,
      losses: lossesOf(acknowledged, numbers, replicatedUpTo),
    };
  }
}
