import { type Problem, problem } from "./problem.ts";
import type { RuleNumber } from "./rules.ts";
import type { NodeFacts, NodeView, Topology } from "./topology.ts";
import { nodeText, placeText } from "./words.ts";

/**
 * What is wrong with one node.
 *
 * @param named the master that most sentinels name, in words
 * @param master the node that this is, if it is one of the stack
 */
export function nodeProblems(
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
  const server = versionOf(node);
  const other = versionOf(master);
  if (server !== undefined && other !== undefined && server !== other) say(30, { server, other });
  return problems;
}

/** @returns undefined where that is not known. */
function versionOf(node: NodeView | undefined): string | undefined {
  const server = node?.facts?.server;
  return server !== undefined && /\d$/.test(server) ? server : undefined;
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
