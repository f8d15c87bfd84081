import { spawn } from "node:child_process";

/** How a command of the stack's outputs ended. */
export interface Ended {
  /** 124 where it was ended by the limit. */
  status: number;
  stdout: string;
  stderr: string;
}

/** Characters that are kept of what a command says. */
const most = 65_536;

/**
 * Runs one of the commands that the stack's outputs give, without showing what it prints.
 *
 * @param input for its standard input.
 * @param limit milliseconds after which it is ended, with all that it has started.
 */
export function runShell(command: string, input: string, limit: number): Promise<Ended> {
  // A group of its own: what it started ends with it, and no Ctrl-C of the terminal ends it.
  const child = spawn("sh", ["-c", command], { stdio: "pipe", detached: true });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] = (said[name] + text).slice(0, most);
    });
  // It may end without having read any of it.
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      resolve({ ...said, status: 124 });
    }, limit);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ ...said, status: code ?? 1 });
    });
  });
}
