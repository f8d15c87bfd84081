import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { isLoopback, isNetwork, isUnicast } from "../hosts/address.ts";
import { type ContainerArgs, createHosts, Deployment, type LocalArgs, LocalHost, type MachineArgs } from "../hosts/index.ts";
import { kernelSettings } from "../hosts/ssh/host.ts";
import type { Host, HostArgs, ProcessCommands } from "../hosts/host.ts";
import { isLater, knownNow } from "../hosts/sdk.ts";
import { directoryProblems, lengthProblems, nameProblems } from "../hosts/names.ts";
import { exposureLimitations, exposureProblems } from "./exposure.ts";
import { shapeProblems, unknownKey } from "./fields.ts";
import { hostProblems, imageRule, isImage, isPlainPath } from "./hostProblems.ts";
import { HostsEntries } from "./hostsEntries.ts";
import { notAllowed, type Problem, refuseAny } from "../errors.ts";
import type { Limits, Located } from "./redis/lifecycleParameters.ts";
import { requireLater } from "./later.ts";
import { RedisNode } from "./redisNode.ts";
import { type MonitoredMasterArgs, Sentinel } from "./sentinel.ts";
import type { ServerVersion } from "./redis/version.ts";
import { priorityOf, type Settings, settingsProblems } from "./redis/directives.ts";
import { isHostName, resolveTopology, type Topology, type TopologyArgs } from "./redis/topology.ts";
import { ZatoKvdbConfig } from "./zato/kvdbConfig.ts";

/** Arguments of {@link RedisHa}; without any, the three-host topology of Zato's guide on this machine. */
export interface RedisHaArgs extends TopologyArgs, ContainerArgs, LocalArgs, MachineArgs {
  /** Host name to what is known of the machine. @default every host is this machine, 127.0.0.1 */
  hosts?: Record<string, HostArgs>;
  /** Absolute path of the stack's directory on every host that sets none of its own. */
  directory?: string;
  /**
   * Let the servers listen where others than the machine itself reach them, although there are no passwords yet: who gets
   * there reads and writes the data and commands the sentinels.
   * @default false: an address beyond loopback is refused
   */
  openWithoutPasswords?: boolean;
  /**
   * Replicas and sentinels that are gone for good and were never, or are no longer, of this deployment: each `HOST:PORT` as the
   * verification names them. One sentinel after the other is restarted without them; all else that it has learnt is kept.
   * @default none
   */
  forget?: pulumi.Input<string>[];
  /**
   * What is to become this deployment's though it is marked as another one's, or holds a server's data without a mark: absolute
   * paths of directories of hosts, names of volumes. Only if nothing runs on them; they are removed with the deployment.
   * @default none
   */
  adopt?: string[];
  /** The server program, a name or an absolute path. @default "redis-server", or "valkey-server" where there is only that */
  serverBinary?: pulumi.Input<string>;
  /** The client program. @default the one that belongs to `serverBinary` */
  cliBinary?: pulumi.Input<string>;
  /** Keep every acknowledged write in the append-only file. @default true */
  appendOnly?: pulumi.Input<boolean>;
  /** Replicas that a master has to have to accept writes. @default 1 with three nodes or more, else 0 */
  minReplicasToWrite?: pulumi.Input<number>;
  /** Seconds after which a silent replica does not count for that. @default 10 */
  minReplicasMaxLagSeconds?: pulumi.Input<number>;
  /** Further directives of redis.conf; a value of several lines is a directive that repeats. */
  redisConf?: Settings;
  /** Further directives for single nodes: node name to what it has in place of, or besides, those of `redisConf`. */
  nodeConf?: Record<string, Settings>;
  /** Further options of Sentinel, such as `notification-script`, `deny-scripts-reconfig` or `loglevel`: option to its value. */
  sentinelConf?: Settings;
  /** Write the host names into the hosts file of every machine. @default true */
  hostsEntries?: boolean;
  /** Absolute path of that file. @default "/etc/hosts" */
  hostsFile?: string;
  /**
   * The server.conf of every Zato server of the cluster: absolute paths on the machine that runs Pulumi, or `HOST:PATH` with
   * one of `hosts`; one that is known only later, a path.
   * @default none
   */
  zatoServerConfs?: pulumi.Input<string>[];
  /** Seconds after which Zato gives up on a silent server; used where its file says nothing. @default 0.5 */
  zatoSocketTimeoutSeconds?: pulumi.Input<number>;
  /** Seconds that a process may take to be ready, longer while it loads or synchronises. @default 60 */
  readyTimeoutSeconds?: number;
  /** Seconds that a process may take to end before it is killed. @default 60 */
  stopTimeoutSeconds?: number;
  /** Seconds until the whole topology has to be what it should be. @default 60 */
  verifyTimeoutSeconds?: number;
}

/** A node, for clients and tools. */
export interface NodeOutput {
  /** Its name in `nodes`. */
  name: string;
  /** The network name of its host. */
  host: string;
  /** The IP address that belongs to the name, for clients. */
  address: string;
  /** TCP port. */
  port: number;
  /** Where it has its data; in a container the path in there. */
  directory: string;
  /** What to type, on the machine that runs Pulumi, to end or start it by hand. */
  commands: ProcessCommands;
}

/** Redis high availability with Sentinel, verified: nodes, sentinels, host names and Zato's configuration. */
export class RedisHa extends pulumi.ComponentResource {
  /** The sentinels, each `HOST:PORT`. */
  readonly sentinels: pulumi.Output<string[]>;
  /** The same as Zato's `redis_sentinels` wants them. */
  readonly redisSentinels: pulumi.Output<string>;
  /** What clients ask the sentinels for. */
  readonly masterName: pulumi.Output<string>;
  /** The nodes; who of them is the master, only the sentinels know. */
  readonly nodes: pulumi.Output<NodeOutput[]>;
  /** A complete `[kvdb]` stanza: it takes the place of the whole one in server.conf of Zato 3.2 or 3.3. */
  readonly kvdbStanza: pulumi.Output<string>;
  /** Host name to IP address. */
  readonly hosts: pulumi.Output<Record<string, string>>;
  /** Host name to the IP address under which containers on the same machine reach it: for `docker run --add-host`. */
  readonly containerHosts: pulumi.Output<Record<string, string>>;
  /** What the servers' versions lack, a line each. */
  readonly limitations: pulumi.Output<string[]>;

  constructor(name: string, args: RedisHaArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:RedisHa", name, {}, opts);
    const { unknown, wrong } = shapeProblems(args);
    if (wrong.length > 0) refuseAny([...unknown, ...wrong], name);
    const known = knownArgs(args);
    const { topology, problems } = resolveTopology(known);
    problems.push(...unknown, ...nameProblems("name", name), ...otherProblems(known, topology));
    for (const { name: member, host } of [...topology.nodes, ...topology.sentinels])
      problems.push(...lengthProblems("name", [name, host, member, pulumi.getStack()]));
    refuseAny(problems, name);

    const confs = (args.zatoServerConfs ?? []).map((conf) => (isLater(conf) ? { host: undefined, path: conf } : zatoPlace(conf)));
    const members = [...new Set([...topology.nodes, ...topology.sentinels].map(({ host }) => host))];
    const hostNames = [...new Set([...members, ...confs.flatMap(({ host }) => host ?? [])])];
    const wanted = new Map(hostNames.map((host) => [host, { directory: args.directory, ...args.hosts?.[host] }]));
    const directories = Object.fromEntries([...wanted].map(([host, { directory }]) => [host, directory]));
    const deployment = new Deployment(name, { parent: this, dependsOn: opts?.dependsOn }, directories, args.adopt, args.localUser);
    const { hosts: places, ...values } = args;
    const containers = Object.fromEntries(
      Object.entries(places ?? {}).map(([host, { engine, certificates, image }]) => [host, { engine, certificates, image }]),
    );
    requireLater(deployment.preflight, { ...values, hosts: containers }, ({ hosts: known, ...later }) => {
      const all = { ...later, hosts: Object.fromEntries(Object.entries(places ?? {}).map(([host, each]) => [host, { ...each, ...known[host] }])) };
      const { wrong } = shapeProblems(all);
      if (wrong.length > 0) return wrong;
      const { topology, problems } = resolveTopology(all);
      return [...problems, ...otherProblems(all, topology)];
    });
    const hosts = createHosts(name, wanted, args, { parent: this }, deployment);
    const hostOf = (host: string): Host => hosts.get(host) as Host;
    const entries = this.#hostsEntries(name, [...hosts.values()], args);

    const seenFrom = (host: Host) => {
      const located = (members: Topology["nodes"]): Located[] =>
        members.map((member) => ({ ...member, address: host.addressOf(hostOf(member.host)) }));
      return { host, nodes: located(topology.nodes), sentinels: located(topology.sentinels) };
    };
    const { serverBinary, cliBinary: cli, openWithoutPasswords } = args;
    const common = { server: serverBinary || undefined, cli, openWithoutPasswords, limits: limitsOf(args) };
    const watching: MonitoredMasterArgs = {
      name: topology.masterName,
      initialMaster: topology.initialMaster,
      quorum: args.quorum ?? topology.quorum,
      downAfterMilliseconds: args.downAfterMilliseconds ?? topology.downAfterMilliseconds,
      parallelSyncs: args.parallelSyncs ?? topology.parallelSyncs,
      failoverTimeoutMilliseconds: args.failoverTimeoutMilliseconds ?? topology.failoverTimeoutMilliseconds,
    };
    const nodes: RedisNode[] = [];
    for (const { name: node, host, port } of topology.nodes) {
      const { downAfterMilliseconds } = watching;
      const nodeArgs = { ...common, ...args, ...seenFrom(hostOf(host)), port, downAfterMilliseconds, settings: settingsOf(args, node) };
      // One at a time, so that a change stops at the first node that does not come back.
      nodes.push(
        new RedisNode(
          `${name}-${node}`,
          { ...nodeArgs, nodeName: node, masterName: topology.masterName, initialMaster: topology.initialMaster },
          { parent: this, dependsOn: [...entries, ...nodes.slice(-1)] },
        ),
      );
    }
    const sentinels: Sentinel[] = [];
    for (const { name: sentinel, host, port } of topology.sentinels) {
      sentinels.push(
        new Sentinel(
          `${name}-${sentinel}`,
          {
            ...common,
            ...seenFrom(hostOf(host)),
            sentinelName: sentinel,
            port,
            masters: [watching],
            forget: args.forget,
            settings: args.sentinelConf,
          },
          { parent: this, dependsOn: [...nodes.slice(-1), ...sentinels.slice(-1)] },
        ),
      );
    }

    const processes = [...nodes, ...sentinels];
    const [firstNode] = topology.nodes as [Topology["nodes"][0]];
    const verified = hostOf(firstNode.host).verify(
      `${name}-verified`,
      firstNode.name,
      pulumi
        .all(processes.map(({ revision }) => revision))
        .apply((revisions) => [...topology.nodes, ...topology.sentinels].map(({ name }, index) => `${name} ${revisions[index]}\n`).join("")),
      { parent: this, dependsOn: processes },
    );
    const zatoOn = (suffix: string, host: Host, zatoServerConfs: pulumi.Input<string>[]) =>
      new ZatoKvdbConfig(
        `${name}-zato${suffix}`,
        {
          host,
          sentinels: topology.sentinels.map(({ host, port }) => `${host}:${port}`),
          masterName: topology.masterName,
          node: `${firstNode.host}:${firstNode.port}`,
          zatoServerConfs,
          zatoSocketTimeoutSeconds: args.zatoSocketTimeoutSeconds,
        },
        { parent: this, dependsOn: [verified] },
      );
    const here = confs.filter(({ host }) => host === undefined).map(({ path }) => path);
    const isHere = hostOf(firstNode.host).machine === "localhost";
    const thisMachine =
      isHere || here.length === 0 ? hostOf(firstNode.host) : new LocalHost(`${name}-here`, "localhost", {}, { parent: this }, deployment);
    const zato = zatoOn("", thisMachine, here);
    for (const host of new Set(confs.flatMap(({ host }) => host ?? []))) {
      zatoOn(
        `-${host}`,
        hostOf(host),
        confs.filter((conf) => conf.host === host).map(({ path }) => path),
      );
    }

    this.sentinels = pulumi.output(topology.sentinels.map(({ host, port }) => `${host}:${port}`));
    this.redisSentinels = zato.redisSentinels;
    this.masterName = pulumi.output(topology.masterName);
    this.nodes = pulumi.output(
      topology.nodes.map((node) => {
        const host = hostOf(node.host);
        return { ...node, address: host.address, directory: host.directoryOf(node.name), commands: host.commandsFor(node.name) };
      }),
    );
    this.kvdbStanza = zato.stanza;
    this.hosts = pulumi.output(Object.fromEntries([...hosts].map(([host, { address }]) => [host, address])));
    this.containerHosts = pulumi.output(Object.fromEntries([...hosts].map(([host, { announcedAddress }]) => [host, announcedAddress])));
    this.limitations = pulumi
      .all([
        exposureLimitations(members.map(hostOf)),
        ...processes.map(({ limitations }) => limitations),
        ...[...hosts.values()].map(({ limitations }) => limitations),
        priorityLimitations(
          args,
          topology.nodes.map(({ name }) => name),
        ),
        pulumi.all(nodes.map(({ version }) => version)).apply((versions) => versionLimitations(topology.nodes, versions)),
      ])
      .apply((lists) => [...new Set(lists.flat())]);
    this.registerOutputs({
      sentinels: this.sentinels,
      redisSentinels: this.redisSentinels,
      masterName: this.masterName,
      nodes: this.nodes,
      kvdbStanza: this.kvdbStanza,
    });
  }

  /** One block on each machine, however many of the hosts it is; where none is wanted, the names have to be known without. */
  #hostsEntries(name: string, hosts: Host[], { hostsEntries, hostsFile: file }: RedisHaArgs): HostsEntries[] {
    const entries = Object.fromEntries(hosts.map(({ hostName, address }) => [hostName, address]));
    const machines = hosts.filter(({ machine }, index) => hosts.findIndex((other) => other.machine === machine) === index);
    if (hostsEntries !== false) {
      return machines.map((host) => new HostsEntries(`${name}-hosts-${host.hostName}`, { host, entries, file }, { parent: this }));
    }
    for (const host of machines) host.requireNames(entries);
    return [];
  }
}

/** What is known at once; of the hosts it is for those who look at them to tell that apart. */
type KnownArgs = pulumi.Unwrap<Omit<RedisHaArgs, "hosts">> & Pick<RedisHaArgs, "hosts">;

function knownArgs({ hosts, ...args }: RedisHaArgs): KnownArgs {
  return { ...knownNow(args), hosts };
}

/** The directives of one node. */
function settingsOf<T>(
  { redisConf, nodeConf }: { redisConf?: Record<string, T>; nodeConf?: Record<string, Record<string, T>> },
  node: string,
): Record<string, T> {
  return { ...redisConf, ...nodeConf?.[node] };
}

/** @returns the nodes that Sentinel may promote. */
function promotable(args: pulumi.Unwrap<Pick<RedisHaArgs, "redisConf" | "nodeConf">>, nodes: readonly string[]): string[] {
  return nodes.filter((node) => priorityOf(settingsOf(args, node)) !== 0);
}

/** A topology that works and yet has nobody to take over from the one that is the master most of the time. */
function priorityLimitations({ redisConf, nodeConf }: RedisHaArgs, nodes: readonly string[]): pulumi.Output<string[]> {
  return pulumi.unsecret(pulumi.output({ redisConf, nodeConf })).apply((settings) => {
    const [only, ...others] = promotable(settings, nodes);
    return others.length > 0 ? [] : [`only ${only} can be promoted, the others have the replica-priority 0: while it is down nobody takes over`];
  });
}

/** While the nodes' machines have different servers, an older one may be unable to follow a newer one. */
function versionLimitations(nodes: Topology["nodes"], versions: readonly ServerVersion[]): string[] {
  const labels = versions.map(({ label }) => label);
  if (new Set(labels).size < 2) return [];
  const each = [...new Set(labels)].map(
    (label) => `${label} on ${nodes.flatMap(({ name }, index) => (labels[index] === label ? [name] : [])).join(", ")}`,
  );
  return [`different servers, ${each.join("; ")}: what a newer one has written an older one may be unable to read, or to follow`];
}

function limitsOf(args: RedisHaArgs): Limits {
  return {
    readySeconds: args.readyTimeoutSeconds ?? 60,
    stopSeconds: args.stopTimeoutSeconds ?? 60,
    verifySeconds: args.verifyTimeoutSeconds ?? 60,
  };
}

/** What is wrong with the arguments that are not the topology's. */
function otherProblems(args: KnownArgs, topology: Topology): Problem[] {
  const problems: Problem[] = [];
  const refuse = (propertyPath: string, value: unknown, allowed: string) => problems.push(notAllowed(propertyPath, value, allowed));

  if (args.directory !== undefined) problems.push(...directoryProblems("directory", args.directory));
  if (args.hostsFile !== undefined && !isPlainPath(args.hostsFile))
    refuse("hostsFile", args.hostsFile, "an absolute path without control characters");
  for (const [index, each] of (args.forget ?? []).entries()) {
    const [, host = "", port = ""] = /^([A-Za-z0-9._-]+):(\d{1,5})$/.exec(each) ?? [];
    const addresses = (member: { host: string }) => [member.host, args.hosts?.[member.host]?.address ?? "127.0.0.1"];
    const ours = [...topology.nodes, ...topology.sentinels].find((member) => String(member.port) === port && addresses(member).includes(host));
    if (!host) refuse(`forget[${index}]`, each, "HOST:PORT of a replica or a sentinel, as the verification names it");
    else if (ours) refuse(`forget[${index}]`, each, `what is not of this deployment: ${ours.name} is there`);
  }
  for (const [index, each] of (args.adopt ?? []).entries()) {
    const isVolume = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(each);
    if (!isPlainPath(each) && !isVolume) refuse(`adopt[${index}]`, each, "the absolute path of a host's directory, or a volume's name");
  }
  for (const field of ["serverBinary", "cliBinary"] as const) {
    const value = args[field];
    if (value !== undefined && !(isPlainPath(value) || /^[A-Za-z0-9._+][A-Za-z0-9._+-]*$/.test(value))) {
      refuse(field, value, "the name of a program on the PATH, or an absolute path");
    }
  }
  for (const [field, least, most] of [
    ["minReplicasToWrite", 0, topology.nodes.length - 1],
    ["minReplicasMaxLagSeconds", 1, 86_400],
    ["bootTimeoutSeconds", 1, 86_400],
    ["readyTimeoutSeconds", 1, 86_400],
    ["stopTimeoutSeconds", 1, 86_400],
    ["verifyTimeoutSeconds", 1, 86_400],
  ] as const) {
    const value = args[field];
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= most))
      refuse(field, value, `a whole number from ${least} to ${most}`);
  }
  const confHosts = (args.zatoServerConfs ?? []).flatMap((conf, index) => {
    const { host } = zatoPlace(conf);
    if (host !== undefined && !args.hosts?.[host]) refuse(`zatoServerConfs[${index}]`, conf, "an absolute path, or HOST:PATH with one of `hosts`");
    return host ?? [];
  });
  const members = new Set([...topology.nodes, ...topology.sentinels].map(({ host }) => host));
  const used = new Set([...members, ...confHosts]);
  for (const [host, hostArgs] of Object.entries(args.hosts ?? {})) {
    const path = `hosts.${host}`;
    if (!isHostName(host)) refuse(path, host, "as a host name, letters, digits, '-', '_' and '.'");
    else if (!used.has(host)) refuse(path, host, `one of the hosts of \`nodes\` and \`sentinels\`: ${[...used].join(", ")}`);
    problems.push(...hostProblems(path, hostArgs));
    const { address } = hostArgs;
    if (typeof address === "string" && isUnicast(address) && members.has(host))
      problems.push(...exposureProblems(host, address, args.openWithoutPasswords));
  }
  problems.push(...placesProblems(args, [...members]));
  problems.push(...localUserProblems(args, [...used]));
  if (args.serviceUser !== undefined && !isUser(args.serviceUser)) refuse("serviceUser", args.serviceUser, "a user's name");
  for (const each of args.kernelSettings ?? []) {
    if (!kernelSettings.includes(each)) refuse("kernelSettings", each, `any of ${kernelSettings.join(", ")}`);
  }
  for (const each of args.firewallClients ?? []) {
    if (!isNetwork(each)) refuse("firewallClients", each, "IPv4 addresses or networks, such as 10.0.0.0/24");
  }
  if (args.redisTarball !== undefined && !existsSync(args.redisTarball)) refuse("redisTarball", args.redisTarball, "the path of a file that exists");
  if (args.redisVersion !== undefined && !/^[0-9][0-9A-Za-z.:+~-]*$/.test(args.redisVersion)) {
    refuse("redisVersion", args.redisVersion, "a package's version, or its beginning, such as 7.0.15");
  }
  if (args.image !== undefined && !isImage(args.image)) refuse("image", args.image, imageRule);
  if (args.containerUser !== undefined && !/^[1-9]\d{0,8}:\d{1,9}$/.test(args.containerUser)) {
    refuse("containerUser", args.containerUser, "UID:GID, two numbers, and not root's 0");
  }
  problems.push(...settingsProblems("redisConf", args.redisConf ?? {}), ...settingsProblems("sentinelConf", args.sentinelConf ?? {}));
  const names = topology.nodes.map(({ name }) => name);
  for (const [node, settings] of Object.entries(args.nodeConf ?? {})) {
    problems.push(...settingsProblems("redisConf", settings, `nodeConf.${node}`));
    if (!names.includes(node)) problems.push(unknownKey("nodeConf", node, names));
  }
  if (names.length > 0 && promotable(args, names).length === 0)
    refuse("redisConf.replica-priority", 0, "above 0 for one node at least, or no replica is ever promoted (nodeConf sets it for single nodes)");
  return problems;
}

function isUser(name: string): boolean {
  return /^[a-z_][a-z0-9_-]{0,30}$/.test(name);
}

/** Only root can start servers as another user, who has to get to their directories, which become part of its account. */
function localUserProblems({ localUser, hosts, directory }: KnownArgs, used: string[]): Problem[] {
  if (localUser === undefined) return [];
  if (!isUser(localUser) || localUser === "root") return [notAllowed("localUser", localUser, "a user's name, and not root")];
  if (process.getuid?.() !== 0)
    return [notAllowed("localUser", localUser, "nothing, unless Pulumi runs as root: nobody else can start others' servers")];
  const locals = used.filter((host) => (hosts?.[host]?.kind ?? "local") === "local");
  const places = locals.map((host): [string, string | undefined] => [`hosts.${host}.directory`, hosts?.[host]?.directory]);
  if (places.some(([, own]) => own === undefined)) places.push(["directory", directory]);
  const rule = "with localUser, an absolute path of letters, digits, '.', '_', '-' and '/', to which that user can get";
  return places.flatMap(([path, place]) => {
    if (place === undefined) return [];
    const closed = closedIn(place);
    if (closed !== undefined) return [notAllowed(path, place, `${rule}; ${closed} is closed to others`)];
    return /^\/[A-Za-z0-9._/-]+$/.test(place) ? [] : [notAllowed(path, place, rule)];
  });
}

/** @returns the first directory in the path that others may not enter, and that the stack has not made, which it opens. */
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
  const { hosts = {} } = args;
  if (placesOf(args, used) < 2) return [];
  return used.flatMap((host) => {
    const address = hosts[host]?.address ?? "127.0.0.1";
    if (typeof address !== "string" || !isLoopback(address)) return [];
    return [
      notAllowed(`hosts.${host}.address`, address, "the hosts are on several machines, and need the address under which the others reach them"),
    ];
  });
}

/** @returns on how many machines the hosts are. */
function placesOf({ hosts = {} }: KnownArgs, used: string[]): number {
  const place = (host: string): unknown => {
    const { kind, engine, address } = hosts[host] ?? {};
    // Hosts with one and the same output are on one engine.
    if (kind === "docker") return isLater(engine) ? engine : `docker ${engine}`;
    return kind === "ssh" ? `ssh ${typeof address === "string" ? address : host}` : "local";
  };
  return new Set(used.map(place)).size;
}

/** `PATH` or `HOST:PATH`. */
function zatoPlace(conf: string): { host?: string; path: string } {
  const [, host, path] = /^([^/:]+):(\/.*)$/s.exec(conf) ?? [];
  return host !== undefined && path !== undefined ? { host, path } : { path: conf };
}
