import { spawn } from "node:child_process";
import { ToolchainError } from "./errors.mjs";
import { parseNeeds, runMain, setup } from "./setup.mjs";
import { resolveNeeds } from "./stackNeeds.mjs";

/** What a shell returns for a command that cannot be started. */
const NOT_FOUND = 127;

/**
 * Runs a command with everything in place, as if it had been typed itself: same terminal, same
 * signals, same exit status.
 */
async function main() {
  const { needs, rest } = parseNeeds(process.argv.slice(2));
  const [dashes, command, ...args] = rest;
  if (dashes !== "--" || !command) {
    throw new ToolchainError(
      "Usage: node toolchain/run.mjs [--need stack] -- COMMAND ARGUMENTS...",
    );
  }
  const resolved = resolveNeeds(needs, [command, ...args], process.env);
  const variables = await setup(resolved);
  await replaceWith(command, args, {
    ...process.env,
    ...variables,
    ...(needs.length ? withoutDownloads(process.env) : {}),
  });
}

/**
 * The official language host names every plugin that node_modules could use, and the engine then
 * tries to download those that are not there: for a command whose needs are known, that could only
 * bring what it does not need.
 * @param {import("./paths.mjs").Environment} env
 */
function withoutDownloads(env) {
  return {
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:
      env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION ?? "true",
  };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("./paths.mjs").Environment} env
 * @returns {Promise<void>}
 */
function replaceWith(command, args, env) {
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the command as well, and Pulumi takes two of them for "at once".
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  // Before the command starts: one that came in between would end this process only.
  for (const signal of signals) process.on(signal, forward);
  const child = spawn(command, args, { stdio: "inherit", env });
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new ToolchainError(`${command}: ${error.message}`, NOT_FOUND)),
    );
    child.once("exit", (code, signal) => {
      for (const name of signals) process.removeListener(name, forward);
      if (signal) process.kill(process.pid, signal);
      process.exitCode = code ?? 1;
      resolve();
    });
  });
}

await runMain(main);
