/**
 * Each writer's own longest time between two acknowledged writes: one that hangs while the others
 * write has a gap, too.
 */
export class Gaps {
  /** When each wrote last, in ms. */
  readonly #last: number[];
  #longest = 0;

  /** @param from time in ms from which on they are to write. */
  constructor(writers: number, from = Date.now()) {
    this.#last = Array.from({ length: writers }, () => from);
  }

  /** A write of `writer` was acknowledged. */
  acknowledged(writer: number, at = Date.now()): void {
    this.#longest = Math.max(this.#longest, at - (this.#last[writer] as number));
    this.#last[writer] = at;
  }

  /** Forgets the gaps that have ended. */
  restart(): void {
    this.#longest = 0;
  }

  /** @returns the longest gap of any writer in ms, one that goes on at that time among them. */
  longest(until = Date.now()): number {
    return Math.max(this.#longest, ...this.#last.map((last) => until - last));
  }
}
