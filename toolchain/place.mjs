import { chmodSync, copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Puts a program where it belongs in one go, so that nobody ever sees or starts half of it.
 * @param {string} source
 * @param {string} target
 */
export function putInPlace(source, target) {
  mkdirSync(dirname(target), { recursive: true });
  const beside = `${target}.new-${process.pid}`;
  copyFileSync(source, beside);
  chmodSync(beside, 0o755);
  renameSync(beside, target);
}
