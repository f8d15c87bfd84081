import type { Topology } from "../../topology/topology.ts";
import { CliError } from "../program.ts";

/** Limits in milliseconds, from what the sentinels are configured to. */
export interface Limits {
  downAfter: number;
  /** A failover; a vote without a winner is repeated after twice failover-timeout. */
  failover: number;
  /** Until the sentinels have seen that the old master is back as a replica. */
  recovery: number;
}

/** @throws CliError if no sentinel answered */
export function limitsOf({ sentinels }: Topology): Limits {
  const facts = sentinels.flatMap((sentinel) => (sentinel.facts ? [sentinel.facts] : []));
  if (facts.length === 0) throw new CliError("No sentinel answers.");
  const downAfter = Math.max(...facts.map(({ downAfterMilliseconds }) => downAfterMilliseconds));
  const failoverTimeout = Math.max(
    ...facts.map(({ failoverTimeoutMilliseconds }) => failoverTimeoutMilliseconds),
  );
  return {
    downAfter,
    failover: downAfter + 2 * failoverTimeout + 20_000,
    recovery: downAfter + failoverTimeout + 30_000,
  };
}
