import { endpointText } from "./endpoints.ts";
import { knownProblems } from "./knowledge.ts";
import { type Problem, problem } from "./problem.ts";
import type { RuleNumber } from "./rules.ts";
import type { SentinelFacts, SentinelView, Topology } from "./topology.ts";
import { countBy, countText, placeText } from "./words.ts";

/**
 * What is wrong with one sentinel by itself.
 *
 * @param named the master that most name, in words
 */
export function sentinelProblems(
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

function usableIn(ckquorum: string): number {
  return Number(/^OK (\d+) usable/.exec(ckquorum)?.[1] ?? NaN);
}

/** The sentinels have to agree on these; the odd one out is named, and one that does not say. */
export function disagreements(sentinels: SentinelView[]): Problem[] {
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
export function tiltProblems(sentinels: SentinelView[]): Problem[] {
  const count = sentinels.filter(({ facts }) => facts?.tilt).length;
  const quorums = sentinels.flatMap(({ facts }) =>
    facts && Number.isInteger(facts.quorum) ? [facts.quorum] : [],
  );
  const all = sentinels.length;
  return count > 0 && all - count < Math.max(...quorums) ? [problem(20, "", { count, all })] : [];
}
