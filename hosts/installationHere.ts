import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { isAbsolute, join } from "node:path";
import { scriptText } from "../scripts/bundle.ts";
import type { Installation } from "./installation.ts";
import { puts } from "./shell.ts";

/**
 * What puts scripts onto the machine that runs Pulumi: they are in a file of the user's cache, so
 * that neither the stack's state nor what engine and plugin hand on has them. The file is named by
 * its content; whatever the state says, it is made before a command is run that reads it.
 *
 * @param scripts names of programs, such as `lifecycle.sh`.
 * @returns nothing where the user has no cache.
 */
export function installationHere(scripts: readonly string[]): Installation | undefined {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const cache = XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : "");
  const directory = join(cache, "pulumi-redis-ha", "scripts");
  if (!isAbsolute(directory) || !isMade(directory)) return undefined;
  const content =
    scriptText("install.sh") +
    puts(Object.fromEntries(scripts.map((script) => [script, scriptText(script)])));
  const name = `${createHash("sha256").update(content).digest("hex").slice(0, 32)}.sh`;
  return {
    // Whoever runs it may have another cache than who ran Pulumi before: that changes nothing.
    text: `scripts=\${XDG_CACHE_HOME:-$HOME/.cache}/pulumi-redis-ha/scripts/${name}
[ -f "$scripts" ] || { echo "$scripts is gone: each pulumi up makes it, so run that again" >&2; exit 1; }
. "$scripts"
`,
    prepare: () => keep(directory, name, content),
  };
}

function isMade(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return true;
  } catch {
    return false;
  }
}

/** ms that a file stays which another version of this package may be about to read. */
const othersStay = 86_400_000;

function keep(directory: string, name: string, content: string): void {
  const file = join(directory, name);
  try {
    if (readFileSync(file, "utf8") === content) return;
  } catch {
    // It is not there.
  }
  for (const each of readdirSync(directory).map((other) => join(directory, other)))
    if (Date.now() - statSync(each).mtimeMs > othersStay) rmSync(each, { force: true });
  writeFileSync(`${file}.${process.pid}`, content, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}
