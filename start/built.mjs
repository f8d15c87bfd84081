import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that package.json is in. */
export const checkout = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Where toolchain/program.mjs puts the stack's program as one file of JavaScript. By its name it is
 * nothing to compile: a language host that does not know the option `typescript` of Pulumi.yaml
 * (sdk/v3 v3.68.0, which the toolchain builds) has the SDK hand all else to ts-node, which fails on
 * it by the tsconfig.json that is here.
 */
export const builtDirectory = join(checkout, ".built", "node_modules");
/** What it was made of, and the name of that file, which is another one for other sources. */
export const recordFile = join(builtDirectory, "record.json");

/**
 * @typedef {object} Built
 * @property {string} program
 * @property {Record<string, string>} sources file to {@link stateOf} it
 */

/**
 * @param {string} file
 * @returns {string} changes whenever the file is written, replaced or moved, whatever is done to
 * its time
 */
export function stateOf(file) {
  const { ino, size, mtimeMs, ctimeMs } = statSync(file);
  return [ino, size, mtimeMs, ctimeMs].join(" ");
}

/**
 * @returns {string | undefined} the file that was built of the sources as they are now
 */
export function builtProgram() {
  try {
    /** @type {Built} */
    const { program, sources } = JSON.parse(readFileSync(recordFile, "utf8"));
    for (const [file, state] of Object.entries(sources))
      if (stateOf(join(checkout, file)) !== state) return undefined;
    const file = join(builtDirectory, program);
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Runs the program.
 * @returns {Promise<Record<string, unknown>>} what it exports
 */
export async function runProgram() {
  const built = builtProgram();
  return built ? createRequire(built)(built) : import("../index.ts");
}
