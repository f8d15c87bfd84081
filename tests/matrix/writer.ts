import { ask } from "../support/project.ts";

/**
 * A client that asks the sentinels for the master before each write, as a client after a lost
 * connection does.
 */
export class Writer {
  acknowledged = 0;
  refused = 0;
  longestGap = 0;
  readonly #ended: Promise<void>;
  #stopped = false;

  constructor(
    sentinels: string[],
    masterOf: (sentinel: string) => Promise<string>,
    keys: Map<string, string>,
  ) {
    this.#ended = this.#write(sentinels, masterOf, keys);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #write(
    sentinels: string[],
    masterOf: (sentinel: string) => Promise<string>,
    keys: Map<string, string>,
  ): Promise<void> {
    let last = Date.now();
    for (let number = 0; !this.#stopped; number++) {
      try {
        const sentinel = sentinels[number % sentinels.length] ?? "";
        if (
          (await ask(await masterOf(sentinel), "SET", `write ${number}`, String(number))) !== "OK"
        )
          throw new Error("not OK");
        keys.set(`write ${number}`, String(number));
        this.acknowledged++;
        this.longestGap = Math.max(this.longestGap, Date.now() - last);
        last = Date.now();
      } catch {
        this.refused++;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
