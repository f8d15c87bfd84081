import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError } from "../program.ts";
import { pulumi } from "./pulumi.ts";

/** Who holds a stack, as Pulumi's file backend notes it. */
export interface Lock {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/**
 * What is known of a process: its program's name, or undefined if there is none with that number.
 */
export type ProgramOf = (pid: number) => string | undefined;

/**
 * `left`: its maker is gone. `held`: its maker works. `elsewhere`: another machine's, nobody can
 * tell from here.
 */
export type Judgement = "left" | "held" | "elsewhere";

export function judgeLock(lock: Lock, thisHost: string, programOf: ProgramOf): Judgement {
  if (lock.hostname !== thisHost) return "elsewhere";
  // The number of a process that ended is given to others.
  return programOf(lock.pid)?.startsWith("pulumi") ? "held" : "left";
}

/**
 * Cleans up after a run that was killed, saying so: its lock, half-written files and unfinished
 * operations. What it had begun to create is created again, which does no harm: each step first
 * looks at what is there.
 *
 * @throws CliError if somebody is at work on the stack
 */
export async function releaseStack(stack: string, say: (line: string) => void): Promise<void> {
  const backend = await fileBackend(stack);
  if (!backend) return;
  const locks = filesIn(backend.locks, ".json").flatMap((file) =>
    parseLock(readFileSync(file, "utf8")),
  );
  const judged = locks.map((lock) => ({
    lock,
    judgement: judgeLock(lock, hostname(), programOnThisMachine),
  }));
  const inTheWay = judged.find(({ judgement }) => judgement !== "left");
  if (inTheWay) throw heldError(stack, inTheWay.lock, inTheWay.judgement);
  if (locks.length > 0) {
    for (const lock of locks)
      say(`${lockText(lock)} was killed before its end: releasing the stack ${stack}`);
    removeTorn(backend);
    await succeed("cancel", "--yes", "--stack", stack);
  }
  if (hasPendingOperations(backend.checkpoint)) {
    say("Forgetting the operations that it did not finish");
    // Without the pulumi up that follows, they would be a warning for ever: nothing else clears a
    // pending creation.
    await succeed(
      "refresh",
      "--yes",
      "--skip-preview",
      "--clear-pending-creates",
      "--stack",
      stack,
    );
  }
}

async function succeed(...args: string[]): Promise<void> {
  const { status, stdout, stderr } = await pulumi(...args);
  if (status !== 0)
    throw new CliError(`pulumi ${args.join(" ")} failed: ${stderr.trim() || stdout.trim()}`);
}

function heldError(stack: string, lock: Lock, judgement: Judgement): CliError {
  const held = `The stack ${stack} is being changed by ${lockText(lock)}.`;
  if (judgement === "held")
    return new CliError(held, `Wait for its end, or end it (kill ${lock.pid}), then try again.`);
  return new CliError(
    held,
    `That is another machine. If nothing runs there any more: pulumi cancel --yes --stack ${stack}, then try again.`,
  );
}

function lockText({ pid, username, hostname: host, timestamp }: Lock): string {
  return `pulumi (pid ${pid}, started by ${username} on ${host} at ${timestamp.slice(0, 19)}Z)`;
}

/** Where Pulumi's file backend keeps a stack. */
interface FileBackend {
  checkpoint: string;
  locks: string;
}

/**
 * @returns undefined where Pulumi keeps stacks elsewhere than in files: then Pulumi itself has to
 * say what is wrong
 */
async function fileBackend(stack: string): Promise<FileBackend | undefined> {
  const directory = backendDirectory(await backendUrl());
  if (directory === undefined || !existsSync("Pulumi.yaml")) return undefined;
  const project = /^name:\s*["']?([^"'\s]+)/m.exec(readFileSync("Pulumi.yaml", "utf8"))?.[1] ?? "";
  const name = stack.split("/").at(-1) ?? stack;
  const state = join(directory, ".pulumi");
  return {
    checkpoint: join(state, "stacks", project, `${name}.json`),
    locks: join(state, "locks", "organization", project, name),
  };
}

/**
 * Pulumi replaces a checkpoint in one step, but not the `.attrs` beside it (a checksum and a
 * content type); an empty one makes the whole stack unreadable ("failed to load checkpoint: EOF"),
 * a missing one does not matter.
 */
function removeTorn({ checkpoint, locks }: FileBackend): void {
  const beside = filesIn(dirname(checkpoint), "").filter((file) =>
    file.startsWith(`${checkpoint}.`),
  );
  for (const file of [...beside, ...filesIn(locks, ".attrs")]) {
    if (file.endsWith(".tmp") || (file.endsWith(".attrs") && !isJson(readFileSync(file, "utf8"))))
      rmSync(file);
  }
}

function hasPendingOperations(checkpoint: string): boolean {
  if (!existsSync(checkpoint)) return false;
  const text = readFileSync(checkpoint, "utf8");
  if (!isJson(text)) return false;
  const { checkpoint: content } = JSON.parse(text) as {
    checkpoint?: { latest?: { pending_operations?: unknown[] } };
  };
  return (content?.latest?.pending_operations ?? []).length > 0;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function filesIn(directory: string, ending: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(directory, name));
}

/** @returns nothing if it is not whole: then Pulumi itself has to say what it thinks of it */
export function parseLock(json: string): Lock[] {
  try {
    const { pid, username, hostname: host, timestamp } = JSON.parse(json) as Partial<Lock>;
    if (pid === undefined || host === undefined) return [];
    return [{ pid, username: username ?? "?", hostname: host, timestamp: timestamp ?? "?" }];
  } catch {
    return [];
  }
}

async function backendUrl(): Promise<string> {
  if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
  const { status, stdout } = await pulumi("whoami", "--json");
  return status === 0 ? ((JSON.parse(stdout) as { url?: string }).url ?? "") : "";
}

/**
 * @param url such as `file:///home/me/state`, `file://~`, `file://./state` @returns undefined for
 * other kinds of backend
 */
export function backendDirectory(url: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  if (path.startsWith("~")) return join(homedir(), path.slice(1));
  return path.startsWith("/") ? fileURLToPath(`file://${path}`) : path;
}

function programOnThisMachine(pid: number): string | undefined {
  try {
    // Throws if there is none; a process of somebody else counts.
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  try {
    return programOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // No /proc here: take it for ours rather than cancel a run that works.
    return process.platform === "linux" ? undefined : "pulumi";
  }
}

/**
 * @param stat /proc/PID/stat @returns the program's name; undefined for a zombie, which only waits
 * to be noticed
 */
export function programOf(stat: string): string | undefined {
  const end = stat.lastIndexOf(")");
  return /^\) [ZX]/.test(stat.slice(end)) ? undefined : stat.slice(stat.indexOf("(") + 1, end);
}
