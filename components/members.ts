import * as pulumi from "@pulumi/pulumi";
import { inputError } from "../errors.ts";
import type { Deployment } from "../hosts/deployment.ts";
import { shown } from "../hosts/foreignText.ts";
import type { Host } from "../hosts/host.ts";
import type { Access } from "./access.ts";
import { namesOn, stayingText } from "./leaving.ts";
import { directivesOf } from "./redis/args.ts";
import type { Located } from "./redis/lifecycleParameters.ts";
import type { MonitoredMasterArgs } from "./redis/sentinelConf.ts";
import type { Topology } from "./redis/topology.ts";
import { isOlder, type ServerVersion } from "./redis/version.ts";
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
  deployment: Deployment;
  /** The node that is the master now; empty where that can't be told. */
  leader: pulumi.Output<string>;
  dependsOn: readonly pulumi.Resource[];
  /** Who may log in. @default whoever reaches a server does what he likes */
  access?: Access;
}

/** The nodes and sentinels of one topology. */
export interface Members {
  nodes: RedisNode[];
  sentinels: Sentinel[];
}

/**
 * Makes the nodes and then the sentinels: side by side in the first creation, later one at a time,
 * so that a change stops at the first that does not come back. The master comes last, so that it is
 * handed over once, to one that has been changed. In between, what the program has no more is
 * ended: once its successors are there, and before it is forgotten.
 */
export function membersOf(args: RedisHaArgs, whole: MembersArgs): Members {
  const nodes = new Map<string, RedisNode>();
  const order = pulumi
    .all([whole.deployment.isPopulated, whole.leader])
    .apply(([populated, leader]) => (populated ? changeOrder(whole.topology.nodes, leader) : []));
  for (const node of whole.topology.nodes) {
    const after = order.apply((names) => {
      const before = names[names.indexOf(node.name) - 1];
      return (before === undefined ? undefined : nodes.get(before)) ?? whole.deployment.record;
    });
    nodes.set(node.name, nodeOf(args, whole, node, [after]));
  }
  whole.deployment.preflight.requireBeforeChanges(
    pulumi
      .all([
        whole.leader,
        pulumi.all(
          [...nodes].map(([name, node]) =>
            pulumi.output({ name, runs: RedisNode.runs(node), version: node.version }),
          ),
        ),
      ])
      .apply(([leader, programs]) => refuseOlder(programs, leader)),
  );
  const kept = keptOnly(whole, [...nodes.values()]);
  const sentinels: Sentinel[] = [];
  for (const sentinel of whole.topology.sentinels) {
    const [last] = sentinels.slice(-1);
    const after = whole.deployment.isPopulated.apply(
      (populated) => (populated ? last : undefined) ?? whole.deployment.record,
    );
    sentinels.push(
      sentinelOf(args, whole, sentinel, [...nodes.values(), ...kept.slice(-1), after]),
    );
  }
  return { nodes: [...nodes.values()], sentinels };
}

/** @returns the names of the nodes in the order of a change. */
export function changeOrder(nodes: readonly { name: string }[], leader: string): string[] {
  const names = nodes.map(({ name }) => name);
  return [...names.filter((name) => name !== leader), ...names.filter((name) => name === leader)];
}

/** A node, what it was told to run last (empty: nothing), and what it is to run. */
export interface Program {
  name: string;
  runs: string;
  version: Pick<ServerVersion, "label">;
}

/**
 * An older program can't take over from the master, nor follow it. The steps find that out, too,
 * each on its machine; but a container is gone by then.
 *
 * @param leader the node that is the master now; empty where that can't be told.
 * @throws InputError where a node is to run an older program than the master's; where nobody can
 * tell who that is, than all that there are.
 */
export function refuseOlder(nodes: readonly Program[], leader: string): void {
  const known = nodes.filter(({ runs }) => runs !== "");
  const masters = known.some(({ name }) => name === leader)
    ? known.filter(({ name }) => name === leader)
    : known;
  const [master] = masters;
  const refused = nodes.find(({ version }) =>
    masters.every(({ runs }) => isOlder(version.label, runs)),
  );
  if (!master || !refused) return;
  const whose = master.name === leader ? `${leader}, the master,` : "each node";
  throw inputError({
    propertyPath: `nodes.${refused.name}`,
    reason: `${refused.version.label} is not allowed: ${whose} has data of ${shown(master.runs, 100)} by now, which an older version may be unable to read. Going back is possible as long as the master is of the older version. Nothing was touched; set the newer program again (to go back all the same: a new stack, and a copy of the data that the older version can read)`,
  });
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
  after: pulumi.Input<pulumi.Resource>[],
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
    { parent: whole.parent, dependsOn: [...whole.dependsOn] },
    after,
    whole.access,
  );
}

function sentinelOf(
  args: RedisHaArgs,
  whole: MembersArgs,
  { name: sentinel, host, port }: Topology["sentinels"][0],
  after: pulumi.Input<pulumi.Resource>[],
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
    { parent: whole.parent, dependsOn: [...whole.dependsOn] },
    after,
    whole.access,
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
