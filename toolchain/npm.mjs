import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { say, step } from "./progress.mjs";

/**
 * @typedef {object} LockFile
 * @property {Record<string, { optional?: boolean, link?: boolean }>} packages
 */

/**
 * @param {string} checkout
 * @returns {boolean} whether node_modules is missing or was not made from the present
 * package-lock.json
 */
export function packagesMissing(checkout) {
  const lock = read(join(checkout, "package-lock.json"));
  if (lock === undefined) return false;
  if (read(stampFile(checkout)) === digest(lock)) return false;
  const installed = read(join(checkout, "node_modules", ".package-lock.json"));
  if (installed === undefined || !matches(lock, installed)) return true;
  writeStamp(checkout);
  return false;
}

/**
 * @param {string} checkout
 * @param {import("./paths.mjs").Environment} env
 */
export async function installPackages(checkout, env) {
  say("Installing the npm packages");
  // No package here needs its install script, and some would look for plugins to download. Those
  // that the stack shares with the programs of others are the package's peers, and ours in the
  // versions of devDependencies.
  await step(
    "npm",
    ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      title: "npm ci",
      cwd: checkout,
      env,
    },
  );
  writeStamp(checkout);
}

/**
 * Somebody may have typed `npm ci`: npm keeps a record of what it put there.
 * @param {string} lock content of package-lock.json
 * @param {string} installed content of npm's record
 * @returns {boolean} whether all that the lock asks for is there, and nothing else
 */
function matches(lock, installed) {
  const wanted = parse(lock);
  const present = parse(installed);
  return (
    // The entry without a name is the checkout itself.
    Object.entries(wanted).every(
      ([name, entry]) => name === "" || name in present || entry.optional,
    ) && Object.entries(present).every(([name, entry]) => isDeepStrictEqual(entry, wanted[name]))
  );
}

/**
 * @param {string} text
 * @returns {LockFile["packages"]}
 */
function parse(text) {
  try {
    /** @type {LockFile} */
    const content = JSON.parse(text);
    return content.packages ?? {};
  } catch {
    return {};
  }
}

/** @param {string} checkout */
function writeStamp(checkout) {
  const lock = read(join(checkout, "package-lock.json"));
  try {
    if (lock !== undefined) writeFileSync(stampFile(checkout), digest(lock));
  } catch {
    // A read-only checkout: the comparison is made again next time.
  }
}

/** @param {string} checkout */
function stampFile(checkout) {
  return join(checkout, "node_modules", ".made-from");
}

/** @param {string} text */
function digest(text) {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * @param {string} file
 * @returns {string | undefined}
 */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
