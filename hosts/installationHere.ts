import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../scripts/bundle.ts";
import { puts } from "./shell.ts";

/** Scripts in a file of the user's cache, on the machine that runs Pulumi. */
export interface InstallationHere {
  /** Changes with them. */
  name: string;
  /**
   * Shell text that sets scripts to the file, which defines `installation`: that puts them, for one
   * who has set here, mark and adopt (scripts/install.sh).
   */
  locate: string;
  /** Makes the file, before a command is run that reads it. */
  prepare: () => void;
}

/**
 * What puts scripts where a command of the machine that runs Pulumi can: they are in a file, so
 * that neither the stack's state nor what engine and plugin hand on has them. The file is named by
 * its content; whatever the state says, each `up` makes it.
 *
 * @param scripts names of programs, such as `lifecycle.sh`.
 * @returns nothing where the user has no cache, or somebody else could write in it (as where root
 * has the HOME of who became root).
 */
export function installationHere(scripts: readonly string[]): InstallationHere | undefined {
  const directory = cacheHere("scripts");
  if (directory === undefined) return undefined;
  const files = Object.fromEntries(scripts.map((script) => [script, scriptText(script)]));
  const content = `installation() {\n${scriptText("install.sh")}${puts(files)}}\n`;
  const name = `${createHash("sha256").update(content).digest("hex").slice(0, 32)}.sh`;
  return {
    name,
    // Whoever runs it may have another cache than who ran Pulumi before: that changes nothing.
    locate: `scripts=\${XDG_CACHE_HOME:-$HOME/.cache}/pulumi-redis-ha/scripts/${name}
[ -f "$scripts" ] || { echo "$scripts is gone: each pulumi up makes it, so run that again" >&2; exit 1; }
`,
    prepare: () => keep(directory, name, content),
  };
}

/** @returns a directory of the user's cache, missing or not, in which nobody else could write. */
export function cacheHere(name: string): string | undefined {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const cache = XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : "");
  const directory = join(cache, "pulumi-redis-ha", name);
  return isAbsolute(directory) && isOurs(directory) ? directory : undefined;
}

/** @returns `text` once what it reads is there, where it is to be run. */
export function onceThere(
  text: pulumi.Output<string>,
  prepare: (() => void) | undefined,
): pulumi.Output<string> {
  return text.apply((known) => {
    // Neither in a preview nor in somebody's unit test it is.
    if (!pulumi.runtime.isDryRun() && pulumi.runtime.getEngine()) prepare?.();
    return known;
  });
}

/** Nothing is made here: it may be a preview that asks. */
function isOurs(directory: string): boolean {
  let there = directory;
  while (!existsSync(there)) there = dirname(there);
  try {
    accessSync(there, constants.W_OK);
    return statSync(there).isDirectory() && [there, realpathSync(there)].every(onlyByUs);
  } catch {
    return false;
  }
}

/** Whether nobody but this user and root can put something else in the place of a directory. */
function onlyByUs(directory: string): boolean {
  const parts = directory.split("/").map((_, index, all) => all.slice(0, index + 1).join("/"));
  for (const part of parts.map((each) => each || "/")) {
    const { uid, mode } = lstatSync(part);
    if (uid !== 0 && uid !== process.getuid?.()) return false;
    const isLink = (mode & constants.S_IFMT) === constants.S_IFLNK;
    // In one like /tmp, nobody can replace what is another's.
    if (!isLink && (mode & 0o022) !== 0 && (mode & 0o1000) === 0) return false;
    // Nobody else gets to what is below.
    if (!isLink && (mode & 0o077) === 0) return true;
  }
  return true;
}

/** ms that a file stays which another version of this package may be about to read. */
const othersStay = 86_400_000;

function keep(directory: string, name: string, content: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
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
