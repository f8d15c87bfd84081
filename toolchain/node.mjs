import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ToolchainError } from "./errors.mjs";
import { cacheDirectory } from "./paths.mjs";
import { NODE_MINIMUM, NODE_VERSION } from "./pins.mjs";
import { isProgram } from "./programs.mjs";
import { say, step } from "./progress.mjs";
import { atLeast } from "./versions.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */

/**
 * @param {Environment} env
 * @param {string} [version] of the Node.js that runs this
 * @returns {string | undefined} the directory to put in front of PATH; none if the machine's
 * Node.js will do
 */
export function nodeDirectory(env, version = process.versions.node) {
  if (atLeast(version, NODE_MINIMUM)) return undefined;
  const bin = join(prefix(env), "node_modules", packageName(), "bin");
  return isProgram(join(bin, "node")) ? bin : undefined;
}

/**
 * @param {Environment} env
 * @param {string} [version] of the Node.js that runs this
 * @returns {boolean} whether a newer Node.js has to be fetched
 */
export function nodeMissing(env, version = process.versions.node) {
  return !atLeast(version, NODE_MINIMUM) && nodeDirectory(env, version) === undefined;
}

/**
 * Fetches a newer Node.js from the npm registry into the cache; the machine's own stays as it is.
 * @param {Environment} env
 */
export async function installNode(env) {
  say(
    `Node.js ${process.versions.node} is older than ${NODE_MINIMUM}: fetching ${NODE_VERSION} into the cache`,
  );
  mkdirSync(prefix(env), { recursive: true });
  const exact = `${packageName()}@${NODE_VERSION}`;
  await step(
    "npm",
    [
      "install",
      "--prefix",
      prefix(env),
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--no-save",
      exact,
    ],
    {
      title: `Node.js ${NODE_VERSION}`,
      env,
    },
  );
  const node = join(prefix(env), "node_modules", packageName(), "bin", "node");
  try {
    execFileSync(node, ["--version"], { stdio: "pipe" });
  } catch {
    throw new ToolchainError(
      `The npm package ${exact} does not run on this machine. Install Node.js ${NODE_MINIMUM} or newer.`,
    );
  }
}

/** @param {Environment} env */
function prefix(env) {
  return join(cacheDirectory(env), `node-${NODE_VERSION}`);
}

function packageName() {
  return `node-${process.platform}-${process.arch}`;
}
