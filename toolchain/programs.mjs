import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * @param {string} file
 * @returns {boolean} whether file is a program that can be started
 */
export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    const info = statSync(file);
    return info.isFile() && info.size > 0;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @param {string | undefined} path as in the variable PATH
 * @param {string[]} [alsoIn] directories to look in after those of PATH
 * @returns {string | undefined} the whole path of the program
 */
export function which(name, path, alsoIn = []) {
  const directories = [...(path ?? "").split(delimiter).filter(Boolean), ...alsoIn];
  return directories.map((directory) => join(directory, name)).find(isProgram);
}

/**
 * @param {string} text
 * @returns {string} text as one word of a POSIX shell
 */
export function shellQuote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
