import type * as pulumi from "@pulumi/pulumi";
import { quoted } from "../../hosts/foreignText.ts";
import { unknownKey } from "../../fields.ts";
import { notAllowed, type Problem } from "../../errors.ts";
import { wordOf, wordsOf } from "./words.ts";

/**
 * Directives of a server's configuration: name to what stands after it; a value of several lines is
 * one that repeats.
 */
export type Directives = Record<string, pulumi.Input<string>>;

/** Where an option of Sentinel stands, of those that can be set. */
const sentinelOptions: Readonly<Record<string, "master" | "sentinel" | "server">> = {
  // sentinel OPTION MASTER VALUE
  "notification-script": "master",
  "client-reconfig-script": "master",
  "master-reboot-down-after-period": "master",
  "primary-reboot-down-after-period": "master",
  // sentinel OPTION VALUE
  "deny-scripts-reconfig": "sentinel",
  // OPTION VALUE: what is of use of what every server has
  loglevel: "server",
  "syslog-enabled": "server",
  "syslog-ident": "server",
  "syslog-facility": "server",
  "always-show-logo": "server",
  "set-proc-title": "server",
  "proc-title-template": "server",
  "crash-log-enabled": "server",
  "crash-memcheck-enabled": "server",
  "tcp-backlog": "server",
  "tcp-keepalive": "server",
  timeout: "server",
  maxclients: "server",
  "maxmemory-clients": "server",
  "client-output-buffer-limit": "server",
  "client-query-buffer-limit": "server",
  unixsocket: "server",
  unixsocketperm: "server",
  "oom-score-adj": "server",
  "oom-score-adj-values": "server",
  "disable-thp": "server",
  "io-threads": "server",
};

/** Options whose value is the path of a program that Sentinel runs. */
export const sentinelScripts = ["notification-script", "client-reconfig-script"] as const;

/** What holds a password is not shown. */
const users = "`auth`, which gives the servers users with passwords";
const notYet = "nothing yet: TLS is not supported, nor are other names for commands";

/** Directives that something else in the stack decides, and what to set instead. */
const decidedElsewhere: Record<"redis" | "sentinel", Record<string, string>> = {
  redis: {
    port: "`nodes`",
    bind: "`hosts`",
    dir: "`directory`",
    logfile: "nothing: the log is in the node's directory",
    pidfile: "nothing: the host keeps the process",
    daemonize: "nothing: the host keeps the process",
    supervised: "nothing: the host keeps the process",
    include:
      "`redis.directives`: what is included would be copied into the file that the server rewrites",
    replicaof: "nothing: Sentinel owns the roles",
    slaveof: "nothing: Sentinel owns the roles",
    "cluster-enabled": "nothing: a cluster needs no Sentinel",
    appendonly: "`redis.appendOnly`",
    "min-replicas-to-write": "`redis.minReplicasToWrite`",
    "min-slaves-to-write": "`redis.minReplicasToWrite`",
    "min-replicas-max-lag": "`redis.minReplicasMaxLagSeconds`",
    "min-slaves-max-lag": "`redis.minReplicasMaxLagSeconds`",
    "replica-announce-ip": "`hosts`",
    "slave-announce-ip": "`hosts`",
    "replica-announce-port": "`nodes`",
    "slave-announce-port": "`nodes`",
    requirepass: users,
    masterauth: users,
    masteruser: users,
    user: users,
    aclfile: users,
    "rename-command": notYet,
    "tls-port": notYet,
    "tls-replication": notYet,
  },
  sentinel: {
    port: "`sentinels`",
    bind: "`hosts`",
    dir: "`directory`",
    logfile: "nothing: the log is in the sentinel's directory",
    pidfile: "nothing: the host keeps the process",
    daemonize: "nothing: the host keeps the process",
    supervised: "nothing: the host keeps the process",
    include:
      "`sentinel.directives`: what is included would be copied into the file that the server rewrites",
    monitor: "`masterName`, `initialMaster` and `sentinel.quorum`",
    myid: "nothing: Sentinel owns it",
    "current-epoch": "nothing: Sentinel owns it",
    "config-epoch": "nothing: Sentinel owns it",
    "leader-epoch": "nothing: Sentinel owns it",
    "known-replica": "nothing: Sentinel owns it",
    "known-slave": "nothing: Sentinel owns it",
    "known-sentinel": "nothing: Sentinel owns it",
    "down-after-milliseconds": "`sentinel.downAfterMilliseconds`",
    "parallel-syncs": "`sentinel.parallelSyncs`",
    "failover-timeout": "`sentinel.failoverTimeoutMilliseconds`",
    "resolve-hostnames": "nothing: host names are used wherever the server can",
    "announce-hostnames": "nothing: host names are used wherever the server can",
    "announce-ip": "`hosts`",
    "announce-port": "`sentinels`",
    "auth-pass": users,
    "auth-user": users,
    "sentinel-pass": users,
    "sentinel-user": users,
    "rename-command": notYet,
  },
};

/**
 * Checks directives: name to what stands after it in the file; a value of several lines is a
 * directive that repeats.
 *
 * @param server whose file they are for.
 * @param path where they were given.
 */
export function directiveProblems(
  server: "redis" | "sentinel",
  directives: Record<string, string>,
  path = `${server}.directives`,
): Problem[] {
  return Object.entries(directives).flatMap(([directive, value]: [string, unknown]) => {
    const propertyPath = `${path}.${directive}`;
    if (typeof value !== "string") return [notAllowed(propertyPath, value, "a text")];
    const elsewhere = decidedElsewhere[server][directive.toLowerCase()];
    if (elsewhere === users || elsewhere === notYet)
      return [{ propertyPath, reason: `not allowed: set ${elsewhere}` }];
    if (elsewhere)
      return [{ propertyPath, reason: `${quoted(value)} is not allowed here: set ${elsewhere}` }];
    if (!/^[a-z][a-z0-9-]*$/.test(directive)) {
      return [
        notAllowed(propertyPath, directive, "as a directive, lower-case letters, digits and '-'"),
      ];
    }
    if (server === "sentinel" && !Object.hasOwn(sentinelOptions, directive)) {
      return [unknownKey(propertyPath, directive, Object.keys(sentinelOptions))];
    }
    if (
      server === "sentinel" &&
      sentinelScripts.some((each) => each === directive) &&
      !/^\/[^\s"'\\]+$/.test(value)
    ) {
      return [
        notAllowed(
          propertyPath,
          value,
          "the absolute path of a program on the sentinels' machines, without blanks and quotes",
        ),
      ];
    }
    return value.split("\n").flatMap((line) => {
      const allowed = lineRule(line);
      return allowed ? [notAllowed(propertyPath, line, allowed)] : [];
    });
  });
}

/** @returns what a line has to be, where it is not. */
function lineRule(line: string): string | undefined {
  // A control character is exactly what must not get into the file.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f]/.test(line)) return "text without control characters";
  const words = wordsOf(line);
  if (words === undefined)
    return "words as in redis.conf, every quote closed and followed by a space or the end";
  return words.length > 0 ? undefined : 'a value; for an empty one write two quotes: ""';
}

/** @returns the lines of a value, without what the servers take for blanks around them. */
function linesOf(value: string): string[] {
  return value.split("\n").map((line) => line.replace(/^[ \t]+/, "").replace(/[ \t]+$/, ""));
}

/**
 * @returns the lines of free options of Sentinel that are about one master, or those that are about
 * none.
 */
export function sentinelDirectiveLines(
  directives: Record<string, string>,
  masterName?: string,
): string[] {
  return Object.entries(directives).flatMap(([option, value]) => {
    const kind = sentinelOptions[option];
    if ((kind === "master") !== (masterName !== undefined)) return [];
    const beginning = {
      master: `sentinel ${option} ${masterName}`,
      sentinel: `sentinel ${option}`,
      server: option,
    }[kind ?? "server"];
    return linesOf(value).map((line) => `${beginning} ${line}`);
  });
}

/**
 * @returns the priority with which Sentinel promotes a node with these settings; 0: never. As in
 * redis.conf, the last one counts.
 */
export function priorityOf(directives: Record<string, string>): number {
  const given = Object.entries(directives).flatMap(([directive, value]) =>
    /^(replica|slave)-priority$/.test(directive) ? [value] : [],
  );
  const last = given.at(-1);
  return last === undefined ? 100 : Number(wordOf(last));
}

/** @returns the lines of the file for free settings, in the order given. */
export function directiveLines(directives: Record<string, string>): string[] {
  return Object.entries(directives).flatMap(([directive, value]) =>
    linesOf(value).map((line) => `${directive} ${line}`),
  );
}
