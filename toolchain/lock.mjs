import {
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { say } from "./progress.mjs";

const POLL_MS = 250;
const HEARTBEAT_MS = 5_000;

/**
 * A holder that has shown no sign of life for so long is gone, whatever its process number says.
 */
const SILENT_MS = 60_000;

/**
 * Does work while no other set-up on this machine does any: the second one waits.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    if (isStale(file)) {
      breakStale(file);
      continue;
    }
    if (!told) say(`Another set-up is at work (${describe(file)}); waiting for it to end.`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const release = () => rmSync(file, { force: true });
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener("exit", release);
    release();
  }
}

/**
 * @param {string} file
 * @returns {boolean} whether it is ours now
 */
function take(file) {
  try {
    const handle = openSync(file, "wx");
    writeSync(handle, `${process.pid} ${hostname()}\n`);
    closeSync(handle);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {boolean} whether its holder has died; false too when the file is gone
 */
export function isStale(file) {
  try {
    const [pid, host] = readFileSync(file, "utf8").trim().split(" ");
    const silentFor = Date.now() - statSync(file).mtimeMs;
    // An empty file is one whose writer is between creating and writing it, or died there.
    if (!pid) return silentFor > HEARTBEAT_MS;
    return silentFor > SILENT_MS || (host === hostname() && !isAlive(Number(pid)));
  } catch {
    return false;
  }
}

/**
 * Only one process may remove a stale lock, or the second would remove the new one of the first.
 * @param {string} file
 */
function breakStale(file) {
  const breaker = `${file}.stale`;
  if (!take(breaker)) {
    if (isStale(breaker)) rmSync(breaker, { force: true });
    return;
  }
  try {
    if (isStale(file)) rmSync(file, { force: true });
  } finally {
    rmSync(breaker, { force: true });
  }
}

/** @param {string} file */
function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody cleared the cache meanwhile; the work itself will say so if that matters.
  }
}

/**
 * @param {string} file
 * @returns {string}
 */
function describe(file) {
  try {
    return `process ${readFileSync(file, "utf8").trim().split(" ")[0]}`;
  } catch {
    return "just ending";
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 * @returns {boolean}
 */
function isCode(error, code) {
  return error instanceof Error && "code" in error && error.code === code;
}
