import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "./program.ts";

export interface Wait<T> {
  /** What is waited for, as the beginning of a sentence: "node1 to be a replica". */
  what: string;
  /** Milliseconds until it is given up. */
  limit: number;
  /** Looks once: what was waited for, or what it saw instead. */
  look: () => Promise<{ found: T } | { seen: string }>;
  /** Shows a line of progress. */
  say: (line: string) => void;
  /** Ends the wait early. */
  signal?: AbortSignal;
  /** Milliseconds between two looks. @default 250 */
  interval?: number;
}

/** Milliseconds after which a wait says what it sees; a long one less and less often. */
const quietFor = 5000;
const longestQuiet = 30_000;

/**
 * Looks until it is there, saying every few seconds what it sees.
 *
 * @throws CliError when the limit is reached: what it waited for and what it saw last
 */
export async function until<T>({
  what,
  limit,
  look,
  say,
  signal,
  interval = 250,
}: Wait<T>): Promise<T> {
  const start = performance.now();
  let said = start;
  for (;;) {
    signal?.throwIfAborted();
    const result = await look();
    if ("found" in result) return result.found;
    const now = performance.now();
    if (now - start >= limit)
      throw new CliError(`Waited ${seconds(limit)} for ${what}. Seen last: ${result.seen}`);
    if (now - said >= Math.min(longestQuiet, Math.max(quietFor, (now - start) / 3))) {
      said = now;
      say(`waiting for ${what} (${seconds(now - start)}): ${result.seen}`);
    }
    await pause(interval, signal);
  }
}

/** @throws the signal's reason if that ends it */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  // Node's own error only says that something was aborted.
  await sleep(milliseconds, undefined, { signal }).catch(() => signal?.throwIfAborted());
}

/** Says every few seconds that something is still going on. */
export async function saying<T>(
  line: string,
  say: (line: string) => void,
  work: Promise<T>,
): Promise<T> {
  const start = performance.now();
  const timer = setInterval(() => {
    say(`${line} (${seconds(performance.now() - start)})`);
  }, quietFor);
  return work.finally(() => {
    clearInterval(timer);
  });
}

/** @returns milliseconds as seconds with one decimal, such as `10.4 s` */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
