import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDirectory, CHECKOUT, home, stateDirectory } from "./paths.mjs";
import { engineDirectory } from "./pieces.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */

/**
 * @typedef {object} Choices
 * @property {Environment} env the variables as they came
 * @property {string} pulumiHome
 * @property {string} [node] directory of a newer Node.js
 */

/**
 * @param {Choices} choices
 * @returns {Record<string, string>} the variables to set so that everything of Pulumi is found
 */
export function pulumiEnvironment({ env, pulumiHome, node }) {
  const backend = backendEnvironment(env, pulumiHome);
  return {
    PATH: [engineDirectory(pulumiHome), node, join(CHECKOUT, "node_modules", ".bin"), env.PATH]
      .filter(Boolean)
      .join(delimiter),
    PULUMI_HOME: pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Takes a third of a second off every run.
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE || join(cacheDirectory(env), "compile-cache"),
    ...backend,
    ...passphraseEnvironment(env, backend.PULUMI_BACKEND_URL ?? currentBackend(pulumiHome)),
  };
}

/**
 * @param {Environment} env
 * @param {string} pulumiHome
 * @returns {Record<string, string>} where stacks are kept: what the person has chosen, else a local
 * directory
 */
function backendEnvironment(env, pulumiHome) {
  if (env.PULUMI_BACKEND_URL) return { PULUMI_BACKEND_URL: env.PULUMI_BACKEND_URL };
  if (env.PULUMI_ACCESS_TOKEN || env.PULUMI_CREDENTIALS_PATH) return {};
  if (currentBackend(pulumiHome)) return {};
  const own = join(home(env), ".pulumi");
  const chosen = currentBackend(own);
  // With PULUMI_HOME elsewhere the engine would not see the person's login.
  if (chosen) return { PULUMI_BACKEND_URL: chosen, PULUMI_CREDENTIALS_PATH: own };
  return { PULUMI_BACKEND_URL: localBackend(env) };
}

/**
 * @param {string} directory
 * @returns {string | undefined} the backend that somebody has logged in to
 */
function currentBackend(directory) {
  try {
    /** @type {{ current?: string }} */
    const credentials = JSON.parse(readFileSync(join(directory, "credentials.json"), "utf8"));
    return credentials.current || undefined;
  } catch {
    return undefined;
  }
}

/** @param {Environment} env */
function localBackend(env) {
  const directory = join(stateDirectory(env), "backend");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return pathToFileURL(directory).href;
}

/**
 * @param {Environment} env
 * @param {string | undefined} backend
 * @returns {Record<string, string>} what encrypts secrets in a local backend, unless the person has
 * chosen
 */
function passphraseEnvironment(env, backend) {
  const chosen =
    env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  if (chosen || !backend?.startsWith("file:")) return {};
  return { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(env) };
}

/**
 * Made once, and never again: without it the secrets of every stack would be lost.
 * @param {Environment} env
 * @returns {string}
 */
function passphraseFile(env) {
  const directory = stateDirectory(env);
  const file = join(directory, "passphrase");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    const handle = openSync(file, "wx", 0o600);
    writeSync(handle, `${randomBytes(32).toString("base64url")}\n`);
    closeSync(handle);
    chmodSync(file, 0o600);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return file;
}
