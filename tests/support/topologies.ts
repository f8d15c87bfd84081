import { topologyOf } from "../../topology/facts.ts";
import type { NodeFacts, SentinelFacts, Topology } from "../../topology/topology.ts";
import { allWell, members, repliesOf } from "./said.ts";

/** A topology that can be spoilt: everybody in it answers. */
export interface Answering {
  topology: Topology;
  nodes: [NodeFacts, NodeFacts, NodeFacts];
  sentinels: [SentinelFacts, SentinelFacts, SentinelFacts];
}

/** The seed's topology, all well; node1 is the master. */
export function healthy(): Answering {
  const topology = topologyOf({ ...members, limitations: [] }, repliesOf(allWell()));
  return {
    topology,
    nodes: topology.nodes.map(({ facts }) => facts) as Answering["nodes"],
    sentinels: topology.sentinels.map(({ facts }) => facts) as Answering["sentinels"],
  };
}

/** Makes the one at `index` silent. */
export function silence(
  members: Topology["nodes"] | Topology["sentinels"],
  index: number,
  why = "connect ECONNREFUSED",
): void {
  const member = members[index];
  if (member) Object.assign(member, { facts: undefined, names: undefined, silence: why });
}
