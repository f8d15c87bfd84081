import { type Endpoint, endpointAt, endpointText } from "./endpoints.ts";
import { type Problem, problem } from "./problem.ts";
import { type RuleNumber, strays } from "./rules.ts";
import type { Known, SentinelFacts, SentinelView, Topology } from "./topology.ts";
import { countText, placeText } from "./words.ts";

// Rules 11 to 17: whom a sentinel knows.

/** What is wrong with those whom a sentinel knows: the master's replicas, and its peers. */
export function knownProblems(
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
    // That is what a sentinel said of the master, some time ago: Valkey 9.1 keeps it.
    const isWell = seen === flags || (flags === "sentinel" && seen === "sentinel,master_down");
    return isWell ? [] : [problem(rules.seen, who, { who, place, flags: seen })];
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
