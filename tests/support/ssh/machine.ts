import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A machine that is reached over SSH, as the tests see it from outside. */
export interface Machine {
  readonly name: string;
  readonly address: string;
  /** Fingerprint of its ed25519 key. */
  readonly fingerprint: string;
  /** Runs shell text as root on it, not over SSH. */
  run(text: string): Promise<string>;
  /** Off and on again, without a word to anybody. */
  reboot(): Promise<void>;
}

export async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** The same words on several machines, as shell text. */
export function sh(text: string): Promise<string> {
  return run("sh", "-ec", text);
}
