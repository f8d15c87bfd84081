import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host.ts";
import { namesOn, stayingText } from "./leaving.ts";
import { directivesOf } from "./redis/args.ts";
import type { Located } from "./redis/lifecycleParameters.ts";
import type { MonitoredMasterArgs } from "./redis/sentinelConf.ts";
import type { Topology } from "./redis/topology.ts";
import type { RedisHaArgs } from "./redisHaArgs.ts";
import { RedisNode } from "./redisNode.ts";
import { Sentinel } from "./sentinel.ts";

/** Where the nodes and sentinels are, and what has to be there before. */
export interface MembersArgs {
  /** Name of the component that they are parts of. */
  name: string;
  parent: pulumi.Resource;
  topology: Topology;
  /** All hosts, also those without a member. */
  hosts: readonly Host[];
  hostOf: (host: string) => Host;
  dependsOn: readonly pulumi.Resource[];
}

/** The nodes and sentinels of one topology. */
export interface Members {
  nodes: RedisNode[];
  sentinels: Sentinel[];
}

/**
 * Makes the nodes, one after the other, and then in the same way the sentinels; in between, what
 * the program has no more is ended: once its successors are there, and before it is forgotten.
 */
export function membersOf(args: RedisHaArgs, whole: MembersArgs): Members {
  const nodes: RedisNode[] = [];
  for (const node of whole.topology.nodes) {
    // One at a time, so that a change stops at the first node that does not come back.
    const dependsOn = [...whole.dependsOn, ...nodes.slice(-1)];
    nodes.push(nodeOf(args, whole, node, dependsOn));
  }
  const kept = keptOnly(whole, nodes.slice(-1));
  const sentinels: Sentinel[] = [];
  for (const sentinel of whole.topology.sentinels) {
    const dependsOn = [...nodes.slice(-1), ...kept.slice(-1), ...sentinels.slice(-1)];
    sentinels.push(sentinelOf(args, whole, sentinel, dependsOn));
  }
  return { nodes, sentinels };
}

/** One host of a group after the other: of two hand-overs at once, one would be refused. */
function keptOnly(whole: MembersArgs, after: readonly pulumi.Resource[]): pulumi.Resource[] {
  const kept: pulumi.Resource[] = [];
  for (const group of new Set(whole.hosts.map((host) => host.group))) {
    const hosts = whole.hosts.filter((host) => host.group === group);
    const [first] = hosts as [Host];
    const { nodes, sentinels } = seenFrom(first.hostName, whole);
    kept.push(
      first.keepOnly(
        `${first.componentName}-members`,
        {
          staying: stayingText(nodes, sentinels),
          hosts: hosts.map((host) => ({
            host,
            processes: namesOn(host.hostName, whole.topology),
          })),
        },
        { parent: whole.parent, dependsOn: [...after, ...kept.slice(-1)] },
      ),
    );
  }
  return kept;
}

function nodeOf(
  args: RedisHaArgs,
  whole: MembersArgs,
  { name: node, host, port }: Topology["nodes"][0],
  dependsOn: pulumi.Resource[],
): RedisNode {
  const { redis = {} } = args;
  const { appendOnly, minReplicasToWrite, minReplicasMaxLagSeconds } = redis;
  return new RedisNode(
    `${whole.name}-${node}`,
    {
      ...ofAll(args),
      ...seenFrom(host, whole),
      appendOnly,
      minReplicasToWrite,
      minReplicasMaxLagSeconds,
      directives: directivesOf(redis, node),
      port,
      downAfterMilliseconds: watched(args, whole.topology).downAfterMilliseconds,
      nodeName: node,
      masterName: whole.topology.masterName,
      initialMaster: whole.topology.initialMaster,
    },
    { parent: whole.parent, dependsOn },
  );
}

function sentinelOf(
  args: RedisHaArgs,
  whole: MembersArgs,
  { name: sentinel, host, port }: Topology["sentinels"][0],
  dependsOn: pulumi.Resource[],
): Sentinel {
  return new Sentinel(
    `${whole.name}-${sentinel}`,
    {
      ...ofAll(args),
      ...seenFrom(host, whole),
      sentinelName: sentinel,
      port,
      masters: [watched(args, whole.topology)],
      forget: args.forget,
      directives: args.sentinel?.directives,
    },
    { parent: whole.parent, dependsOn },
  );
}

/** What is the same for all of them. */
function ofAll({ redis = {}, openWithoutPasswords, timeouts }: RedisHaArgs) {
  const { serverBinary, cliBinary } = redis;
  return { serverBinary: serverBinary || undefined, cliBinary, openWithoutPasswords, timeouts };
}

/** A host, and all nodes and sentinels at the addresses under which it reaches them. */
function seenFrom(hostName: string, { topology, hostOf }: MembersArgs) {
  const host = hostOf(hostName);
  const located = (members: Topology["nodes"]): Located[] =>
    members.map((member) => ({ ...member, address: host.addressOf(hostOf(member.host)) }));
  return { host, nodes: located(topology.nodes), sentinels: located(topology.sentinels) };
}

/** The one master, as the sentinels watch it. */
function watched({ sentinel = {} }: RedisHaArgs, topology: Topology): MonitoredMasterArgs {
  return {
    name: topology.masterName,
    initialMaster: topology.initialMaster,
    quorum: sentinel.quorum ?? topology.quorum,
    downAfterMilliseconds: sentinel.downAfterMilliseconds ?? topology.downAfterMilliseconds,
    parallelSyncs: sentinel.parallelSyncs ?? topology.parallelSyncs,
    failoverTimeoutMilliseconds:
      sentinel.failoverTimeoutMilliseconds ?? topology.failoverTimeoutMilliseconds,
  };
}
