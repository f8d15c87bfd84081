import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { types } from "@pulumi/command";
import { sshFields } from "./args.ts";
import { scriptText } from "../../scripts/bundle.ts";
import { assignments, quote } from "../shell.ts";

/** An sshd and how to log in there, once all of it is known. */
export interface Login {
  address: string;
  port?: number;
  user?: string;
  privateKey?: string;
  privateKeyFile?: string;
  hostKey?: string;
}

/** The command plugin asks a server for the type of the given key only: any that it has will do. */
const keyTypes = [
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-ed25519",
];

/**
 * @returns of several keys (`TYPE BASE64`) of one machine, the one to give to the command plugin;
 * never an RSA key, which it would
 *   ask for with SHA-1 (`ssh-rsa`), and current servers refuse that.
 */
export function usableKey(keys: readonly string[]): string | undefined {
  const rank = (key: string) => keyTypes.findIndex((type) => key.startsWith(`${type} `));
  return [...keys].filter((key) => rank(key) >= 0).sort((a, b) => rank(a) - rank(b))[0];
}

/**
 * The keys (`TYPE BASE64`) that were checked and will be asked for; none where it is not to be
 * checked.
 */
export interface Keys {
  target?: string;
  bastion?: string;
}

/**
 * @returns what the command plugin wants, with the machine's key and its bastion's where they are
 * known.
 */
export function connectionOf(
  target: Login,
  bastion: Login | undefined,
  keys: Keys,
): types.input.remote.ConnectionArgs {
  const endpoint = (
    {
      address,
      port = sshFields.port.default,
      user = sshFields.user.default,
      privateKey,
      privateKeyFile,
    }: Login,
    hostKey: string | undefined,
  ) => ({
    host: address,
    port,
    user,
    ...(privateKey || privateKeyFile
      ? { privateKey: privateKey ?? readFileSync(privateKeyFile ?? "", "utf8") }
      : {}),
    ...(hostKey ? { hostKey } : {}),
    // The look has been there a moment ago. A server with many logins under way refuses some
    // (MaxStartups), for a moment.
    dialErrorLimit: 4,
    perDialTimeout: 8,
  });
  return {
    ...endpoint(target, keys.target),
    ...(bastion ? { proxy: endpoint(bastion, keys.bastion) } : {}),
  };
}

/**
 * @returns what a person types in front of a command; a `hostKey` is checked then, too, whatever
 * their known_hosts has.
 */
export function sshWords(target: Login, bastion: Login | undefined, keys: Keys): string {
  const words = (
    {
      address,
      port = sshFields.port.default,
      user = sshFields.user.default,
      privateKeyFile,
      hostKey,
    }: Login,
    key: string | undefined,
    more: string[] = [],
  ) => {
    const known = `${port === sshFields.port.default ? address : `[${address}]:${port}`} ${key}`;
    const checked = {
      "StrictHostKeyChecking=no": hostKey === "unchecked",
      "UserKnownHostsFile=/dev/null": hostKey === "unchecked",
      // Before OpenSSH 8.5 there is no such thing.
      "IgnoreUnknown=KnownHostsCommand": hostKey && key,
      [`KnownHostsCommand=/bin/echo ${known}`]: hostKey && key,
    };
    const options = [
      ...Object.entries(checked).flatMap(([option, wanted]) => (wanted ? [option] : [])),
      ...more,
    ];
    return [
      "ssh",
      ...(privateKeyFile ? ["-i", quote(privateKeyFile)] : []),
      ...options.flatMap((option) => ["-o", quote(option)]),
      ...["-p", String(port), quote(`${user}@${address}`)],
    ];
  };
  const [ssh, ...through] = bastion ? words(bastion, keys.bastion) : [];
  return words(
    target,
    keys.target,
    ssh ? [`ProxyCommand=${[ssh, "-W", "%h:%p", ...through].join(" ")}`] : [],
  ).join(" ");
}

/**
 * @param kept a directory, in which nobody else may write, for keys that were found for a
 * fingerprint: another time nobody has to ask for them.
 * @returns shell text that runs `look` as root on the machine, once its key has been checked.
 */
export function overSsh(
  target: Login,
  bastion: Login | undefined,
  look: string,
  kept = "",
): string {
  const place = ({ address, port = sshFields.port.default, hostKey = "" }: Login) =>
    `${address} ${port} ${hostKey}`.trim();
  return (
    assignments({
      config: [
        ...(bastion ? hostSection("bastion", bastion) : []),
        ...hostSection("target", target, bastion ? ["ProxyJump bastion"] : []),
        ...common,
      ].join("\n"),
      target: place(target),
      bastion: bastion ? place(bastion) : "",
      key_target: asFile(target.privateKey),
      key_bastion: asFile(bastion?.privateKey),
      known_hosts: join(homedir(), ".ssh", "known_hosts"),
      kept,
      become: become(target),
      look,
    }) + scriptText("look-ssh.sh")
  );
}

/** What ssh reads of a key that came as text: it has to end with a newline. */
function asFile(privateKey = ""): string {
  return privateKey && `${privateKey.trimEnd()}\n`;
}

/** @returns what has to stand in front of a command to run it as root. */
export function become({ user = sshFields.user.default }: Login): string {
  return user === "root" ? "" : "sudo -n ";
}

// As the look needs it; what ~/.ssh/config says is not asked, or the plugin, which does not read
// it, would fail later.
const common = [
  "Host *",
  "BatchMode yes",
  "ConnectTimeout 10",
  "ServerAliveInterval 5",
  "LogLevel ERROR",
  "GlobalKnownHostsFile /dev/null",
  "UpdateHostKeys yes",
  // What OpenSSH 9.0 to 9.8 prefer takes a third of a login: against who records it today and has a
  // quantum computer one day. A look tells nothing that is a secret then; from 9.9 on there is
  // mlkem768, which is as quick as what was before.
  "KexAlgorithms -sntrup761*",
  "",
];

function hostSection(
  name: string,
  {
    address,
    port = sshFields.port.default,
    user = sshFields.user.default,
    privateKey,
    privateKeyFile,
    hostKey,
  }: Login,
  more: string[] = [],
): string[] {
  return [
    `Host ${name}`,
    `HostName ${address}`,
    `Port ${port}`,
    `User ${user}`,
    `HostKeyAlias ${name}`,
    ...(hostKey === "unchecked"
      ? ["StrictHostKeyChecking no", "UserKnownHostsFile /dev/null"]
      : ["StrictHostKeyChecking yes", `UserKnownHostsFile "@known@.${name}"`]),
    // What ssh would try of its own accord, the plugin does not.
    ...(privateKey || privateKeyFile
      ? ["IdentitiesOnly yes", `IdentityFile "${privateKey ? `@key@.${name}` : privateKeyFile}"`]
      : ["IdentityFile none"]),
    ...more,
  ];
}
