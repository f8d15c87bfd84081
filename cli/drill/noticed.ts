import type { Endpoint } from "../../topology/endpoints.ts";
import { endpointText } from "../../topology/endpoints.ts";
import { judge } from "../../topology/judge.ts";
import type { Topology } from "../../topology/topology.ts";

/**
 * @returns which sentinels, of those that are left, do not see which of the lost ones as down yet;
 * in words.
 */
export function unnoticed({ sentinels }: Topology, lost: readonly Endpoint[]): string[] {
  const isAt = (a: { host: string; port: number }, b: Endpoint) =>
    a.port === b.port && (a.host === b.host || a.host === b.address);
  return sentinels
    .filter((sentinel) => !lost.some((each) => isAt(sentinel, each)))
    .flatMap((sentinel) => {
      const known = [...(sentinel.facts?.replicas ?? []), ...(sentinel.facts?.peers ?? [])];
      return lost
        .filter((each) => !known.some((one) => isAt(one, each) && one.flags.some(isDown)))
        .map((each) => `${endpointText(sentinel)} does not see ${endpointText(each)} as down yet`);
    });
}

function isDown(flag: string): boolean {
  return flag === "s_down" || flag === "o_down";
}

/** Whether every node but the master that is named is its linked replica. */
export function linked(topology: Topology): boolean {
  const { master } = judge(topology);
  return (
    master !== undefined &&
    topology.nodes.every(
      ({ name, facts }) =>
        name === master.name || (facts?.link !== undefined && facts.link.up && !facts.link.syncing),
    )
  );
}
