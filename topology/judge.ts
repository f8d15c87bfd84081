import { nodeProblems } from "./judgeNodes.ts";
import { disagreements, sentinelProblems, tiltProblems } from "./judgeSentinels.ts";
import { type Problem, problem } from "./problem.ts";
import type { NodeView, Topology } from "./topology.ts";
import { countBy, nodeText, placeText } from "./words.ts";

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
