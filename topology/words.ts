import { endpointAt, endpointText } from "./endpoints.ts";
import type { NodeView, Place, Topology } from "./topology.ts";

/** @returns the node in words, such as `node1 (redis1:16300)` */
export function nodeText(node: { name: string; host: string; port: number }): string {
  return `${node.name} (${endpointText(node)})`;
}

/** @returns what is at an address that a server told: a node in words, or the address itself */
export function placeText({ nodes }: Pick<Topology, "nodes">, { host, port }: Place): string {
  const node = endpointAt<NodeView>(nodes, host, port);
  return node ? nodeText(node) : `${host}:${port}`;
}

/** @returns a count of a reply, for people */
export function countText(count: number): string {
  return Number.isInteger(count) ? String(count) : "an unknown number";
}

/** @returns how often each value is there */
export function countBy<T>(values: T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
