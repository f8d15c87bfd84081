import { type ChildProcess, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { eventually } from "./project.ts";

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

/** Kills the engine and all its plugins with -9 as soon as `condition` holds; what they started goes on by itself. */
export async function killWhen(up: ChildProcess, condition: () => Promise<boolean> | boolean): Promise<void> {
  const closed = new Promise((resolve) => up.on("close", resolve));
  await eventually("the moment to kill `pulumi up`", async () => up.exitCode !== null || (await condition()));
  for (const pid of family(up.pid as number)) {
    try {
      if (/^(pulumi|node)/.test(readFileSync(`/proc/${pid}/comm`, "utf8"))) process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  await closed;
}
