import { createHash } from "node:crypto";
import type { Passwords } from "./credentials.ts";
import { ownUsers, sentinelsChannel } from "./rights.ts";
import { atLeast, type ServerVersion } from "./version.ts";

/** The names of the users that are the stack's own, on nodes and on sentinels. */
export const userNames = {
  administration: ownUsers,
  replication: `${ownUsers}-replication`,
  sentinel: `${ownUsers}-sentinel`,
} as const;

/** An application's user, all of it known. */
export interface ApplicationUser {
  name: string;
  password: string;
  formerPassword?: string | undefined;
  keys?: readonly string[];
  channels?: readonly string[];
  commands?: readonly string[];
}

/** What an application may call unless it says so itself. */
const usual = "+@read +@write +@connection +@transaction +@scripting +@pubsub +info +wait".split(
  " ",
);

/** What the scripts and `npm run` ask of a node, and set on it; in keys only for what they try. */
const administering = `~${ownUsers}:* resetchannels -@all +ping +info +role +config +client +replicaof +slaveof +shutdown +acl +set +get +del +expire +sadd +smembers +wait`;

/** What a sentinel asks of a node, and tells it (sentinel.c). */
const watching = `resetkeys resetchannels &${sentinelsChannel} -@all +multi +exec +ping +info +role +slaveof +publish +subscribe +config|rewrite +client|setname +client|kill +script|kill`;

/** What an application may ask a sentinel, without a password. */
const asking =
  "+auth +hello +ping +info +role +client|setname +client|getname +client|id +sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|slaves +sentinel|sentinels +sentinel|myid +subscribe +psubscribe +unsubscribe +punsubscribe";

/** @returns the file of a node's users; it has no password, but what the servers compare with. */
export function nodeUsers(
  passwords: Passwords["nodes"],
  applications: readonly ApplicationUser[],
): string {
  return linesOf([
    "default off resetpass resetkeys resetchannels -@all",
    user(userNames.administration, [passwords.administration], administering),
    user(
      userNames.replication,
      [passwords.replication],
      "resetkeys resetchannels -@all +psync +replconf +ping",
    ),
    user(userNames.sentinel, [passwords.sentinel], watching),
    ...applications.map((each) =>
      user(each.name, [each.password, each.formerPassword ?? []].flat(), rightsOf(each)),
    ),
  ]);
}

/** @returns the file of a sentinel's users: anybody may ask, and nobody else may command. */
export function sentinelUsers(passwords: Passwords["sentinels"], version: ServerVersion): string {
  // An unknown command keeps a server from starting.
  const setInfo = atLeast(version, [7, 2, 0]) ? " +client|setinfo" : "";
  return linesOf([
    `default on nopass resetkeys resetchannels &+switch-master -@all ${asking}${setInfo}`,
    user(
      userNames.administration,
      [passwords.administration],
      "resetkeys allchannels -@all +ping +info +role +client +sentinel +publish +subscribe +psubscribe +unsubscribe +punsubscribe +shutdown +acl",
    ),
    user(
      userNames.sentinel,
      [passwords.sentinel],
      `resetkeys resetchannels &${sentinelsChannel} -@all +ping +publish +client|setname +sentinel|is-master-down-by-addr`,
    ),
  ]);
}

/** What a category brings is never dangerous, and nothing administers, whatever there is later. */
function rightsOf({ keys = ["*"], channels = [], commands = usual }: ApplicationUser): string {
  const isCategory = (rule: string) => rule.charAt(1) === "@";
  return [
    "resetkeys",
    ...keys.map((pattern) => `~${pattern}`),
    "resetchannels",
    ...channels.map((pattern) => `&${pattern}`),
    "-@all",
    ...commands.filter(isCategory),
    "-@dangerous",
    ...commands.filter((rule) => !isCategory(rule)),
    "-@admin",
    // Before 7.0 CLIENT as a whole is administration.
    "+client|setname",
    "+client|getname",
    "+client|id",
  ].join(" ");
}

function user(name: string, passwords: readonly string[], rights: string): string {
  const hashes = passwords.map((each) => `#${createHash("sha256").update(each).digest("hex")}`);
  return `${name} on ${hashes.join(" ")} ${rights}`;
}

function linesOf(users: readonly string[]): string {
  return users.map((line) => `user ${line}\n`).join("");
}
