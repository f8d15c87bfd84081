import * as pulumi from "@pulumi/pulumi";
import { refuseAny } from "../errors.ts";
import { shapeProblems } from "../fields.ts";
import type { Host, ProcessCommands } from "../hosts/host.ts";
import { createHosts, Deployment, LocalHost } from "../hosts/index.ts";
import { lengthProblems, nameProblems } from "../hosts/names.ts";
import { isLater } from "../hosts/sdk.ts";
import { exposureLimitations } from "./exposure.ts";
import { given } from "./given.ts";
import { HostsEntries } from "./hostsEntries.ts";
import { requireLater } from "./later.ts";
import type { RedisNodesArgs } from "./redis/args.ts";
import type { Located } from "./redis/lifecycleParameters.ts";
import type { MonitoredMasterArgs } from "./redis/sentinelConf.ts";
import { resolveTopology, type Topology } from "./redis/topology.ts";
import type { ServerVersion } from "./redis/version.ts";
import {
  directivesOf,
  hostArgs,
  knownArgs,
  otherProblems,
  promotable,
  type RedisHaArgs,
  redisHaFields,
  zatoPlace,
} from "./redisHaArgs.ts";
import { RedisNode } from "./redisNode.ts";
import { Sentinel } from "./sentinel.ts";
import { ZatoKvdbConfig } from "./zato/kvdbConfig.ts";

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

/**
 * Redis high availability with Sentinel, verified: nodes, sentinels, host names and Zato's
 * configuration.
 */
export class RedisHa extends pulumi.ComponentResource {
  /** The sentinels, each `HOST:PORT`. */
  readonly sentinels: pulumi.Output<string[]>;
  /** The same as Zato's `redis_sentinels` wants them. */
  readonly redisSentinels: pulumi.Output<string>;
  /** What clients ask the sentinels for. */
  readonly masterName: pulumi.Output<string>;
  /** The nodes; who of them is the master, only the sentinels know. */
  readonly nodes: pulumi.Output<NodeOutput[]>;
  /**
   * A complete `[kvdb]` stanza: it takes the place of the whole one in server.conf of Zato 3.2 or
   * 3.3.
   */
  readonly kvdbStanza: pulumi.Output<string>;
  /** Host name to IP address. */
  readonly hosts: pulumi.Output<Record<string, string>>;
  /**
   * Host name to the IP address under which containers on the same machine reach it: for `docker
   * run --add-host`.
   */
  readonly containerHosts: pulumi.Output<Record<string, string>>;
  /** What the servers' versions lack, a line each. */
  readonly limitations: pulumi.Output<string[]>;

  constructor(name: string, args: RedisHaArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:RedisHa", name, {}, opts);
    const { unknown, wrong } = shapeProblems(args, redisHaFields);
    if (wrong.length > 0) refuseAny([...unknown, ...wrong], name);
    const known = knownArgs(args);
    const { topology, problems } = resolveTopology(known);
    problems.push(...unknown, ...nameProblems("name", name), ...otherProblems(known, topology));
    for (const { name: member, host } of [...topology.nodes, ...topology.sentinels])
      problems.push(...lengthProblems("name", [name, host, member, pulumi.getStack()]));
    refuseAny(problems, name);

    const { redis = {}, zato = {}, openWithoutPasswords, timeouts } = args;
    const confs = (zato.serverConfs ?? []).map((conf) =>
      isLater(conf) ? { host: undefined, path: conf } : zatoPlace(conf),
    );
    const members = [
      ...new Set([...topology.nodes, ...topology.sentinels].map(({ host }) => host)),
    ];
    const hostNames = [...new Set([...members, ...confs.flatMap(({ host }) => host ?? [])])];
    const wanted = new Map(hostNames.map((host) => [host, hostArgs(args, host)]));
    const directories = Object.fromEntries(
      [...wanted].map(([host, { directory }]) => [host, directory]),
    );
    const deployment = new Deployment(
      name,
      { parent: this, dependsOn: opts?.dependsOn },
      directories,
      args.adopt,
      args.local?.user,
    );
    const { hosts: places = {}, ...values } = args;
    // How to log in over SSH is checked by who logs in.
    const containers = Object.fromEntries(
      Object.entries(places).map(([host, { docker }]) => [host, { docker }]),
    );
    requireLater(
      deployment.preflight,
      { ...values, hosts: containers },
      ({ hosts: known, ...later }) => {
        const all = {
          ...later,
          hosts: Object.fromEntries(
            Object.entries(places).map(([host, each]) => [host, { ...each, ...known[host] }]),
          ),
        };
        const { wrong } = shapeProblems(all, redisHaFields);
        if (wrong.length > 0) return wrong;
        const { topology, problems } = resolveTopology(all);
        return [...problems, ...otherProblems(all, topology)];
      },
    );
    const hosts = createHosts(name, wanted, args.local, { parent: this }, deployment);
    const hostOf = (host: string): Host => hosts.get(host) as Host;
    const entries = this.#hostsEntries(name, [...hosts.values()], args);

    const seenFrom = (host: Host) => {
      const located = (members: Topology["nodes"]): Located[] =>
        members.map((member) => ({ ...member, address: host.addressOf(hostOf(member.host)) }));
      return { host, nodes: located(topology.nodes), sentinels: located(topology.sentinels) };
    };
    const { serverBinary, cliBinary } = redis;
    const common = {
      serverBinary: serverBinary || undefined,
      cliBinary,
      openWithoutPasswords,
      timeouts,
    };
    const {
      quorum,
      downAfterMilliseconds,
      parallelSyncs,
      failoverTimeoutMilliseconds,
      directives,
    } = args.sentinel ?? {};
    const watching: MonitoredMasterArgs = {
      name: topology.masterName,
      initialMaster: topology.initialMaster,
      quorum: quorum ?? topology.quorum,
      downAfterMilliseconds: downAfterMilliseconds ?? topology.downAfterMilliseconds,
      parallelSyncs: parallelSyncs ?? topology.parallelSyncs,
      failoverTimeoutMilliseconds:
        failoverTimeoutMilliseconds ?? topology.failoverTimeoutMilliseconds,
    };
    const nodes: RedisNode[] = [];
    for (const { name: node, host, port } of topology.nodes) {
      const { appendOnly, minReplicasToWrite, minReplicasMaxLagSeconds } = redis;
      const nodeArgs = {
        ...common,
        ...seenFrom(hostOf(host)),
        appendOnly,
        minReplicasToWrite,
        minReplicasMaxLagSeconds,
        directives: directivesOf(redis, node),
        port,
        downAfterMilliseconds: watching.downAfterMilliseconds,
      };
      // One at a time, so that a change stops at the first node that does not come back.
      nodes.push(
        new RedisNode(
          `${name}-${node}`,
          {
            ...nodeArgs,
            nodeName: node,
            masterName: topology.masterName,
            initialMaster: topology.initialMaster,
          },
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
            directives,
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
        .apply((revisions) =>
          [...topology.nodes, ...topology.sentinels]
            .map(({ name }, index) => `${name} ${revisions[index]}\n`)
            .join(""),
        ),
      { parent: this, dependsOn: processes },
    );
    const zatoOn = (suffix: string, host: Host, serverConfs: pulumi.Input<string>[]) =>
      new ZatoKvdbConfig(
        `${name}-zato${suffix}`,
        {
          host,
          sentinels: topology.sentinels.map(({ host, port }) => `${host}:${port}`),
          masterName: topology.masterName,
          node: `${firstNode.host}:${firstNode.port}`,
          serverConfs,
          socketTimeoutSeconds: zato.socketTimeoutSeconds,
        },
        { parent: this, dependsOn: [verified] },
      );
    const here = confs.filter(({ host }) => host === undefined).map(({ path }) => path);
    const isHere = hostOf(firstNode.host).machine === "localhost";
    const thisMachine =
      isHere || here.length === 0
        ? hostOf(firstNode.host)
        : new LocalHost(`${name}-here`, "localhost", {}, { parent: this }, deployment);
    const zatoHere = zatoOn("", thisMachine, here);
    for (const host of new Set(confs.flatMap(({ host }) => host ?? []))) {
      zatoOn(
        `-${host}`,
        hostOf(host),
        confs.filter((conf) => conf.host === host).map(({ path }) => path),
      );
    }

    this.sentinels = pulumi.output(topology.sentinels.map(({ host, port }) => `${host}:${port}`));
    this.redisSentinels = zatoHere.redisSentinels;
    this.masterName = pulumi.output(topology.masterName);
    this.nodes = pulumi.output(
      topology.nodes.map((node) => {
        const host = hostOf(node.host);
        return {
          ...node,
          address: host.address,
          directory: host.directoryOf(node.name),
          commands: host.commandsFor(node.name),
        };
      }),
    );
    this.kvdbStanza = zatoHere.stanza;
    this.hosts = pulumi.output(
      Object.fromEntries([...hosts].map(([host, { address }]) => [host, address])),
    );
    this.containerHosts = pulumi.output(
      Object.fromEntries(
        [...hosts].map(([host, { announcedAddress }]) => [host, announcedAddress]),
      ),
    );
    this.limitations = pulumi
      .all([
        exposureLimitations(members.map(hostOf)),
        ...processes.map(({ limitations }) => limitations),
        ...[...hosts.values()].map(({ limitations }) => limitations),
        priorityLimitations(
          redis,
          topology.nodes.map(({ name }) => name),
        ),
        pulumi
          .all(nodes.map(({ version }) => version))
          .apply((versions) => versionLimitations(topology.nodes, versions)),
      ])
      .apply((lists) => [...new Set(lists.flat())]);
    this.registerOutputs({
      sentinels: this.sentinels,
      redisSentinels: this.redisSentinels,
      masterName: this.masterName,
      nodes: this.nodes,
      kvdbStanza: this.kvdbStanza,
      args: given(args, deployment.preflight),
    });
  }

  /**
   * One block on each machine, however many of the hosts it is; where none is wanted, the names
   * have to be known without.
   */
  #hostsEntries(
    name: string,
    hosts: Host[],
    { hostsEntries, hostsFile: file }: RedisHaArgs,
  ): HostsEntries[] {
    const entries = Object.fromEntries(hosts.map(({ hostName, address }) => [hostName, address]));
    const machines = hosts.filter(
      ({ machine }, index) => hosts.findIndex((other) => other.machine === machine) === index,
    );
    if (hostsEntries !== false) {
      return machines.map(
        (host) =>
          new HostsEntries(
            `${name}-hosts-${host.hostName}`,
            { host, entries, file },
            { parent: this },
          ),
      );
    }
    for (const host of machines) host.requireNames(entries);
    return [];
  }
}

/**
 * A topology that works and yet has nobody to take over from the one that is the master most of the
 * time.
 */
function priorityLimitations(
  { directives, nodeDirectives }: RedisNodesArgs,
  nodes: readonly string[],
): pulumi.Output<string[]> {
  return pulumi.unsecret(pulumi.output({ directives, nodeDirectives })).apply((known) => {
    const [only, ...others] = promotable(known, nodes);
    return others.length > 0
      ? []
      : [
          `only ${only} can be promoted, the others have the replica-priority 0: while it is down nobody takes over`,
        ];
  });
}

/**
 * While the nodes' machines have different servers, an older one may be unable to follow a newer
 * one.
 */
function versionLimitations(
  nodes: Topology["nodes"],
  versions: readonly ServerVersion[],
): string[] {
  const labels = versions.map(({ label }) => label);
  if (new Set(labels).size < 2) return [];
  const each = [...new Set(labels)].map(
    (label) =>
      `${label} on ${nodes.flatMap(({ name }, index) => (labels[index] === label ? [name] : [])).join(", ")}`,
  );
  return [
    `different servers, ${each.join("; ")}: what a newer one has written an older one may be unable to read, or to follow`,
  ];
}
