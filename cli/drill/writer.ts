import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type StackOutputs } from "../stack/outputs.ts";
import { endpointText } from "../../topology/endpoints.ts";
import { dropSelfConnections } from "../../topology/connection.ts";

/** Milliseconds between two writes: the resolution of the gap. */
const pace = 5;

/** Milliseconds without a write that are told: what is shorter, any busy machine has. */
export const noticed = 100;

/** Milliseconds between two attempts to find the master. */
const retry = 50;

/** Seconds after which what a killed drill left behind goes by itself. */
export const keptFor = 3600;

/**
 * A client as applications have them: asks the sentinels for the master, writes one number after
 * the other.
 */
export class Writer {
  readonly redis: Redis;
  /** The numbers whose write was acknowledged, in order. */
  readonly acknowledged: number[] = [];
  /** When each of them was, on the clock of performance.now(). */
  readonly times: number[] = [];
  /** The longest time without an acknowledged write: the two on either side of it, same clock. */
  longest: Gap = { from: 0, to: 0 };
  /** Is told of each time without one that is longer than {@link noticed}, at its end. */
  onGap: (gap: Gap) => void = () => undefined;
  readonly #key: string;
  #attempt = 0;
  #stopped = false;
  #done: Promise<void> = Promise.resolve();
  #next: (() => void) | undefined;

  constructor({ masterName, nodes, sentinels }: StackOutputs, key: string) {
    this.#key = key;
    this.redis = new Redis({
      name: masterName,
      ...nodes[0]?.login,
      sentinels: sentinels.map(({ address, port }) => ({ host: address, port })),
      // The sentinels may answer with names that this machine can't resolve.
      natMap: Object.fromEntries(
        nodes.map((node) => [endpointText(node), { host: node.address, port: node.port }]),
      ),
      // Not failoverDetector: a failover seen while it connects ends ioredis 5.9.2 for good
      // ("Connection is closed").
      updateSentinels: false,
      sentinelRetryStrategy: () => retry,
      sentinelReconnectStrategy: () => retry,
      retryStrategy: () => retry,
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
      connectTimeout: 1000,
      sentinelCommandTimeout: 1000,
      commandTimeout: 1000,
      enableOfflineQueue: false,
      // A write that was on its way may have happened: sent again, it could not be told apart.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    dropSelfConnections(this.redis);
    this.redis.on("error", () => undefined);
  }

  /** Writes until {@link stop}. */
  start(): void {
    this.#done = this.#write();
  }

  /** @returns what is resolved with the next acknowledged write */
  async next(): Promise<void> {
    return new Promise((resolve) => (this.#next = resolve));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const number = ++this.#attempt;
      try {
        await this.redis.sadd(this.#key, number);
        if (this.acknowledged.length === 0) await this.redis.expire(this.#key, keptFor);
        this.#acknowledge(number);
      } catch {
        // Nobody to write to: that is what the gap measures.
      }
      await sleep(pace);
    }
  }

  #acknowledge(number: number): void {
    const now = performance.now();
    const gap = { from: this.times.at(-1) ?? now, to: now };
    this.acknowledged.push(number);
    this.times.push(now);
    if (lengthOf(gap) > lengthOf(this.longest)) this.longest = gap;
    if (lengthOf(gap) > noticed) this.onGap(gap);
    this.#next?.();
  }
}

/** A time without an acknowledged write, in ms: the last one before it, and the first one after. */
export interface Gap {
  from: number;
  to: number;
}

export function lengthOf({ from, to }: Gap): number {
  return to - from;
}

/** What became of the acknowledged writes. */
export interface Losses {
  /** Lost although all replicas had them: must not be. */
  replicated: number;
  /** Lost because no replica had them yet when the master died. */
  inFlight: number;
}

/**
 * @param acknowledged numbers whose write was acknowledged
 * @param found members of the key afterwards
 * @param replicatedUpTo the highest number that all replicas were known to have before the stop
 */
export function lossesOf(acknowledged: number[], found: string[], replicatedUpTo: number): Losses {
  const there = new Set(found.map(Number));
  const lost = acknowledged.filter((number) => !there.has(number));
  const replicated = lost.filter((number) => number <= replicatedUpTo).length;
  return { replicated, inFlight: lost.length - replicated };
}
