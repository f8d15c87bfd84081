import { type Endpoint, endpointAt, endpointText } from "./endpoints.ts";
import { type Column, type Rule, type RuleNumber, rules, type Severity, strays } from "./rules.ts";
import type {
  Known,
  NodeFacts,
  NodeView,
  Place,
  SentinelFacts,
  SentinelView,
  Topology,
} from "./topology.ts";

/** A rule that is broken. */
export interface Problem {
  rule: RuleNumber;
  severity: Severity;
  /** A node's name or a sentinel's `HOST:PORT`; empty if it is about the whole. */
  who: string;
  column?: Column;
  /** For people: the rule's text. */
  words: string;
}

export interface Verdict {
  /** Whether no rule is broken that means so; others may be among the problems. */
  healthy: boolean;
  /** The node that a strict majority of all sentinels, dead ones included, names as the master. */
  master: NodeView | undefined;
  problems: Problem[];
}

/** Judges the topology by {@link rules}. No I/O. */
export function judge(topology: Topology): Verdict {
  const { named, master } = namedMaster(topology);
  const problems = [
    ...majorityProblems(topology, named, master),
    ...topology.sentinels.flatMap((sentinel) => sentinelProblems(topology, sentinel, named)),
    ...disagreements(topology.sentinels),
    ...tiltProblems(topology.sentinels),
    ...topology.nodes.flatMap((node) => nodeProblems(topology, node, named, master)),
  ];
  return { healthy: problems.every(({ severity }) => severity !== "broken"), master, problems };
}

/** @param values what takes the place of the words in braces */
function problem(
  rule: RuleNumber,
  who: string,
  values: Record<string, string | number> = {},
): Problem {
  const { severity, text, column }: Rule = rules[rule];
  return {
    rule,
    severity,
    who,
    column,
    words: text.replaceAll(/\{(\w+)\}/g, (_, word: string) => String(values[word] ?? "?")),
  };
}

/**
 * @returns the address in words that a strict majority names, and the node of the stack that is
 * there
 */
function namedMaster(topology: Topology): {
  named: string | undefined;
  master: NodeView | undefined;
} {
  const named = [...votesOf(topology)].find(
    ([, count]) => count * 2 > topology.sentinels.length,
  )?.[0];
  return { named, master: topology.nodes.find((node) => named === nodeText(node)) };
}

function votesOf(topology: Topology): Map<string, number> {
  return countBy(
    topology.sentinels.flatMap(({ names }) => (names ? [placeText(topology, names)] : [])),
  );
}

function majorityProblems(
  topology: Topology,
  named: string | undefined,
  master: NodeView | undefined,
): Problem[] {
  if (named !== undefined) return master ? [] : [problem(2, "", { place: named })];
  const silent = topology.sentinels.filter(({ names }) => !names).length;
  const votes = [...votesOf(topology)].map(([place, count]) => `${place} is named by ${count}`);
  if (silent > 0) votes.push(`${silent} of ${topology.sentinels.length} sentinels say nothing`);
  return [problem(1, "", { votes: votes.join(", ") })];
}

function sentinelProblems(
  topology: Topology,
  sentinel: SentinelView,
  named: string | undefined,
): Problem[] {
  const who = endpointText(sentinel);
  const { facts, names } = sentinel;
  if (!facts) return [problem(3, who, { who, why: sentinel.silence })];
  const problems: Problem[] = [];
  const say = (rule: RuleNumber, values: Record<string, string | number> = {}) =>
    problems.push(problem(rule, who, { who, ...values }));

  if (facts.unanswered !== undefined) say(3, { why: facts.unanswered });
  // While a failover is under way, these two may differ.
  const place = [facts, names ?? facts]
    .map((each) => placeText(topology, each))
    .find((each) => each !== named);
  if (named !== undefined && place !== undefined) say(4, { place, master: named });
  if (facts.flags.join() !== "master") say(5, { flags: facts.flags.join() });
  problems.push(...knownProblems(topology, sentinel, facts));
  if (facts.ckquorum !== undefined && !(usableIn(facts.ckquorum) >= topology.sentinels.length))
    say(18, { reply: facts.ckquorum });
  if (facts.tilt) say(19);
  return problems;
}

/** What a sentinel says of those whom it knows, of one kind. */
interface Knowledge {
  /** Those of the deployment. */
  members: Endpoint[];
  /** The one of them that is not to be in the list. */
  but: Endpoint | undefined;
  list: Known[] | undefined;
  /** Its own count. */
  count: number;
  flags: string;
  rules: Record<"count" | "stray" | "seen", RuleNumber>;
  then: string;
}

function knownProblems(
  topology: Topology,
  sentinel: SentinelView,
  facts: SentinelFacts,
): Problem[] {
  const { nodes, sentinels } = topology;
  const who = endpointText(sentinel);
  const watched = endpointAt<Endpoint>(nodes, facts.host, facts.port);
  const replicas = {
    members: nodes,
    but: watched,
    list: facts.replicas,
    count: facts.replicaCount,
    flags: "slave",
    then: strays.replica,
  };
  const peers = {
    members: sentinels,
    but: sentinel,
    list: facts.peers,
    count: facts.peerCount,
    flags: "sentinel",
    then: strays.peer,
  };
  const master = placeText(topology, facts);
  const isUnheard = (each: Known) =>
    each.reported === "master" ||
    (each.master !== undefined && placeText(topology, each.master) !== master);
  const unheard = (facts.replicas ?? []).filter(
    (each) => endpointAt<Endpoint>(nodes, each.host, each.port) && isUnheard(each),
  );
  return [
    ...knowledgeProblems(topology, who, { ...replicas, rules: { count: 11, stray: 12, seen: 13 } }),
    ...unheard.map((each) => problem(14, who, { who, place: placeText(topology, each), master })),
    ...knowledgeProblems(topology, who, { ...peers, rules: { count: 15, stray: 16, seen: 17 } }),
  ];
}

function knowledgeProblems(
  topology: Topology,
  who: string,
  { members, but, list, count, flags, rules, then }: Knowledge,
): Problem[] {
  if (!list) return [];
  const ours = new Set<Endpoint>();
  const problems = list.flatMap((each) => {
    const place = placeText(topology, each);
    const seen = each.flags.join();
    const member = endpointAt(members, each.host, each.port);
    if (!member) {
      return [
        problem(rules.stray, who, {
          who,
          place,
          flags: seen,
          then: /s_down|disconnected/.test(seen) ? strays.gone : then,
        }),
      ];
    }
    if (member !== but) ours.add(member);
    // A replica that it is not connected to it would not promote, a sentinel it would not hear.
    return seen === flags ? [] : [problem(rules.seen, who, { who, place, flags: seen })];
  });
  const wanted = members.length - 1;
  const hasStray = problems.some(({ rule }) => rule === rules.stray);
  if (hasStray || (count === wanted && ours.size === wanted)) return problems;
  return [
    ...problems,
    problem(rules.count, who, {
      who,
      count: count === wanted ? ours.size : countText(count),
      wanted,
    }),
  ];
}

function usableIn(ckquorum: string): number {
  return Number(/^OK (\d+) usable/.exec(ckquorum)?.[1] ?? NaN);
}

/** The sentinels have to agree on these; the odd one out is named, and one that does not say. */
function disagreements(sentinels: SentinelView[]): Problem[] {
  const compared: [RuleNumber, (facts: SentinelFacts) => number][] = [
    [7, (facts) => facts.quorum],
    [8, (facts) => facts.downAfterMilliseconds],
    [9, (facts) => facts.failoverTimeoutMilliseconds],
    [10, (facts) => facts.parallelSyncs],
  ];
  const answering = sentinels.flatMap((sentinel) =>
    sentinel.facts ? [{ who: endpointText(sentinel), facts: sentinel.facts }] : [],
  );
  const newest = Math.max(...answering.map(({ facts }) => facts.epoch).filter(Number.isInteger));
  const behind = answering
    .filter(({ facts }) => facts.epoch !== newest)
    .map(({ who, facts }) =>
      problem(6, who, { who, epoch: countText(facts.epoch), newest: countText(newest) }),
    );
  const different = compared.flatMap(([rule, valueOf]) => {
    const told = answering.map(({ facts }) => valueOf(facts)).filter(Number.isInteger);
    const usual = [...countBy(told)].sort(([, a], [, b]) => b - a)[0]?.[0] ?? NaN;
    return answering
      .filter(({ facts }) => valueOf(facts) !== usual)
      .map(({ who, facts }) =>
        problem(rule, who, { who, value: countText(valueOf(facts)), usual: countText(usual) }),
      );
  });
  return [...behind, ...different];
}

/**
 * One that is in TILT mode does not say that the master is down: the others have to be as many as
 * the quorum.
 */
function tiltProblems(sentinels: SentinelView[]): Problem[] {
  const count = sentinels.filter(({ facts }) => facts?.tilt).length;
  const quorums = sentinels.flatMap(({ facts }) =>
    facts && Number.isInteger(facts.quorum) ? [facts.quorum] : [],
  );
  const all = sentinels.length;
  return count > 0 && all - count < Math.max(...quorums) ? [problem(20, "", { count, all })] : [];
}

function nodeProblems(
  topology: Topology,
  node: NodeView,
  named: string | undefined,
  master: NodeView | undefined,
): Problem[] {
  const { name, facts } = node;
  const who = nodeText(node);
  if (!facts) return [problem(21, name, { who, why: node.silence })];
  const problems: Problem[] = [];
  const say = (rule: RuleNumber, values: Record<string, string | number> = {}) =>
    problems.push(problem(rule, name, { who, ...values }));

  if (facts.role === "master") {
    if (named !== undefined && node !== master) say(23);
  } else if (node === master) say(22);
  else problems.push(...linkProblems(topology, node, facts, named));
  if (facts.loading) say(27);
  if (facts.diskTrouble !== undefined) say(28, { why: facts.diskTrouble });
  if (node === master && facts.role === "master" && facts.goodReplicas !== undefined) {
    // What counts good replicas wants one at least, also where it does not say how many.
    const wanted = facts.wantedReplicas ?? 1;
    if (facts.goodReplicas < wanted) say(29, { count: facts.goodReplicas, wanted });
  }
  return problems;
}

function linkProblems(
  topology: Topology,
  node: NodeView,
  { link }: NodeFacts,
  named: string | undefined,
): Problem[] {
  if (!link) return [];
  const who = nodeText(node);
  const place = placeText(topology, link);
  if (place === who) return [problem(24, node.name, { who })];
  if (named !== undefined && place !== named)
    return [problem(25, node.name, { who, place, master: named })];
  if (link.up && !link.syncing) return [];
  return [
    problem(26, node.name, {
      who,
      why: link.syncing ? "it is still synchronising" : "the link is down",
    }),
  ];
}

/** @returns the node in words, such as `node1 (redis1:16300)` */
export function nodeText(node: { name: string; host: string; port: number }): string {
  return `${node.name} (${endpointText(node)})`;
}

/** @returns what is at an address that a server told: a node in words, or the address itself */
export function placeText({ nodes }: Pick<Topology, "nodes">, { host, port }: Place): string {
  const node = endpointAt<NodeView>(nodes, host, port);
  return node ? nodeText(node) : `${host}:${port}`;
}

function countText(count: number): string {
  return Number.isInteger(count) ? String(count) : "an unknown number";
}

function countBy<T>(values: T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
