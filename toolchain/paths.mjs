import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {Record<string, string | undefined>} Environment the variables of a process */

/** This folder. */
export const TOOLCHAIN = dirname(fileURLToPath(import.meta.url));

/** The folder that package.json is in. */
export const CHECKOUT = dirname(TOOLCHAIN);

const NAME = "pulumi-redis-ha";

/**
 * @param {Environment} env
 * @returns {string} the person's home directory
 */
export function home(env) {
  return env.HOME || homedir();
}

/**
 * @param {Environment} env
 * @returns {string} what can be made again at any time
 */
export function cacheDirectory(env) {
  return join(env.XDG_CACHE_HOME || join(home(env), ".cache"), NAME);
}

/**
 * @param {Environment} env
 * @returns {string} what must not get lost: stacks and the passphrase of their secrets
 */
export function stateDirectory(env) {
  return join(env.XDG_STATE_HOME || join(home(env), ".local", "state"), NAME);
}
