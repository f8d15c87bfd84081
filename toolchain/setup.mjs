import { readdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { pulumiEnvironment } from "./environment.mjs";
import { ToolchainError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { installNode, nodeDirectory, nodeMissing } from "./node.mjs";
import { installPackages, packagesMissing } from "./npm.mjs";
import { installRequirements, missingRequirements, REQUIREMENTS } from "./packages.mjs";
import { cacheDirectory, CHECKOUT } from "./paths.mjs";
import { PIECES } from "./pieces.mjs";
import { buildProgram } from "./program.mjs";
import { shellQuote } from "./programs.mjs";
import { say } from "./progress.mjs";
import { choosePulumiHome, installPieces, missingPieces } from "./pulumi.mjs";
import { resolveNeeds, STACK_NEEDS } from "./stackNeeds.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */

/**
 * Makes sure that everything is there.
 * @param {string[]} [needs] what the command needs besides Pulumi, for example "redis"
 * @param {Environment} [env]
 * @returns {Promise<Record<string, string>>} the variables to set
 * @throws {ToolchainError} naming what is missing and what to type
 */
export async function setup(needs = [], env = process.env) {
  checkNeeds(needs);
  if (anythingMissing(needs, env)) {
    const stopListening = exitOnSignals();
    await withLock(join(cacheDirectory(env), "setup.lock"), () => install(needs, env));
    stopListening();
  }
  // Where that can't be, as the checkout is somebody else's, the sources run.
  await buildProgram().catch(() => undefined);
  return pulumiEnvironment({ env, pulumiHome: choosePulumiHome(env), node: nodeDirectory(env) });
}

/**
 * @param {string[]} needs
 * @param {Environment} env
 */
function anythingMissing(needs, env) {
  return (
    nodeMissing(env) ||
    packagesMissing(CHECKOUT) ||
    missingPieces(choosePulumiHome(env), needs).length > 0 ||
    missingRequirements(needs, env).length > 0
  );
}

/**
 * Looks again at each part: another set-up may have done it while this one waited.
 * @param {string[]} needs
 * @param {Environment} env
 */
async function install(needs, env) {
  removeLeftovers(cacheDirectory(env));
  // First what may need the person: nobody should wait minutes for a question.
  const requirements = missingRequirements(needs, env);
  if (requirements.length) await installRequirements(requirements, env);
  if (nodeMissing(env)) await installNode(env);
  const node = nodeDirectory(env);
  const withNode = node ? { ...env, PATH: `${node}:${env.PATH}` } : env;
  if (packagesMissing(CHECKOUT)) await installPackages(CHECKOUT, withNode);
  const pulumiHome = choosePulumiHome(env);
  if (missingPieces(pulumiHome, needs).length) await installPieces(pulumiHome, needs, withNode);
  say("Everything is in place");
}

/**
 * What a set-up that was killed has left; only the holder of the lock may do this.
 * @param {string} cache
 */
function removeLeftovers(cache) {
  for (const name of readdirSync(cache)) {
    if (/^(build|download)-\d+$/.test(name))
      rmSync(join(cache, name), { recursive: true, force: true });
  }
}

/**
 * A signal would end this process without its exit handlers, which free the lock and end downloads.
 * @returns {() => void} back to as it was
 */
function exitOnSignals() {
  /** @param {NodeJS.Signals} signal */
  const exit = (signal) => process.exit(128 + constants.signals[signal]);
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.once(signal, exit);
  return () => signals.forEach((signal) => process.removeListener(signal, exit));
}

/** @param {string[]} needs */
function checkNeeds(needs) {
  const known = new Set([
    ...Object.keys(REQUIREMENTS),
    ...PIECES.flatMap((piece) => piece.onlyFor ?? []),
    ...STACK_NEEDS,
  ]);
  const unknown = needs.find((need) => !known.has(need));
  if (unknown)
    throw new ToolchainError(
      `--need ${unknown}: expected one or more of ${[...known].join(", ")}, with commas`,
    );
}

/**
 * @param {string[]} args
 * @returns {{ needs: string[], rest: string[] }} what stands after --need, and the other arguments
 */
export function parseNeeds(args) {
  const [option, value = "", ...rest] = args;
  if (option !== "--need") return { needs: [], rest: args };
  return { needs: value.split(",").filter(Boolean), rest };
}

/**
 * Runs a script's main part; an error that the person can put right is shown without a stack trace.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    say(error.message);
    process.exitCode = error.exitStatus;
  }
}

async function main() {
  const { needs, rest } = parseNeeds(process.argv.slice(2));
  if (rest.length > 1 || (rest.length === 1 && rest[0] !== "--print-env")) {
    throw new ToolchainError("Usage: node toolchain/setup.mjs [--need docker,redis] [--print-env]");
  }
  const variables = await setup(resolveNeeds(needs, [], process.env));
  if (rest.length) {
    for (const [name, value] of Object.entries(variables))
      console.log(`export ${name}=${shellQuote(value)}`);
  }
}

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) await runMain(main);
