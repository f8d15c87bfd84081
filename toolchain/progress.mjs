import { spawn } from "node:child_process";
import { ToolchainError } from "./errors.mjs";

const REPORT_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 500;
const KEPT_LINES = 40;

/**
 * Tells the person something. All of it goes to stderr, so that stdout stays free for results.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Shows that something slow is alive: the elapsed seconds and where it is.
 * On a terminal one line that changes; elsewhere a line every ten seconds.
 * @param {string} title
 * @returns {{ at: (where: string) => void, end: () => void }}
 */
export function progress(title) {
  const began = Date.now();
  const terminal = process.stderr.isTTY === true;
  let where = "";
  const text = () => {
    const seconds = Math.round((Date.now() - began) / 1000);
    return `  ${title}: ${seconds} s${where && `, ${where}`}`;
  };
  const show = () => {
    if (!terminal) return say(text());
    const width = (process.stderr.columns ?? 80) - 1;
    process.stderr.write(`\r\x1b[K${text().slice(0, width)}`);
  };
  const timer = setInterval(show, terminal ? REDRAW_EVERY_MS : REPORT_EVERY_MS);
  return {
    at: (place) => {
      where = place;
    },
    end: () => {
      clearInterval(timer);
      if (terminal) process.stderr.write("\r\x1b[K");
    },
  };
}

/**
 * @typedef {object} StepOptions
 * @property {string} title what the progress line says
 * @property {string} [cwd]
 * @property {import("./paths.mjs").Environment} [env]
 * @property {(line: string) => string | undefined} [where] turns a line of output into the place to
 * show
 * @property {(kill: () => void) => () => void} [watch] gets a way to end the program; returns how
 * to stop watching
 */

/**
 * Runs a program with progress; its output is shown only if it fails.
 * @param {string} program
 * @param {string[]} args
 * @param {StepOptions} options
 * @returns {Promise<void>}
 * @throws {ToolchainError} with the last lines of its output
 */
export async function step(program, args, { title, cwd, env, where, watch }) {
  const bar = progress(title);
  // A program that may have to be ended gets a process group of its own, so that all of it ends.
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: watch !== undefined,
  });
  const kill = () => {
    if (watch && child.pid) tryKill(-child.pid);
    else child.kill();
  };
  process.once("exit", kill);
  const unwatch = watch?.(kill);

  /** @type {string[]} */
  const lines = [];
  /** @param {string} line */
  const take = (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    const place = where?.(line);
    if (place) bar.at(place);
  };
  byLine(child.stdout, take);
  byLine(child.stderr, take);

  try {
    const failure = await ending(child);
    if (failure) throw new ToolchainError([`${title}: ${failure}`, ...lines].join("\n    "));
  } finally {
    unwatch?.();
    process.removeListener("exit", kill);
    bar.end();
  }
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<string | undefined>} how it failed
 */
function ending(child) {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve(
        "code" in error && error.code === "ENOENT"
          ? `${child.spawnfile} is not installed, or not on PATH`
          : error.message,
      );
    });
    child.once("close", (code, signal) => {
      resolve(code === 0 ? undefined : signal ? `ended by ${signal}` : `exit status ${code}`);
    });
  });
}

/** @param {number} pid */
function tryKill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/**
 * @param {import("node:stream").Readable} stream
 * @param {(line: string) => void} take
 */
function byLine(stream, take) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const pieces = (rest + text).split(/\r\n|[\r\n]/);
    rest = pieces.pop() ?? "";
    for (const piece of pieces) if (piece.trim()) take(piece);
  });
  stream.on("end", () => {
    if (rest.trim()) take(rest);
  });
}
