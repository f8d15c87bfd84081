import { isAbsolute } from "node:path";
import { notAllowed, type Problem, refuseAny } from "../errors.ts";

/**
 * Names become parts of paths, units, containers, tables and commands, on the machine of Pulumi and
 * on others: one rule that fits all of them.
 */
const nameRule = "a letter or a digit, then letters, digits, '.', '_' or '-', 64 at most";

/** File names that the scripts use beside the processes' directories. */
export const reservedNames: readonly string[] = [
  ...[
    "edits",
    "firewall",
    "installed",
    "kernel",
    "kvdb",
    "lock",
    "made",
    "packages",
    "processes",
    "redis",
    "services",
    "shared",
    "users",
  ],
];

/** @param propertyPath what to call it in an error message: `name` for a component's. */
export function nameProblems(propertyPath: string, name: unknown): Problem[] {
  return typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)
    ? []
    : [notAllowed(propertyPath, name, nameRule)];
}

/** Characters of a file name, less what a unit's or a socket's ending takes. */
const longest = 240;

/** @returns what is wrong with names that are put together into one, such as a unit's. */
export function lengthProblems(propertyPath: string, names: readonly string[]): Problem[] {
  const whole = names.join("-");
  return whole.length <= longest
    ? []
    : [
        notAllowed(
          propertyPath,
          names.at(-1),
          `names that together have ${longest} characters at most; ${whole} has ${whole.length}`,
        ),
      ];
}

/** @throws InputError where a name (field to name) can't be part of a path or a command. */
export function checkNames(names: Readonly<Record<string, string>>): void {
  const problems = Object.entries(names).flatMap(([propertyPath, name]) =>
    nameProblems(propertyPath, name),
  );
  refuseAny(problems);
}

/**
 * @returns what is wrong with the absolute path of a directory of servers: Redis takes the path of
 * its configuration for a pattern where it has `*`, `?` or `[`, and starts without one.
 */
export function directoryProblems(propertyPath: string, directory: unknown): Problem[] {
  // A control character is exactly what must not get into a file or a command.
  // eslint-disable-next-line no-control-regex
  if (typeof directory === "string" && /^\/[^\u0000-\u001f\u007f*?[\]]*$/.test(directory))
    return [];
  return [
    notAllowed(
      propertyPath,
      directory,
      "an absolute path without control characters, '*', '?', '[' and ']'",
    ),
  ];
}

export function isPlainPath(path: string): boolean {
  // A control character is exactly what must not get into a file or a command.
  // eslint-disable-next-line no-control-regex
  return isAbsolute(path) && !/[\u0000-\u001f\u007f]/.test(path);
}

const hostLabel = /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/;

/**
 * @returns whether `host` can stand in /etc/hosts and in Zato's list of sentinels, and is no IP
 * address.
 */
export function isHostName(host: string): boolean {
  return (
    host.length <= 253 &&
    host.split(".").every((label) => hostLabel.test(label)) &&
    !/^[0-9.]+$/.test(host)
  );
}
