import assert from "node:assert/strict";
import { type ChildProcess, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { eventually } from "../support/project.ts";

/** Everything that descends from a process, it first. */
function family(pid: number): number[] {
  const children = execFileSync("ps", ["-A", "-o", "pid=,ppid="])
    .toString()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child as number);
  return [pid, ...children.flatMap(family)];
}

/** Ends a process at once. @returns its name, nothing where it had ended by itself. */
function kill(pid: number): string | undefined {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    if (!/^(pulumi|node)/.test(name)) return undefined;
    process.kill(pid, "SIGKILL");
    return name;
  } catch {
    return undefined;
  }
}

/**
 * Kills the engine and all its plugins with -9 as soon as `condition` holds; what they started goes
 * on by itself.
 *
 * @param condition a state that `up` surely goes through, and stays in for long enough to be seen.
 * @throws AssertionError with what `up` said, where it had ended before that: a test of what comes
 * after a kill has not been one.
 */
export async function killWhen(
  up: ChildProcess,
  condition: () => Promise<boolean> | boolean,
): Promise<void> {
  let output = "";
  for (const stream of [up.stdout, up.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  const closed = new Promise((resolve) => up.on("close", resolve));
  const ended = () => up.exitCode !== null || up.signalCode !== null;
  await eventually(
    "the moment to kill `pulumi up`",
    async () => ended() || (await condition()),
    180,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output}`);
  });
  const killed = ended() ? [] : family(up.pid as number).map(kill);
  await closed;
  const how = `\`pulumi up\` ended with ${up.exitCode ?? up.signalCode} and said:\n${output}`;
  assert.ok(killed.includes("pulumi"), `the engine was not killed: ${how}`);
  assert.equal(up.signalCode, "SIGKILL", how);
}
