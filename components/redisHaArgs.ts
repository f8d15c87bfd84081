import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { notAllowed, type Problem } from "../errors.ts";
import { type FieldsOf, valueProblems, withCommon } from "../fields.ts";
import { isLoopback, isUnicast } from "../hosts/address.ts";
import { type DockerArgs, dockerFields } from "../hosts/docker/args.ts";
import type { HostArgs, LocalArgs } from "../hosts/host.ts";
import { directoryProblems, isPlainPath } from "../hosts/names.ts";
import { isLater, knownNow } from "../hosts/sdk.ts";
import {
  isUser,
  type SshArgs,
  sshDirectoryProblems,
  sshFields,
  sshProblems,
  withCommonSsh,
} from "../hosts/ssh/args.ts";
import { exposureProblems } from "./exposure.ts";
import { hostFields, hostProblems, localFields } from "./hostProblems.ts";
import {
  redisFields,
  type RedisNodesArgs,
  redisProblems,
  type TimeoutsArgs,
  timeoutsFields,
} from "./redis/args.ts";
import { priorityOf } from "./redis/directives.ts";
import {
  isHostName,
  seed,
  sentinelFields,
  type Topology,
  type TopologyArgs,
} from "./redis/topology.ts";
import { type ZatoArgs, zatoFields } from "./zato/kvdbConfig.ts";

/**
 * Arguments of {@link RedisHa}; without any, the three-host topology of Zato's guide on this
 * machine.
 */
export interface RedisHaArgs extends TopologyArgs {
  /** Host name to what is known of the machine. @default every host is this machine, 127.0.0.1 */
  hosts?: Record<string, HostArgs>;
  /**
   * Absolute path of the stack's directory on every host that sets none of its own. @default what a
   * host's `directory` says
   */
  directory?: string;
  /**
   * Let the servers listen where others than the machine itself reach them, although there are no
   * passwords yet: who gets there reads and writes the data and commands the sentinels. Without it
   * an address beyond loopback is refused.
   * @default false
   */
  openWithoutPasswords?: boolean;
  /**
   * Replicas and sentinels that are gone for good and were never, or are no longer, of this
   * deployment: each `HOST:PORT` as the verification names them. One sentinel after the other is
   * restarted without them; all else that it has learnt is kept.
   * @default none
   */
  forget?: pulumi.Input<string>[];
  /**
   * What is to become this deployment's though it is marked as another one's, or holds a server's
   * data without a mark: absolute paths of directories of hosts (with the host's name), names of
   * volumes. Only if nothing runs on them; they are removed with the deployment.
   * @default none
   */
  adopt?: string[];
  /** Write the host names into the hosts file of every machine. @default true */
  hostsEntries?: boolean;
  /** Absolute path of that file. @default "/etc/hosts" */
  hostsFile?: string;
  /** The servers' programs, and what the nodes keep. */
  redis?: RedisNodesArgs;
  /** Hosts that are this machine. */
  local?: LocalArgs;
  /** What hosts with a section `docker` have in common. */
  docker?: DockerArgs;
  /** What hosts with a section `ssh` have in common. */
  ssh?: SshArgs;
  /** Zato's servers. */
  zato?: ZatoArgs;
  /** How long steps may take. */
  timeouts?: TimeoutsArgs;
}

export const redisHaFields = {
  nodes: { names: { kind: "text" } },
  sentinels: { names: { kind: "text" } },
  hosts: { names: { section: hostFields } },
  masterName: { kind: "text", default: seed.masterName },
  initialMaster: { kind: "text" },
  directory: { kind: "text" },
  openWithoutPasswords: { kind: "switch", default: false },
  forget: { kind: "texts", input: true },
  adopt: {
    kind: "texts",
    rule: [
      (text: string) => isPlainPath(text) || /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text),
      "the absolute path of a host's directory, or a volume's name",
    ],
  },
  hostsEntries: { kind: "switch", default: true },
  hostsFile: {
    kind: "text",
    default: "/etc/hosts",
    rule: [isPlainPath, "an absolute path without control characters"],
  },
  redis: { section: redisFields },
  sentinel: { section: sentinelFields },
  local: { section: localFields },
  docker: { section: dockerFields },
  ssh: { section: sshFields },
  zato: { section: zatoFields },
  timeouts: { section: timeoutsFields },
} as const satisfies FieldsOf<RedisHaArgs>;

/** What is known at once; of the hosts it is for those who look at them to tell that apart. */
export type KnownArgs = pulumi.Unwrap<Omit<RedisHaArgs, "hosts">> & Pick<RedisHaArgs, "hosts">;

export function knownArgs({ hosts, ...args }: RedisHaArgs): KnownArgs {
  return { ...knownNow(args), hosts };
}

/**
 * @returns what is known of a host, with what it shares with others in place of what it leaves out.
 */
export function hostArgs(
  { hosts, directory, ssh, docker }: Pick<RedisHaArgs, "hosts" | "directory" | "ssh" | "docker">,
  host: string,
): HostArgs {
  const own = hosts?.[host] ?? {};
  return {
    ...own,
    directory: own.directory ?? directory,
    ...(own.ssh ? { ssh: withCommonSsh(ssh, own.ssh) } : {}),
    ...(own.docker ? { docker: withCommon(docker, own.docker) } : {}),
  };
}

/** The directives of one node. */
export function directivesOf<T>(
  {
    directives,
    nodeDirectives,
  }: { directives?: Record<string, T>; nodeDirectives?: Record<string, Record<string, T>> },
  node: string,
): Record<string, T> {
  return { ...directives, ...nodeDirectives?.[node] };
}

/** @returns the nodes that Sentinel may promote. */
export function promotable(
  redis: {
    directives?: Record<string, string>;
    nodeDirectives?: Record<string, Record<string, string>>;
  },
  nodes: readonly string[],
): string[] {
  return nodes.filter((node) => priorityOf(directivesOf(redis, node)) !== 0);
}

/** @returns what is wrong with the arguments that are not the topology's. */
export function otherProblems(args: KnownArgs, topology: Topology): Problem[] {
  const problems: Problem[] = [];
  const refuse = (propertyPath: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(propertyPath, value, allowed));
  const { hosts = {}, redis = {}, ssh, docker, directory } = args;
  const nodes = topology.nodes.map(({ name }) => name);

  // The rest have checks of their own.
  const { adopt, hostsFile, timeouts } = args;
  problems.push(...valueProblems({ adopt, hostsFile, timeouts }, redisHaFields));
  if (directory !== undefined)
    problems.push(
      ...(Object.values(hosts).some((host) => host.ssh)
        ? sshDirectoryProblems("directory", directory)
        : directoryProblems("directory", directory)),
    );
  for (const [index, each] of (args.forget ?? []).entries()) {
    const [, host = "", port = ""] = /^([A-Za-z0-9._-]+):(\d{1,5})$/.exec(each) ?? [];
    const addresses = (member: { host: string }) => [
      member.host,
      hosts[member.host]?.address ?? "127.0.0.1",
    ];
    const ours = [...topology.nodes, ...topology.sentinels].find(
      (member) => String(member.port) === port && addresses(member).includes(host),
    );
    if (!host)
      refuse(
        `forget[${index}]`,
        each,
        "HOST:PORT of a replica or a sentinel, as the verification names it",
      );
    else if (ours)
      refuse(`forget[${index}]`, each, `what is not of this deployment: ${ours.name} is there`);
  }
  problems.push(...redisProblems(redis, nodes));
  if (nodes.length > 0 && promotable(redis, nodes).length === 0)
    refuse(
      "redis.directives.replica-priority",
      0,
      "above 0 for one node at least, or no replica is ever promoted (nodeDirectives sets it for single nodes)",
    );
  if (ssh) problems.push(...sshProblems("ssh", ssh));
  if (docker) problems.push(...valueProblems(docker, dockerFields, "docker"));
  const confHosts = (args.zato?.serverConfs ?? []).flatMap((conf, index) => {
    const { host } = zatoPlace(conf);
    if (host !== undefined && !hosts[host])
      refuse(
        `zato.serverConfs[${index}]`,
        conf,
        "an absolute path, or HOST:PATH with one of `hosts`",
      );
    return host ?? [];
  });
  const members = new Set([...topology.nodes, ...topology.sentinels].map(({ host }) => host));
  const used = new Set([...members, ...confHosts]);
  for (const [host, own] of Object.entries(hosts)) {
    const path = `hosts.${host}`;
    if (!isHostName(host)) refuse(path, host, "as a host name, letters, digits, '-', '_' and '.'");
    else if (!used.has(host))
      refuse(
        path,
        host,
        `one of the hosts of \`nodes\` and \`sentinels\`: ${[...used].join(", ")}`,
      );
    // The directory of all is checked where it was given, unless it is wrong for this host.
    problems.push(
      ...hostProblems(path, { ...hostArgs(args, host), directory: own.directory }, own),
    );
    const { address } = own;
    if (typeof address === "string" && isUnicast(address) && members.has(host))
      problems.push(...exposureProblems(host, address, args.openWithoutPasswords));
  }
  problems.push(...placesProblems(args, [...members]), ...localUserProblems(args, [...used]));
  return problems;
}

/**
 * Only root can start servers as another user, who has to get to their directories, which become
 * part of its account.
 */
function localUserProblems({ local, hosts, directory }: KnownArgs, used: string[]): Problem[] {
  const { user } = local ?? {};
  if (user === undefined) return [];
  if (!isUser(user) || user === "root")
    return [notAllowed("local.user", user, "a user's name, and not root")];
  if (process.getuid?.() !== 0)
    return [
      notAllowed(
        "local.user",
        user,
        "nothing, unless Pulumi runs as root: nobody else can start others' servers",
      ),
    ];
  const locals = used.filter((host) => !hosts?.[host]?.ssh && !hosts?.[host]?.docker);
  const places = locals.map((host): [string, string | undefined] => [
    `hosts.${host}.directory`,
    hosts?.[host]?.directory,
  ]);
  if (places.some(([, own]) => own === undefined)) places.push(["directory", directory]);
  const rule =
    "with local.user, an absolute path of letters, digits, '.', '_', '-' and '/', to which that user can get";
  return places.flatMap(([path, place]) => {
    if (place === undefined) return [];
    const closed = closedIn(place);
    if (closed !== undefined)
      return [notAllowed(path, place, `${rule}; ${closed} is closed to others`)];
    return /^\/[A-Za-z0-9._/-]+$/.test(place) ? [] : [notAllowed(path, place, rule)];
  });
}

/**
 * @returns the first directory in the path that others may not enter, and that the stack has not
 * made, which it opens.
 */
function closedIn(path: string): string | undefined {
  const list = join(path, "made");
  const made = existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
  const closed = (at: string): string | undefined => {
    const stat = statSync(at, { throwIfNoEntry: false });
    const here = stat && (stat.mode & 0o001) === 0 && !made.includes(at) ? at : undefined;
    return (dirname(at) === at ? undefined : closed(dirname(at))) ?? here;
  };
  return closed(path);
}

/** Hosts on several machines reach each other only by addresses that are not everybody's own. */
function placesProblems(args: KnownArgs, used: string[]): Problem[] {
  if (placesOf(args, used) < 2) return [];
  return used.flatMap((host) => {
    const address = args.hosts?.[host]?.address ?? "127.0.0.1";
    if (typeof address !== "string" || !isLoopback(address)) return [];
    return [
      notAllowed(
        `hosts.${host}.address`,
        address,
        "the hosts are on several machines, and need the address under which the others reach them",
      ),
    ];
  });
}

/** @returns on how many machines the hosts are. */
function placesOf(args: KnownArgs, used: string[]): number {
  const place = (host: string): unknown => {
    const { ssh, docker, address } = hostArgs(args, host);
    if (ssh) return `ssh ${typeof address === "string" ? address : host}`;
    // Hosts with one and the same output are on one engine.
    if (docker) return isLater(docker.engine) ? docker.engine : `docker ${docker.engine}`;
    return "local";
  };
  return new Set(used.map(place)).size;
}

/** `PATH` or `HOST:PATH`. */
export function zatoPlace(conf: string): { host?: string; path: string } {
  const [, host, path] = /^([^/:]+):(\/.*)$/s.exec(conf) ?? [];
  return host !== undefined && path !== undefined ? { host, path } : { path: conf };
}
