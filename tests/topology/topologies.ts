import { judge, type Verdict } from "../../topology/judge.ts";
import type { NodeFacts, SentinelFacts, Topology } from "../../topology/topology.ts";

/** A topology that can be spoilt: everybody in it answers. */
export interface Answering {
  topology: Topology;
  nodes: [NodeFacts, NodeFacts, NodeFacts];
  sentinels: [SentinelFacts, SentinelFacts, SentinelFacts];
}

const ports = { nodes: [16300, 26300, 36300], sentinels: [16355, 26355, 36355] };

function place(index: number, port: number): { host: string; address: string; port: number } {
  return { host: `redis${index + 1}`, address: `10.0.0.${index + 1}`, port };
}

function nodeFacts(index: number): NodeFacts {
  const common = { server: "Redis 7.0.15", loading: false, priority: 100, keys: 3, wantedReplicas: 0, goodReplicas: NaN };
  if (index > 0) {
    return { ...common, role: "replica", offset: 1000 - index, link: { host: "redis1", port: 16300, up: true, syncing: false }, replicas: [] };
  }
  const replicas = [1, 2].map((each) => ({ ...place(each, ports.nodes[each] ?? 0), lagSeconds: each - 1 }));
  return { ...common, role: "master", offset: 1000, replicas };
}

function sentinelFacts(index: number): SentinelFacts {
  return {
    server: "Redis 7.0.15",
    host: "redis1",
    port: 16300,
    epoch: 4,
    flags: ["master"],
    replicas: [1, 2].map((each) => ({ ...place(each, ports.nodes[each] ?? 0), flags: ["slave"] })),
    peers: [0, 1, 2].filter((each) => each !== index).map((each) => ({ ...place(each, ports.sentinels[each] ?? 0), flags: ["sentinel"] })),
    replicaCount: 2,
    peerCount: 2,
    quorum: 2,
    downAfterMilliseconds: 10_000,
    failoverTimeoutMilliseconds: 180_000,
    parallelSyncs: 1,
    ckquorum: "OK 3 usable Sentinels. Quorum and failover authorization can be reached",
    tilt: false,
  };
}

/** The seed's topology, all well; node1 is the master. */
export function healthy(): Answering {
  const nodes: Answering["nodes"] = [nodeFacts(0), nodeFacts(1), nodeFacts(2)];
  const sentinels: Answering["sentinels"] = [sentinelFacts(0), sentinelFacts(1), sentinelFacts(2)];
  const topology: Topology = {
    stack: "dev",
    masterName: "redis-ha",
    limitations: [],
    nodes: nodes.map((facts, index) => ({ name: `node${index + 1}`, directory: "/x", ...place(index, ports.nodes[index] ?? 0), facts })),
    sentinels: sentinels.map((facts, index) => ({ ...place(index, ports.sentinels[index] ?? 0), facts })),
  };
  return { topology, nodes, sentinels };
}

/** Makes the one at `index` silent. */
export function silence(members: Topology["nodes"] | Topology["sentinels"], index: number, why = "connect ECONNREFUSED"): void {
  const member = members[index];
  if (member) Object.assign(member, { facts: undefined, silence: why });
}

export function judged(spoil: (answering: Answering) => void): Verdict {
  const answering = healthy();
  spoil(answering);
  return judge(answering.topology);
}
