import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLCHAIN } from "./paths.mjs";

/** @typedef {import("./pieces.mjs").Piece} Piece */

/**
 * What we write beside a program that we built. Size and time tell whether it still is that one:
 * somebody may have put the official program in its place.
 * @typedef {{ sources: string, size: number, time: number }} Stamp
 */

/**
 * @param {Piece} piece
 * @param {string} target
 */
export function writeStamp(piece, target) {
  const { size, mtimeMs } = statSync(target);
  /** @type {Stamp} */
  const stamp = { sources: sourcesDigest(piece), size, time: mtimeMs };
  writeFileSync(stampFile(target), JSON.stringify(stamp));
}

/**
 * @param {Piece} piece
 * @param {string} target
 * @returns {boolean} whether we built target ourselves, from other sources than the present ones
 */
export function isOutdated(piece, target) {
  try {
    /** @type {Stamp} */
    const stamp = JSON.parse(readFileSync(stampFile(target), "utf8"));
    const { size, mtimeMs } = statSync(target);
    return stamp.size === size && stamp.time === mtimeMs && stamp.sources !== sourcesDigest(piece);
  } catch {
    return false;
  }
}

/** @param {string} target */
function stampFile(target) {
  return `${target}.built-from`;
}

/**
 * @param {Piece} piece
 * @returns {string} changes when the build would give another program
 */
function sourcesDigest(piece) {
  const hash = createHash("sha256").update(
    JSON.stringify([piece.main, piece.ldflags ?? "", ...(piece.flags ?? [])]),
  );
  const directory = join(TOOLCHAIN, piece.sources);
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  for (const name of names.filter(isSource).sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(join(directory, name)));
  }
  return hash.digest("hex");
}

/** @param {string} name */
function isSource(name) {
  return /(\.go|^go\.mod|^go\.sum)$/.test(name) && !name.endsWith("_test.go");
}
