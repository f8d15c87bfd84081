import { existsSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { notAllowed, type Problem } from "../../errors.ts";
import { type FieldsOf, valueProblems, withCommon } from "../../fields.ts";
import { isNetwork } from "../address.ts";
import { isLater, knownNow } from "../sdk.ts";

/** A machine on the way to another one. */
export interface BastionArgs {
  /** IP address or name. */
  address: pulumi.Input<string>;
  /** TCP port of its sshd. @default 22 */
  port?: pulumi.Input<number>;
  /** Whom to log in as. @default "root" */
  user?: pulumi.Input<string>;
  /** Absolute path, where Pulumi runs, of the private key. @default the keys of the SSH agent */
  privateKeyFile?: pulumi.Input<string>;
  /** The private key itself, in place of its file. @default none */
  privateKey?: pulumi.Input<string>;
  /** As the machine's own. @default what ~/.ssh/known_hosts has for the address */
  hostKey?: pulumi.Input<string>;
}

/** What machines that are reached over SSH have in common; each can have its own instead. */
export interface SshArgs {
  /** TCP port of its sshd. @default 22 */
  port?: pulumi.Input<number>;
  /**
   * Whom to log in as; anybody but root has to be allowed to use sudo without a password.
   * @default "root"
   */
  user?: pulumi.Input<string>;
  /**
   * Absolute path, where Pulumi runs, of the private key.
   * @default the keys of the SSH agent ($SSH_AUTH_SOCK)
   */
  privateKeyFile?: pulumi.Input<string>;
  /**
   * The private key itself, without a passphrase, in place of its file; kept as a secret.
   * @default none
   */
  privateKey?: pulumi.Input<string>;
  /** A machine to go through. @default none */
  bastion?: BastionArgs;
  /** User that the servers run as; made if there is none of that name. @default "redis-ha" */
  serviceUser?: string;
  /** Install Redis from the distribution's packages where a machine has none. @default true */
  installRedis?: boolean;
  /** Version of that package, or its beginning, such as 7.0.15. @default any */
  redisVersion?: string;
  /**
   * Absolute path, where Pulumi runs, of an archive with redis-server and redis-cli, for machines
   * that have none.
   * @default none
   */
  redisTarball?: string;
  /**
   * Kernel settings that are changed for Redis, and put back at destroy: any of overcommit,
   * hugepages, somaxconn.
   * @default all
   */
  kernelSettings?: string[];
  /**
   * IPv4 addresses or networks of clients: with any, nftables lets nobody but them and the hosts
   * get to the servers' ports.
   * @default no rules
   */
  firewallClients?: pulumi.Input<string>[];
  /**
   * Seconds that a machine which the same update has made may take until it can be worked on.
   * @default 300
   */
  bootTimeoutSeconds?: number;
}

/** One machine that is reached over SSH. */
export interface SshHostArgs extends SshArgs {
  /**
   * IP address or name under which the machine that runs Pulumi reaches its sshd, where that is
   * another one than the servers listen on.
   * @default the host's `address`
   */
  address?: pulumi.Input<string>;
  /**
   * The machine's own key, its fingerprint (`SHA256:…`) or the key itself (`ssh-ed25519 AAAA…`);
   * `unchecked` takes any, and the stack says so.
   * @default what ~/.ssh/known_hosts has for the address
   */
  hostKey?: pulumi.Input<string>;
}

/** Programs to look for where none is set, and to install. */
export const servers = ["redis-server", "valkey-server"];

/** What {@link SshArgs.kernelSettings} may hold. */
export const kernelSettings = ["overcommit", "hugepages", "somaxconn"];

const port = { kind: "number", input: true, default: 22, range: [1, 65_535] } as const;
const address = {
  kind: "text",
  input: true,
  rule: [isReachable, "the address or name under which its sshd is reached, a plain text"],
} as const;
const user = {
  kind: "text",
  input: true,
  default: "root",
  rule: [(text: string) => /^[a-z_][a-z0-9_.-]{0,31}$/.test(text), "a user's name"],
} as const;
const privateKey = { kind: "text", input: true, secret: true } as const;
const keyFile = { kind: "text", input: true } as const;
const hostKey = {
  kind: "text",
  input: true,
  rule: [
    (text: string) =>
      /^(SHA256:[A-Za-z0-9+/]{43}|unchecked|(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]+( .*)?)$/.test(
        text,
      ),
    "a fingerprint (SHA256:…), a key (ssh-ed25519 AAAA…), or unchecked",
  ],
} as const;

const bastionFields = {
  address,
  port,
  user,
  privateKeyFile: keyFile,
  privateKey,
  hostKey,
} as const satisfies FieldsOf<BastionArgs>;

export const sshFields = {
  port,
  user,
  privateKeyFile: keyFile,
  privateKey,
  bastion: { section: bastionFields },
  serviceUser: { kind: "text", default: "redis-ha", rule: [isUser, "a user's name"] },
  installRedis: { kind: "switch", default: true },
  redisVersion: {
    kind: "text",
    rule: [
      (text: string) => /^[0-9][0-9A-Za-z.:+~-]*$/.test(text),
      "a package's version, or its beginning, such as 7.0.15",
    ],
  },
  redisTarball: { kind: "text", rule: [existsSync, "the path of a file that exists"] },
  kernelSettings: {
    kind: "texts",
    rule: [(text: string) => kernelSettings.includes(text), `any of ${kernelSettings.join(", ")}`],
  },
  firewallClients: {
    kind: "texts",
    input: true,
    rule: [isNetwork, "IPv4 addresses or networks, such as 10.0.0.0/24"],
  },
  bootTimeoutSeconds: { kind: "number", default: 300, range: [1, 86_400] },
} as const satisfies FieldsOf<SshArgs>;

export const sshHostFields = {
  address,
  hostKey,
  ...sshFields,
} as const satisfies FieldsOf<SshHostArgs>;

/**
 * @returns what is wrong with what is known of how to log in, and of a machine, or of what all of
 * them have.
 */
export function sshProblems(path: string, args: SshHostArgs): Problem[] {
  const { bastion, ...known } = knownNow(args);
  const problems = [...valueProblems(known, sshHostFields, path), ...keyProblems(path, known)];
  if (bastion)
    problems.push(
      ...valueProblems(bastion, bastionFields, `${path}.bastion`),
      ...keyProblems(`${path}.bastion`, bastion),
    );
  if (args.bastion && (args.bastion.address as unknown) === undefined)
    problems.push(notAllowed(`${path}.bastion.address`, undefined, address.rule[1]));
  return problems;
}

/** @returns what is wrong with the key to log in with, whose text is not told. */
export function keyProblems(
  path: string,
  { privateKey: key, privateKeyFile: file }: { privateKey?: string; privateKeyFile?: string },
): Problem[] {
  const problems: Problem[] = [];
  if (file !== undefined && !isFile(file)) {
    // A key was given instead of its path before: nothing that is no path is repeated.
    const value = /^[~./][^\n\r]{0,254}$/.test(file) ? file : "(not shown: no path)";
    problems.push(
      notAllowed(`${path}.privateKeyFile`, value, "the absolute path of a file that exists"),
    );
  }
  if (key !== undefined && !/^-----BEGIN [A-Z ]*PRIVATE KEY-----$/m.test(key))
    problems.push(
      notAllowed(
        `${path}.privateKey`,
        "(not shown)",
        "a private key as ssh-keygen writes it, with its first and its last line",
      ),
    );
  if (key !== undefined && file !== undefined)
    problems.push(
      notAllowed(`${path}.privateKeyFile`, file, "nothing where privateKey is set: one of the two"),
    );
  return problems;
}

/**
 * @returns the arguments of one machine, with what it shares with the others in place of what it
 * leaves out.
 */
export function withCommonSsh(common: SshArgs | undefined, own: SshHostArgs): SshHostArgs {
  const { privateKey: key, privateKeyFile: file, ...rest } = common ?? {};
  // One key is enough, and the machine's own is meant.
  const keys =
    own.privateKey === undefined && own.privateKeyFile === undefined
      ? { privateKey: key, privateKeyFile: file }
      : {};
  return withCommon({ ...rest, ...keys }, own);
}

/**
 * @returns what is wrong with the absolute path of a directory on a machine; it becomes part of
 * units and of commands there.
 */
export function sshDirectoryProblems(path: string, directory: string): Problem[] {
  return /^\/[A-Za-z0-9._/-]+$/.test(directory)
    ? []
    : [notAllowed(path, directory, "an absolute path of letters, digits, '.', '_', '-' and '/'")];
}

/** Whether it is how Linux calls a user. */
export function isUser(name: string): boolean {
  return /^[a-z_][a-z0-9_-]{0,30}$/.test(name);
}

export const machineRule = "the address under which the machine is reached, a plain text";

export function isReachable(given: unknown): boolean {
  return (
    isLater(given) || (typeof given === "string" && /^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(given))
  );
}

function isFile(path: string): boolean {
  return (
    isAbsolute(path) &&
    !/["\n\r]/.test(path) &&
    (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)
  );
}
