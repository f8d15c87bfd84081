import * as pulumi from "@pulumi/pulumi";
import type { Host, ProcessCommands } from "../hosts/host.ts";
import { createHosts, Deployment } from "../hosts/index.ts";
import { Access, type AdministrationOutput, type ConnectionOutput } from "./access.ts";
import { exposureLimitations } from "./exposure.ts";
import { given } from "./given.ts";
import { hostsEntriesOn } from "./hostsEntries.ts";
import { leaversOf } from "./leaving.ts";
import { priorityLimitations, versionLimitations } from "./limitations.ts";
import { membersOf } from "./members.ts";
import type { Member, Topology } from "./redis/topology.ts";
import { hostArgs, type RedisHaArgs } from "./redisHaArgs.ts";
import { checkedTopology, requireRestLater } from "./redisHaProblems.ts";
import { zatoConfs, zatoServers } from "./zato/serverConfs.ts";

/** A node, or a sentinel, for clients and tools. */
export interface NodeOutput {
  /** Its name in `nodes`, or in `sentinels`. */
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
  /** The same of the sentinels, for tools: `sentinels` is for clients. */
  readonly sentinelProcesses: pulumi.Output<NodeOutput[]>;
  /**
   * A complete `[kvdb]` stanza: it takes the place of the whole one in server.conf of Zato 3.2 or
   * 3.3, or of what `zato.version` says.
   */
  readonly kvdbStanza: pulumi.Output<string>;
  /**
   * The same as environment variables, for Zato in containers: those override server.conf in Zato
   * 3.3 and late builds of 3.2. Empty if `zato.version` is an older one.
   */
  readonly kvdbEnvironment: pulumi.Output<Record<string, string>>;
  /** Host name to IP address. */
  readonly hosts: pulumi.Output<Record<string, string>>;
  /**
   * Host name to the IP address under which containers on the same machine reach it: for `docker
   * run --add-host`.
   */
  readonly containerHosts: pulumi.Output<Record<string, string>>;
  /**
   * Name of an application's user to what it connects with, a secret; missing where there are no
   * users.
   */
  readonly connection?: pulumi.Output<Record<string, ConnectionOutput>>;
  /** As whom the stack administers its servers, a secret; missing where there are no users. */
  readonly administration?: pulumi.Output<AdministrationOutput>;
  /** What the servers' versions lack, a line each. */
  readonly limitations: pulumi.Output<string[]>;

  constructor(name: string, args: RedisHaArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:RedisHa", name, {}, opts);
    const topology = checkedTopology(name, args);
    const confs = zatoConfs(args.zato);
    const members = [
      ...new Set([...topology.nodes, ...topology.sentinels].map(({ host }) => host)),
    ];
    const used = [...new Set([...members, ...confs.flatMap(({ host }) => host ?? [])])];
    const left = Object.keys(args.hosts ?? {}).filter((host) => !used.includes(host));
    const hostNames = [...used, ...left];
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
    requireRestLater(deployment.preflight, args);
    const hosts = createHosts(name, wanted, args.local, { parent: this }, deployment);
    const hostOf = (host: string): Host => hosts.get(host) as Host;
    const entries = hostsEntriesOn(name, [...hosts.values()], args, this);
    deployment.preflight.requireBeforeAnything(
      leaversOf({ topology, hosts: [...hosts.values()], left, hostOf }, pulumi.output(args.forget)),
    );
    const [firstNode] = topology.nodes as [Topology["nodes"][0]];
    const [verification, verifying] = [`${name}-verified`, hostOf(firstNode.host)];
    const access = args.auth?.enabled
      ? new Access(
          name,
          { auth: args.auth, topology },
          { parent: this, dependsOn: deployment.record },
        )
      : undefined;
    const { nodes, sentinels } = membersOf(args, {
      name,
      parent: this,
      topology,
      hosts: [...hosts.values()],
      hostOf,
      deployment,
      leader: verifying.leader(verification),
      dependsOn: entries,
      access,
    });
    const processes = [...nodes, ...sentinels];
    const verified = verifying.verify(
      verification,
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
    const zato = zatoServers({
      name,
      parent: this,
      topology,
      hostOf,
      confs,
      zato: args.zato,
      dependsOn: [verified],
    });

    this.sentinels = pulumi.output(topology.sentinels.map(({ host, port }) => `${host}:${port}`));
    this.redisSentinels = zato.redisSentinels;
    this.masterName = pulumi.output(topology.masterName);
    const outputOf = (member: Member): pulumi.Output<NodeOutput> => {
      const host = hostOf(member.host);
      return pulumi.output({
        ...member,
        address: host.address,
        directory: host.directoryOf(member.name),
        commands: host.commandsFor(member.name),
      });
    };
    this.nodes = pulumi.all(topology.nodes.map(outputOf));
    this.sentinelProcesses = pulumi.all(topology.sentinels.map(outputOf));
    this.kvdbStanza = zato.stanza;
    this.kvdbEnvironment = zato.environment;
    this.hosts = pulumi.output(
      Object.fromEntries([...hosts].map(([host, { address }]) => [host, address])),
    );
    this.containerHosts = pulumi.output(
      Object.fromEntries(
        [...hosts].map(([host, { announcedAddress }]) => [host, announcedAddress]),
      ),
    );
    if (access) {
      this.connection = access.connection;
      this.administration = access.administration;
    }
    this.limitations = pulumi
      .all([
        exposureLimitations(members.map(hostOf), access !== undefined),
        access
          ? ["kvdbStanza and kvdbEnvironment have no password: Zato can't log in with it yet"]
          : [],
        ...processes.map(({ limitations }) => limitations),
        ...[...hosts.values()].map(({ limitations }) => limitations),
        priorityLimitations(
          args.redis ?? {},
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
      sentinelProcesses: this.sentinelProcesses,
      kvdbStanza: this.kvdbStanza,
      kvdbEnvironment: this.kvdbEnvironment,
      args: given(args, deployment.preflight),
    });
  }
}
