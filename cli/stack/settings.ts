import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const saltLine = /^encryptionsalt:.*(?:\r?\n|$)/m;

/**
 * @param text content of a Pulumi.STACK.yaml
 * @returns it without the salt that Pulumi writes for a new stack; as it is if secrets in it need
 * the salt
 */
export function withoutSalt(text: string): string {
  return /^\s+(?:- )?["']?secure["']?:/m.test(text) ? text : text.replace(saltLine, "");
}

/**
 * @param before the content that the person wrote
 * @param after what Pulumi made of it: comments may be gone, numbers quoted
 * @returns what the person wrote, with the salt
 */
export function withSaltOf(before: string, after: string): string {
  const salt = saltLine.exec(after)?.[0].trimEnd();
  if (salt === undefined || saltLine.test(before)) return before;
  return `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${salt}\n`;
}

/** Pulumi's file for a stack, in the current directory. */
export class SettingsFile {
  readonly #path: string;

  /** @param stack name, be it with organization and project in front */
  constructor(stack: string) {
    this.#path = `Pulumi.${stack.split("/").at(-1)}.yaml`;
  }

  /** Runs what may add the salt, and keeps everything else as it was. */
  async keepThrough<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#read();
    try {
      return await work();
    } finally {
      const after = this.#read();
      if (before !== undefined && after !== undefined)
        this.#write(after, withSaltOf(before, after));
    }
  }

  /** Takes the salt out; removes a file that held nothing else. */
  removeSalt(): void {
    const text = this.#read();
    if (text === undefined) return;
    const rest = withoutSalt(text);
    if (rest === "" && text !== "") rmSync(this.#path);
    else this.#write(text, rest);
  }

  // latin1 keeps every byte.
  #read(): string | undefined {
    return existsSync(this.#path) ? readFileSync(this.#path, "latin1") : undefined;
  }

  #write(old: string, text: string): void {
    if (text !== old) writeFileSync(this.#path, text, "latin1");
  }
}
