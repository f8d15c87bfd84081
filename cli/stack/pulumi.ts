import { spawn } from "node:child_process";
import { constants } from "node:os";
import { shown } from "../../hosts/foreignText.ts";
import { CliError, ExitStatus } from "../program.ts";

/** How a run of `pulumi` ended. */
export interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs `pulumi` without showing its output. */
export async function pulumi(...args: string[]): Promise<Result> {
  const child = spawn("pulumi", [...args, "--non-interactive"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const result = { status: 1, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (result.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (result.stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      reject(notThere(error));
    });
    child.once("close", (code) => {
      resolve({ ...result, status: code ?? 1 });
    });
  });
}

/** Runs `pulumi` on the terminal of the person, with their Ctrl-C. @returns its exit status */
export async function pulumiLive(...args: string[]): Promise<number> {
  const child = spawn("pulumi", args, { stdio: "inherit" });
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to Pulumi as well, and Pulumi takes two of them for "at once".
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", (error) => {
        reject(notThere(error));
      });
      child.once("close", (code, signal) => {
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      });
    });
  } finally {
    for (const signal of signals) process.removeListener(signal, forward);
  }
}

/**
 * The stack to work on: the one asked for, else the selected one (`PULUMI_STACK`, `pulumi stack
 * select`), else `dev`. Says on standard error which one it took where none was asked for.
 */
export async function stackName(asked: string | undefined): Promise<string> {
  if (asked !== undefined) return asked;
  const { stack, why } = await unnamedStack();
  console.error(shown(`No stack was named: taking ${stack}, ${why}`));
  return stack;
}

async function unnamedStack(): Promise<{ stack: string; why: string }> {
  if (process.env.PULUMI_STACK)
    return { stack: process.env.PULUMI_STACK, why: "which PULUMI_STACK says" };
  const { status, stdout } = await pulumi("stack", "--show-name");
  if (status === 0) return { stack: stdout.trim(), why: "the selected one (pulumi stack select)" };
  return { stack: "dev", why: "for none is selected" };
}

function notThere(error: Error): CliError {
  const next =
    "Use npm start, npm run status, drill or destroy, which set it up; or install it: https://www.pulumi.com/docs/install/";
  return new CliError(
    `The program pulumi could not be started: ${error.message}`,
    next,
    ExitStatus.couldNotLook,
  );
}
