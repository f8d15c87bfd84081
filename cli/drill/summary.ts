import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { nodeText } from "../../topology/words.ts";
import { seconds } from "../wait.ts";
import type { DrillPlan } from "./plan.ts";
import type { Losses } from "./writer.ts";

/** What a drill that got to its end found out. */
export interface Findings {
  plan: Pick<DrillPlan, "kind" | "victims" | "orderly">;
  before: NodeEndpoint;
  after: NodeEndpoint;
  /** Milliseconds in which no write was acknowledged. */
  gap: number;
  downAfterMilliseconds: number;
  keySurvived: boolean;
  acknowledged: number;
  losses: Losses;
}

/**
 * Whether nothing of what was acknowledged is lost; but for what a process that was killed may take
 * with it, as nobody else had it yet.
 */
export function passed({ plan, keySurvived, losses }: Findings): boolean {
  const isKilled = plan.victims.length > 0 && !plan.orderly;
  return keySurvived && losses.replicated === 0 && (isKilled || losses.inFlight === 0);
}

/** @returns the lines of the summary */
export function summary(findings: Findings): string[] {
  const { plan, before, after, gap, downAfterMilliseconds } = findings;
  const { keySurvived, acknowledged, losses } = findings;
  const lost = losses.replicated + losses.inFlight;
  const moved = before.name === after.name ? ", as before" : ` -> ${nodeText(after)}`;
  const back = plan.victims.map(({ name }) => name).join(", ");
  const lines = [
    `Drill ${passed(findings) ? "passed" : "FAILED"}`,
    `  master        ${nodeText(before)}${moved}`,
    `  no write for  ${gap < 1000 ? `${Math.round(gap)} ms` : seconds(gap)} (down-after is ${seconds(downAfterMilliseconds)})`,
    `  key           ${keySurvived ? "survived" : "LOST"}`,
    `  writes        ${acknowledged} acknowledged, ${lost} lost`,
    ...(back === "" ? [] : [`  back          ${back}`]),
  ];
  if (losses.inFlight > 0) {
    lines.push(
      `Of the lost writes, ${losses.inFlight} had not reached all replicas when it began, as far as is known: replication is asynchronous.`,
    );
  }
  if (losses.replicated > 0)
    lines.push(
      `Of the lost writes, ${losses.replicated} had reached all replicas: that must not be.`,
    );
  return lines;
}
