import { judge, type Verdict } from "../topology/judge.ts";
import { readTopology } from "../topology/read.ts";
import type { Members, Topology } from "../topology/topology.ts";
import { say } from "./program.ts";
import { until } from "./wait.ts";

/** Milliseconds that the sentinels get for their news: they ask a server every 10 s. */
const settling = 15_000;

/** The topology once it is healthy, or as it is after {@link settling}. */
export async function settled(members: Members): Promise<{ topology: Topology; verdict: Verdict }> {
  const start = performance.now();
  return until<{ topology: Topology; verdict: Verdict }>({
    what: "everything to be healthy",
    limit: 2 * settling,
    say,
    look: async () => {
      const topology = await readTopology(members);
      const verdict = judge(topology);
      const isEnd = verdict.healthy || performance.now() - start > settling;
      return isEnd
        ? { found: { topology, verdict } }
        : { seen: verdict.problems.map(({ words }) => words).join("; ") };
    },
  });
}
