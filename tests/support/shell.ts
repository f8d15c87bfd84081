import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const scripts = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "scripts");

/** Every shell in which a decision has to be the same. */
export const shells: readonly (readonly string[])[] = [["dash"], ["busybox", "sh"]];

/**
 * Calls functions of scripts/ as they are, without a server, a file or a question to anybody.
 *
 * @param files below scripts/ that define them.
 * @param program shell text after them.
 * @param input what it reads.
 * @returns the lines that it prints.
 */
export function inShell(
  shell: readonly string[],
  files: readonly string[],
  program: string,
  input: string,
): string[] {
  const text = files
    .map((file) => readFileSync(join(scripts, file), "utf8").replaceAll(/^# use .*\n/gm, ""))
    .join("\n");
  const [command = "", ...args] = shell;
  const out = execFileSync(command, [...args, "-c", `set -u\nLC_ALL=C\n${text}\n${program}`], {
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return out.split("\n").slice(0, -1);
}
