import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { scriptText } from "../../scripts/bundle.ts";

export type Action = "check" | "apply" | "remove";
export type Parameters = Readonly<Record<string, string>>;

/** One way the scripts have to run: a shell and, first in PATH, its tools. */
export interface Shell {
  readonly name: string;
  readonly command: readonly string[];
  readonly path: string;
}

export interface Result {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /**
   * sh text before the script's own: functions in place of tools. A PATH would not do, as busybox
   * prefers its applets.
   */
  readonly prelude?: string;
  /** A command that starts the shell, such as `setpriv`. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** tmpfs where there is one: an fsync per step would otherwise be most of the time. */
export const scratch = mkdtempSync(
  join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "prh-edit-"),
);
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => process.exit(1));

export const isRoot = process.getuid?.() === 0;

export function find(program: string): string {
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`${program} is needed for these tests and is not in PATH`);
  return found;
}

const applets = [
  "awk",
  "cat",
  "chmod",
  "cmp",
  "cp",
  "date",
  "dd",
  "env",
  "find",
  "grep",
  "head",
  "id",
  "ls",
  "mkdir",
  "mv",
  "readlink",
  "rm",
  "rmdir",
  "sed",
  "sh",
  "sleep",
  "sort",
  "su",
  "sync",
  "tail",
  "test",
  "timeout",
  "tr",
  "wc",
] as const;

function links(name: string, entries: readonly (readonly [string, string])[]): string {
  const directory = join(scratch, `bin-${name}`);
  mkdirSync(directory);
  for (const [link, target] of entries) symlinkSync(target, join(directory, link));
  return directory;
}

const busybox = find("busybox");
const busyboxBin = links(
  "busybox",
  applets.map((applet) => [applet, busybox] as const),
);

export const shells: readonly Shell[] = [
  {
    name: "dash",
    command: [find("dash")],
    path: [
      links("dash", [
        ["awk", find("mawk")],
        ["sh", find("dash")],
      ]),
      process.env.PATH,
    ].join(delimiter),
  },
  { name: "busybox", command: [busybox, "sh"], path: busyboxBin },
];

/** dash with gawk, where gawk is installed: only the table runs under it too. */
export const gawkShells: readonly Shell[] = (process.env.PATH ?? "")
  .split(delimiter)
  .some((directory) => existsSync(join(directory, "gawk")))
  ? [
      {
        name: "dash+gawk",
        command: [find("dash")],
        path: [links("gawk", [["awk", find("gawk")]]), process.env.PATH].join(delimiter),
      },
    ]
  : [];

export function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

export function run(
  shell: Shell,
  script: string,
  action: Action,
  parameters: Parameters,
  options: RunOptions = {},
): Promise<Result> {
  const path = join(newDirectory(), script);
  writeFileSync(path, `${options.prelude ?? ""}\n${scriptText(script)}`);
  const [command, ...rest] = [...(options.through ?? []), ...shell.command, path, action];
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      env: { PATH: shell.path, ...options.env },
    });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.stdin.on("error", () => undefined);
    child.stdin.end(
      Object.entries(parameters)
        .map(([name, value]) => `${name}=${quote(value)}\n`)
        .join(""),
    );
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status, signal, out, err }));
  });
}

let directories = 0;
export function newDirectory(): string {
  const directory = join(scratch, `case-${++directories}`);
  mkdirSync(directory);
  return directory;
}

/** What must not change when nothing is written. */
export function identity(path: string): string {
  const { ino, mtimeNs, size, mode, uid, gid } = statSync(path, { bigint: true });
  return [ino, mtimeNs, size, mode, uid, gid].join(" ");
}

export function bytes(path: string): string {
  return readFileSync(path, "latin1");
}

/**
 * UTF-8 bytes, one character a byte: so that differences are readable and nothing is normalised.
 */
export function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** mulberry32: the same cases again for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Runs the jobs two at a time, as the machine has two cores. */
export async function inPairs<T>(
  jobs: readonly T[],
  job: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...jobs];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await job(next);
  };
  await Promise.all([worker(), worker()]);
}
