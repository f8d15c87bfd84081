import * as pulumi from "@pulumi/pulumi";
import { promotable, type RedisNodesArgs } from "./redis/args.ts";
import type { Topology } from "./redis/topology.ts";
import type { ServerVersion } from "./redis/version.ts";

/**
 * A topology that works and yet has nobody to take over from the one that is the master most of the
 * time.
 */
export function priorityLimitations(
  { directives, nodeDirectives }: RedisNodesArgs,
  nodes: readonly string[],
): pulumi.Output<string[]> {
  return pulumi.unsecret(pulumi.output({ directives, nodeDirectives })).apply((known) => {
    const [only, ...others] = promotable(known, nodes);
    return others.length > 0
      ? []
      : [
          `only ${only} can be promoted, the others have the replica-priority 0: while it is down nobody takes over`,
        ];
  });
}

/**
 * While the nodes' machines have different servers, an older one may be unable to follow a newer
 * one.
 */
export function versionLimitations(
  nodes: Topology["nodes"],
  versions: readonly ServerVersion[],
): string[] {
  const labels = versions.map(({ label }) => label);
  if (new Set(labels).size < 2) return [];
  const each = [...new Set(labels)].map(
    (label) =>
      `${label} on ${nodes.flatMap(({ name }, index) => (labels[index] === label ? [name] : [])).join(", ")}`,
  );
  return [
    `different servers, ${each.join("; ")}: what a newer one has written an older one may be unable to read, or to follow`,
  ];
}
