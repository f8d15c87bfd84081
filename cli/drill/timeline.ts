/** A line of the timeline, with who reported it. */
export interface Entry {
  /** Milliseconds since the stop; negative before it. */
  at: number;
  text: string;
  reporters: string[];
}

/** Milliseconds that an event waits for the other sentinels to report the same. */
const foldWindow = 250;

/**
 * Shows events as they come, in order. What several sentinels report is one line: it is shown a
 * moment late, with all who reported it by then, and never again.
 */
export class Timeline {
  /** All that was told so far. */
  readonly entries: Entry[] = [];
  readonly #show: (entry: Entry) => void;
  readonly #waiting: Entry[] = [];
  readonly #all = new Map<string, Entry>();
  #origin = performance.now();

  constructor(show: (entry: Entry) => void) {
    this.#show = show;
  }

  /** Makes now the zero of the timeline. */
  start(): void {
    const passed = this.now();
    this.#origin += passed;
    for (const entry of this.entries) entry.at -= passed;
  }

  /** Milliseconds since {@link start}. */
  now(): number {
    return this.at(performance.now());
  }

  /** @returns a time of performance.now() in milliseconds since {@link start} */
  at(time: number): number {
    return time - this.#origin;
  }

  /**
   * @param at milliseconds since {@link start}, of what is told late.
   */
  add(text: string, reporter?: string, at = this.now()): void {
    const known = reporter === undefined ? undefined : this.#all.get(text);
    if (known && reporter !== undefined) {
      if (!known.reporters.includes(reporter)) known.reporters.push(reporter);
      return;
    }
    const entry: Entry = { at, text, reporters: reporter === undefined ? [] : [reporter] };
    if (reporter !== undefined) this.#all.set(text, entry);
    this.entries.push(entry);
    this.#waiting.push(entry);
    setTimeout(() => {
      this.#showUntil(entry);
    }, foldWindow);
  }

  /** Shows what still waits. */
  flush(): void {
    for (const entry of this.#waiting.splice(0)) this.#show(entry);
  }

  #showUntil(entry: Entry): void {
    for (const each of this.#waiting.splice(0, this.#waiting.indexOf(entry) + 1)) this.#show(each);
  }
}

/** @returns the line for the terminal */
export function entryText({ at, text, reporters }: Entry, sentinelCount: number): string {
  const who = reporters.length === sentinelCount ? "all sentinels" : reporters.join(", ");
  return `${String(Math.round(at)).padStart(7)} ms  ${who === "" ? text : `${text}  (${who})`}`;
}
