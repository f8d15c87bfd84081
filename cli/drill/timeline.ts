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
  readonly #show: (entry: Entry) => void;
  readonly #waiting: Entry[] = [];
  readonly #all = new Map<string, Entry>();
  #origin = performance.now();

  constructor(show: (entry: Entry) => void) {
    this.#show = show;
  }

  /** Makes now the zero of the timeline. */
  start(): void {
    this.#origin = performance.now();
  }

  /** Milliseconds since {@link start}. */
  now(): number {
    return performance.now() - this.#origin;
  }

  add(text: string, reporter?: string): void {
    const known = reporter === undefined ? undefined : this.#all.get(text);
    if (known && reporter !== undefined) {
      if (!known.reporters.includes(reporter)) known.reporters.push(reporter);
      return;
    }
    const entry: Entry = {
      at: this.now(),
      text,
      reporters: reporter === undefined ? [] : [reporter],
    };
    if (reporter !== undefined) this.#all.set(text, entry);
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
