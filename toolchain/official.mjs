import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ToolchainError } from "./errors.mjs";
import { cacheDirectory, CHECKOUT } from "./paths.mjs";
import { engineDirectory } from "./pieces.mjs";
import { ENGINE_VERSION } from "./pins.mjs";
import { putInPlace } from "./place.mjs";
import { say, step } from "./progress.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */
/** @typedef {import("./pieces.mjs").Piece} Piece */

/** A download that brings nothing for so long is given up. */
const SILENCE_MS = 8_000;

/**
 * Lets the npm package `pulumi` download the official engine, as it does at its first run. What the
 * official distribution has besides the engine goes into place too, except over something that is
 * there.
 * @param {string} pulumiHome
 * @param {Environment} env
 * @returns {Promise<boolean>} whether that was possible
 */
export function downloadEngine(pulumiHome, env) {
  const cli = join(CHECKOUT, "node_modules", "pulumi", "run.js");
  if (!existsSync(cli)) return Promise.resolve(false);
  return attempt(`Pulumi ${ENGINE_VERSION}`, process.execPath, [cli, "version"], env, (staging) => {
    const from = engineDirectory(staging);
    for (const name of readdirSync(from)) {
      const target = join(engineDirectory(pulumiHome), name);
      if (!existsSync(target)) putInPlace(join(from, name), target);
    }
  });
}

/**
 * Lets the engine download an official plugin.
 * @param {Piece} piece
 * @param {string} pulumiHome
 * @param {Environment} env
 * @returns {Promise<boolean>} whether that was possible
 */
export function downloadPlugin(piece, pulumiHome, env) {
  if (!piece.plugin) return Promise.resolve(false);
  const { name, version } = piece.plugin;
  const engine = join(engineDirectory(pulumiHome), "pulumi");
  return attempt(
    `${piece.name} ${version}`,
    engine,
    ["plugin", "install", "resource", name, version],
    env,
    (staging) => {
      putInPlace(join(staging, piece.file), join(pulumiHome, piece.file));
    },
  );
}

/**
 * Downloads into a directory of its own, where growth tells a slow network from none at all.
 * @param {string} what
 * @param {string} program
 * @param {string[]} args
 * @param {Environment} env
 * @param {(staging: string) => void} accept takes over what has been downloaded
 * @returns {Promise<boolean>} whether it worked
 */
export async function attempt(what, program, args, env, accept) {
  const staging = join(cacheDirectory(env), `download-${process.pid}`);
  mkdirSync(staging, { recursive: true });
  try {
    await step(program, args, {
      title: `Downloading ${what}`,
      env: { ...env, PULUMI_HOME: staging, TMPDIR: staging, PULUMI_SKIP_UPDATE_CHECK: "true" },
      watch: (kill) => killWhenSilent(staging, kill),
    });
    accept(staging);
    say(`Downloaded the official ${what}`);
    return true;
  } catch (error) {
    if (!(error instanceof ToolchainError) && !isMissingFile(error)) throw error;
    say(`The official ${what} cannot be downloaded from here`);
    return false;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * @param {string} directory
 * @param {() => void} kill
 * @returns {() => void} stops watching
 */
function killWhenSilent(directory, kill) {
  let size = bytesIn(directory);
  let since = Date.now();
  const timer = setInterval(() => {
    const now = bytesIn(directory);
    if (now !== size) [size, since] = [now, Date.now()];
    else if (Date.now() - since > SILENCE_MS) kill();
  }, 500);
  return () => clearInterval(timer);
}

/** @param {string} directory */
function bytesIn(directory) {
  let bytes = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** @param {unknown} error */
function isMissingFile(error) {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
