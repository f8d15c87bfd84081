import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CliError, ExitStatus, messageOf } from "../program.ts";
import type { NodeEndpoint } from "../stack/outputs.ts";
import { connection } from "../topology/connection.ts";
import { nodeText } from "../topology/judge.ts";

/** A node's process on this machine. */
export interface NodeProcess {
  pid: number;
  /** Clock ticks after the boot at which it was started. */
  born: string;
}

/**
 * Finds the process of a node by what host.sh noted of it.
 *
 * @throws CliError with exit status 2 if it does not run on this machine
 */
export function nodeProcess(node: NodeEndpoint): NodeProcess {
  const file = join(node.directory, "pid");
  let note: string;
  try {
    note = readFileSync(file, "utf8");
  } catch (error) {
    const next = "The drill stops and starts processes of this machine only; run it on the machine of the master.";
    throw new CliError(`${nodeText(node)} does not seem to run on this machine: ${messageOf(error)}`, next, ExitStatus.couldNotLook);
  }
  const [pid = "", born = ""] = note.trim().split(/\s+/);
  const process = { pid: Number(pid), born };
  if (!isAlive(process)) {
    const next = "npm start (or pulumi up) repairs a node whose process is another than the noted one.";
    throw new CliError(`${nodeText(node)} answers, but the process noted in ${file} (pid ${pid}) is not alive.`, next, ExitStatus.couldNotLook);
  }
  return process;
}

/** Whether it is still that process, and no later one with the same number. */
export function isAlive({ pid, born }: NodeProcess): boolean {
  try {
    return birthOf(readFileSync(`/proc/${pid}/stat`, "utf8")) === born;
  } catch {
    return false;
  }
}

/** @param stat /proc/PID/stat, whose second field may hold blanks and parentheses @returns its 22nd field */
export function birthOf(stat: string): string | undefined {
  return stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
}

/** Ends the process as a crash does. */
export function crash(node: NodeEndpoint, { pid }: NodeProcess): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    throw new CliError(`${nodeText(node)} could not be killed: ${messageOf(error)}`, "Run the drill as the user who ran npm start.");
  }
}

/** Tells the server to end. Returns at once: whether it ended, the process shows. */
export function shutDown(node: NodeEndpoint, failed: (error: Error) => void): void {
  const redis = connection(node, { commandTimeout: undefined });
  // The good answer is the end of the connection.
  redis.call("SHUTDOWN").catch((error: unknown) => {
    if (error instanceof Error && error.name === "ReplyError") failed(error);
  });
}

/**
 * Starts the node again, as its host does.
 *
 * @param say shows the lines that the host's script prints
 * @throws CliError if it does not get ready
 */
export async function startAgain(node: NodeEndpoint, say: (line: string) => void): Promise<void> {
  const script = join(node.directory, "..", "host.sh");
  // Out of reach of the terminal's Ctrl-C: a node that is being started shall be.
  const child = spawn("sh", [script, "start", node.directory], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.trimEnd().split("\n")) say(line);
    });
  }
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
  });
  if (status !== 0) throw new CliError(`${nodeText(node)} was not started again, see above.`, "npm start (or pulumi up) repairs it.");
}
