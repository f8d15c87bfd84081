import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @returns the forms in which a secret may be found. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Inside of a longer text base64 has it at one of three offsets; what is at the ends depends on
  // its neighbours.
  const inBase64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(offset && 4, -4),
  );
  return [secret, bytes.toString("hex"), ...inBase64];
}

/** @returns those of the secrets, by name, that are in a text in some form. */
export function secretsIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

/**
 * Looks for secrets in the arguments of all processes, and in the environment of those that have
 * run for more than five seconds, all along.
 */
export class ProcessWatch {
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #found = new Set<string>();
  readonly #since = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  /** How many arguments of how many processes were read. */
  reads = 0;

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#secrets = secrets;
    this.#timer = setInterval(() => {
      this.#look();
    }, 20).unref();
  }

  /** @returns what was found, a line each. */
  stop(): string[] {
    clearInterval(this.#timer);
    return [...this.#found];
  }

  #look(): void {
    const now = Date.now();
    for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      const words = contentOf(join("/proc", pid, "cmdline"));
      const key = `${pid} ${words}`;
      const since = this.#since.get(key) ?? now;
      const isNew = !this.#since.has(key);
      this.#since.set(key, since);
      if (isNew) this.#note(`arguments of ${words.split("\0")[0]}`, words);
      // Once: it does not change from outside.
      if (now - since < 5000 || since < 0) continue;
      this.#since.set(key, -now);
      this.#note(
        `environment of ${words.replaceAll("\0", " ")}`,
        contentOf(join("/proc", pid, "environ")),
      );
    }
  }

  #note(where: string, text: string): void {
    this.reads++;
    for (const name of secretsIn(text, this.#secrets)) this.#found.add(`${name} in the ${where}`);
  }
}

/** A file that holds secrets. */
export interface Holder {
  file: string;
  /** Permissions, in octal. */
  mode: string;
  secrets: string[];
}

/** @returns the files below a directory that hold any of the secrets. */
export function holders(directory: string, secrets: Readonly<Record<string, string>>): Holder[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry): Holder[] => {
    const file = join(directory, entry.name);
    if (entry.isDirectory()) return holders(file, secrets);
    if (!entry.isFile()) return [];
    const found = secretsIn(contentOf(file), secrets);
    if (found.length === 0) return [];
    return [{ file, mode: (lstatSync(file).mode & 0o777).toString(8), secrets: found }];
  });
}

/** Whatever it is by now: what was there a moment ago may be gone. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
