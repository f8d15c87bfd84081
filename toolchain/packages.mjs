import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { ToolchainError } from "./errors.mjs";
import { which } from "./programs.mjs";
import { say, step } from "./progress.mjs";
import { installScript, MANAGERS } from "./managers.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */
/** @typedef {import("./managers.mjs").Manager} Manager */

const SYSTEM_DIRECTORIES = [
  "/usr/local/bin",
  "/usr/local/sbin",
  "/usr/bin",
  "/usr/sbin",
  "/bin",
  "/sbin",
];

/**
 * Something from the system's package manager.
 * @typedef {object} Requirement
 * @property {string} what for messages
 * @property {(has: (program: string) => boolean, env: Environment) => boolean} found
 * @property {Record<Manager, string[]>} packages by package manager; apt: `a|b` is the first of
 * them that exists
 */

/** @type {Requirement} */
const REDIS = {
  what: "a Redis or Valkey server",
  found: (has) =>
    (has("redis-server") && has("redis-cli")) || (has("valkey-server") && has("valkey-cli")),
  packages: {
    apt: ["redis-server"],
    dnf: ["redis"],
    yum: ["redis"],
    apk: ["redis"],
    pacman: ["valkey"],
    zypper: ["redis"],
    brew: ["redis"],
  },
};

/**
 * @param {string} program
 * @param {Partial<Record<Manager, string[]>>} [differing] where the package is not called like the
 * program
 * @returns {Requirement}
 */
function tool(program, differing = {}) {
  const packages = Object.fromEntries(
    MANAGERS.map((manager) => [manager, differing[manager] ?? [program]]),
  );
  return {
    what: program,
    found: (has) => has(program),
    packages: /** @type {Record<Manager, string[]>} */ (packages),
  };
}

/**
 * @param {string} name of the package, whatever the package manager
 * @returns {Partial<Record<Manager, string[]>>}
 */
function everywhere(name) {
  return Object.fromEntries(MANAGERS.map((manager) => [manager, [name]]));
}

/** The client alone where it has a package of its own: the engine may be on another machine. */
const DOCKER = tool("docker", {
  apt: ["docker-cli|docker.io"],
  dnf: ["docker-cli"],
  apk: ["docker-cli"],
});

const SSH = tool("ssh", {
  apt: ["openssh-client"],
  dnf: ["openssh-clients"],
  yum: ["openssh-clients"],
  apk: ["openssh-client"],
  pacman: ["openssh"],
  zypper: ["openssh-clients"],
  brew: ["openssh"],
});

/** @type {Requirement} */
const CONFIGOBJ = {
  ...tool("python3-configobj", {
    apk: ["py3-configobj"],
    pacman: ["python-configobj"],
    zypper: ["python3-configobj"],
  }),
  what: "Python 3 with configobj",
  // The system's own, which its package manager installs for: the one on PATH may be another.
  found: (_has, env) => runs("/usr/bin/python3", ["-c", "import configobj"], env),
};

/**
 * What a need takes from the system's package manager.
 * @type {Record<string, Requirement[]>}
 */
export const REQUIREMENTS = {
  redis: [REDIS],
  docker: [DOCKER],
  ssh: [SSH],
  tests: [
    REDIS,
    tool("shellcheck", { dnf: ["ShellCheck"], yum: ["ShellCheck"], zypper: ["ShellCheck"] }),
    tool("busybox", { apt: ["busybox-static"] }),
    tool("gawk"),
    tool("mvn", everywhere("maven")),
    tool("unzip"),
    CONFIGOBJ,
    DOCKER,
    tool("dockerd", { ...everywhere("docker"), apt: ["docker.io"], dnf: ["moby-engine"] }),
    tool("iptables"),
    SSH,
    tool("sshd", { ...everywhere("openssh-server"), pacman: ["openssh"], brew: ["openssh"] }),
    tool("ip", {
      ...everywhere("iproute2"),
      dnf: ["iproute"],
      yum: ["iproute"],
      brew: ["iproute2mac"],
    }),
    tool("debootstrap"),
    tool("strace"),
    tool("nft", everywhere("nftables")),
  ],
};

/**
 * @param {string[]} needs
 * @param {Environment} env
 * @returns {Requirement[]} what is not there
 */
export function missingRequirements(needs, env) {
  const all = new Set(needs.flatMap((need) => REQUIREMENTS[need] ?? []));
  /** @param {string} program */
  const has = (program) => which(program, env.PATH, SYSTEM_DIRECTORIES) !== undefined;
  return [...all].filter((requirement) => !requirement.found(has, env));
}

/**
 * Installs what is missing, after saying so.
 * @param {Requirement[]} missing
 * @param {Environment} env
 * @throws {ToolchainError} with the command to type where the rights or a known package manager are
 * missing
 */
export async function installRequirements(missing, env) {
  const what = missing.map((requirement) => requirement.what).join(", ");
  const manager = MANAGERS.find((name) => which(PROGRAMS[name], env.PATH, SYSTEM_DIRECTORIES));
  if (!manager)
    throw new ToolchainError(`Missing: ${what}. Install it with this system's package manager.`);
  const packages = missing.flatMap((requirement) => requirement.packages[manager]);
  const script = installScript(manager, packages);
  const prefix = rights(manager, env);
  if (!prefix) throw new ToolchainError(byHand(what, script.command));
  say(
    `Missing: ${what}. Installing ${packages.join(" ")} with ${manager}${prefix.length ? " (sudo)" : ""}`,
  );
  const [program, ...args] = [...prefix, "sh", "-c", script.whole];
  await step(program, args, { title: manager, env, where: (line) => line });
  if (script.note) say(script.note);
}

/** @type {Record<Manager, string>} */
const PROGRAMS = {
  apt: "apt-get",
  dnf: "dnf",
  yum: "yum",
  apk: "apk",
  pacman: "pacman",
  zypper: "zypper",
  brew: "brew",
};

/**
 * @param {Manager} manager
 * @param {Environment} env
 * @returns {string[] | undefined} what to put before a command to get the rights; undefined if
 * there is no way
 */
function rights(manager, env) {
  // Homebrew refuses to run as root.
  if (manager === "brew" || process.getuid?.() === 0) return [];
  if (!which("sudo", env.PATH)) return undefined;
  if (runs("sudo", ["-n", "true"], env)) return ["sudo", "-n"];
  if (!process.stdin.isTTY || !existsSync("/dev/tty")) return undefined;
  say("Installing needs root: sudo may ask for your password.");
  return askForPassword(env) ? ["sudo", "-n"] : undefined;
}

/** @param {Environment} env */
function askForPassword(env) {
  try {
    execFileSync("sudo", ["-v"], { stdio: "inherit", env });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} what
 * @param {string} command
 */
export function byHand(what, command) {
  return `Missing: ${what}. Installing it takes root, which this user has no way to become without a password. Type:\n  ${command}`;
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Environment} env
 */
function runs(program, args, env) {
  try {
    execFileSync(program, args, { stdio: "ignore", env });
    return true;
  } catch {
    return false;
  }
}
