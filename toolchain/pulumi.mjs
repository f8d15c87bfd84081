import { join } from "node:path";
import { build } from "./go.mjs";
import { downloadEngine, downloadPlugin } from "./official.mjs";
import { cacheDirectory, home } from "./paths.mjs";
import { engineDirectory, PIECES } from "./pieces.mjs";
import { isProgram } from "./programs.mjs";
import { isOutdated } from "./stamps.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */
/** @typedef {import("./pieces.mjs").Piece} Piece */

/**
 * @param {Environment} env
 * @returns {string} PULUMI_HOME: the person's own where it has all that is always needed, else one
 * in the cache
 */
export function choosePulumiHome(env) {
  if (env.PULUMI_HOME) return env.PULUMI_HOME;
  const own = join(home(env), ".pulumi");
  const complete = PIECES.every((piece) => piece.onlyFor || isProgram(join(own, piece.file)));
  return complete ? own : join(cacheDirectory(env), "pulumi-home");
}

/**
 * A piece that is there is used as it is, whoever made it, except one of our own from older
 * sources.
 * @param {string} pulumiHome
 * @param {string[]} needs
 * @returns {Piece[]} what has to be downloaded or built
 */
export function missingPieces(pulumiHome, needs) {
  return PIECES.filter((piece) => {
    const target = join(pulumiHome, piece.file);
    const needed = !piece.onlyFor || piece.onlyFor.some((need) => needs.includes(need));
    return needed && (!isProgram(target) || isOutdated(piece, target));
  });
}

/**
 * Puts the missing pieces in place: the official ones where they can be downloaded, else our own
 * builds.
 * @param {string} pulumiHome
 * @param {string[]} needs
 * @param {Environment} env
 */
export async function installPieces(pulumiHome, needs, env) {
  if (!isProgram(join(engineDirectory(pulumiHome), "pulumi")))
    await downloadEngine(pulumiHome, env);
  for (const piece of missingPieces(pulumiHome, needs)) {
    const absent = !isProgram(join(pulumiHome, piece.file));
    const official = absent && (await downloadPlugin(piece, pulumiHome, env));
    if (!official) await build(piece, pulumiHome, env);
  }
}
