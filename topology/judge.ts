import { endpointAt, endpointText } from "../cli/stack/outputs.ts";
import type { Known, NodeFacts, NodeView, SentinelFacts, SentinelView, Topology } from "./topology.ts";

/** A cell of the status tables. */
export type Column = "answer" | "role" | "link" | "keys" | "names" | "epoch" | "flags" | "replicas" | "peers" | "quorum" | "downAfter" | "ckquorum";

/** One way in which the topology is not what it should be. */
export interface Problem {
  /** A node's name or a sentinel's `HOST:PORT`; empty if it is about the whole. */
  who: string;
  column?: Column;
  /** For people: who, what, and what it should be. */
  words: string;
}

export interface Verdict {
  healthy: boolean;
  /** The node that a strict majority of all sentinels, dead ones included, names as the master. */
  master: NodeView | undefined;
  problems: Problem[];
}

/** Judges the topology by what "ready" means for the whole: everybody answers, agrees and is linked. No I/O. */
export function judge(topology: Topology): Verdict {
  const { named, master } = namedMaster(topology);
  const problems = [
    ...majorityProblems(topology, named, master),
    ...topology.sentinels.flatMap((sentinel) => sentinelProblems(topology, sentinel, named)),
    ...disagreements(topology.sentinels),
    ...topology.nodes.flatMap((node) => nodeProblems(topology, node, named, master)),
  ];
  return { healthy: problems.length === 0, master, problems };
}

/** @returns the address in words that a strict majority names, and the node of the stack that is there */
function namedMaster(topology: Topology): { named: string | undefined; master: NodeView | undefined } {
  const votes = countBy(topology.sentinels.flatMap(({ facts }) => (facts ? [placeText(topology, facts)] : [])));
  const named = [...votes].find(([, count]) => count * 2 > topology.sentinels.length)?.[0];
  return { named, master: topology.nodes.find((node) => named === nodeText(node)) };
}

function majorityProblems(topology: Topology, named: string | undefined, master: NodeView | undefined): Problem[] {
  if (named === undefined) {
    const silent = topology.sentinels.filter(({ facts }) => !facts).length;
    const votes = countBy(topology.sentinels.flatMap(({ facts }) => (facts ? [placeText(topology, facts)] : [])));
    const parts = [...votes].map(([place, count]) => `${place} is named by ${count}`);
    if (silent > 0) parts.push(`${silent} of ${topology.sentinels.length} sentinels say nothing`);
    return [{ who: "", words: `No majority of the sentinels names a master: ${parts.join(", ")}` }];
  }
  return master ? [] : [{ who: "", words: `The sentinels name ${named} as the master, which is no node of this stack` }];
}

function sentinelProblems(topology: Topology, sentinel: SentinelView, named: string | undefined): Problem[] {
  const who = endpointText(sentinel);
  const { facts } = sentinel;
  if (!facts) return [{ who, column: "answer", words: `${who} does not answer: ${sentinel.silence}` }];
  const problems: Problem[] = [];
  const say = (column: Column, words: string): number => problems.push({ who, column, words: `${who} ${words}` });

  const names = placeText(topology, facts);
  if (named !== undefined && names !== named) say("names", `names ${names}, the majority ${named}`);
  if (facts.flags.join() !== "master") say("flags", `sees the master as ${facts.flags.join(", ")}`);
  if (facts.replicaCount !== topology.nodes.length - 1)
    say("replicas", `knows ${facts.replicaCount} replicas instead of ${topology.nodes.length - 1}`);
  if (facts.peerCount !== topology.sentinels.length - 1) {
    say("peers", `knows ${facts.peerCount} other sentinels instead of ${topology.sentinels.length - 1}`);
  }
  for (const replica of facts.replicas) {
    const place = placeText(topology, replica);
    if (!endpointAt(topology.nodes, replica.host, replica.port)) say("replicas", `knows a replica that is no node of this stack: ${place}`);
    if (isDown(replica)) say("replicas", `sees the replica ${place} as ${replica.flags.join(", ")}`);
  }
  for (const peer of facts.peers) {
    if (!endpointAt(topology.sentinels, peer.host, peer.port)) {
      say("peers", `knows a sentinel that is none of this stack: ${endpointText(peer)}`);
    }
    if (isDown(peer)) say("peers", `sees the sentinel ${endpointText(peer)} as ${peer.flags.join(", ")}`);
  }
  if (facts.ckquorum !== undefined && !facts.ckquorum.startsWith("OK")) say("ckquorum", `could not get a failover through: ${facts.ckquorum}`);
  if (facts.tilt) say("flags", "is in TILT mode: it watches, but does not act, because its clock jumped or it was held up");
  return problems;
}

/** The sentinels have to agree on these; the odd one out is named. */
function disagreements(sentinels: SentinelView[]): Problem[] {
  const compared: [string, (facts: SentinelFacts) => number, Column?][] = [
    ["quorum", (facts) => facts.quorum, "quorum"],
    ["down-after-milliseconds", (facts) => facts.downAfterMilliseconds, "downAfter"],
    ["failover-timeout", (facts) => facts.failoverTimeoutMilliseconds],
    ["parallel-syncs", (facts) => facts.parallelSyncs],
  ];
  const answering = sentinels.flatMap((sentinel) => (sentinel.facts ? [{ who: endpointText(sentinel), facts: sentinel.facts }] : []));
  const newest = Math.max(...answering.map(({ facts }) => facts.epoch));
  const behind = answering
    .filter(({ facts }) => facts.epoch !== newest)
    .map(({ who, facts }): Problem => ({ who, column: "epoch", words: `${who} is in epoch ${facts.epoch}, others in ${newest}` }));
  const different = compared.flatMap(([option, valueOf, column]) => {
    const usual = [...countBy(answering.map(({ facts }) => valueOf(facts)))].sort(([, a], [, b]) => b - a)[0]?.[0];
    return answering
      .filter(({ facts }) => valueOf(facts) !== usual)
      .map(({ who, facts }): Problem => ({ who, column, words: `${who} has ${option} ${valueOf(facts)}, others ${usual}` }));
  });
  return [...behind, ...different];
}

function nodeProblems(topology: Topology, node: NodeView, named: string | undefined, master: NodeView | undefined): Problem[] {
  const { name: who, facts } = node;
  if (!facts) return [{ who, column: "answer", words: `${nodeText(node)} does not answer: ${node.silence}` }];
  const problems: Problem[] = [];
  const say = (column: Column, words: string): number => problems.push({ who, column, words: `${nodeText(node)} ${words}` });

  if (facts.loading) say("link", "is still loading its data");
  if (facts.diskTrouble !== undefined) say("keys", `may refuse writes: ${facts.diskTrouble}`);
  if (facts.role === "master") {
    if (named !== undefined && node !== master) say("role", `says it is a master, too; the sentinels name ${named}`);
    if (node === master) problems.push(...writeProblems(node, facts));
  } else {
    if (node === master) say("role", "is named as the master, but says it is a replica");
    problems.push(...linkProblems(topology, node, facts, named));
  }
  return problems;
}

function writeProblems(node: NodeView, { wantedReplicas, goodReplicas }: NodeFacts): Problem[] {
  if (!(wantedReplicas > 0) || goodReplicas >= wantedReplicas) return [];
  const words = `${nodeText(node)} refuses writes: ${goodReplicas || 0} good replicas, min-replicas-to-write wants ${wantedReplicas}`;
  return [{ who: node.name, column: "role", words }];
}

function linkProblems(topology: Topology, node: NodeView, { link }: NodeFacts, named: string | undefined): Problem[] {
  if (!link) return [];
  const follows = placeText(topology, link);
  const say = (words: string): Problem[] => [{ who: node.name, column: "link", words: `${nodeText(node)} ${words}` }];
  if (follows === nodeText(node)) return say("waits to be told who is the master");
  if (named !== undefined && follows !== named) return say(`replicates ${follows} instead of ${named}`);
  if (link.syncing) return say(`is still synchronising with ${follows}`);
  return link.up ? [] : say(`has no link to ${follows}`);
}

function isDown({ flags }: Known): boolean {
  return flags.some((flag) => ["s_down", "o_down", "disconnected"].includes(flag));
}

/** @returns the node in words, such as `node1 (redis1:16300)` */
export function nodeText(node: { name: string; host: string; port: number }): string {
  return `${node.name} (${endpointText(node)})`;
}

/** @returns what is at an address that a server told: a node in words, or the address itself */
export function placeText({ nodes }: Pick<Topology, "nodes">, { host, port }: { host: string; port: number }): string {
  const node = endpointAt<NodeView>(nodes, host, port);
  return node ? nodeText(node) : `${host}:${port}`;
}

function countBy<T>(values: T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
