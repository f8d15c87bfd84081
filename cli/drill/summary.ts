import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { nodeText } from "../../topology/words.ts";
import { seconds } from "../wait.ts";
import type { Losses } from "./writer.ts";

/** What a drill that got to its end found out. */
export interface Findings {
  before: NodeEndpoint;
  after: NodeEndpoint;
  /** Milliseconds in which no write was acknowledged. */
  gap: number;
  downAfterMilliseconds: number;
  keySurvived: boolean;
  acknowledged: number;
  losses: Losses;
}

export function passed({ keySurvived, losses }: Findings): boolean {
  return keySurvived && losses.replicated === 0;
}

/** @returns the lines of the summary */
export function summary(findings: Findings): string[] {
  const { before, after, gap, downAfterMilliseconds, keySurvived, acknowledged, losses } = findings;
  const lost = losses.replicated + losses.inFlight;
  const lines = [
    `Drill ${passed(findings) ? "passed" : "FAILED"}`,
    `  master        ${nodeText(before)} -> ${nodeText(after)}`,
    `  no write for  ${seconds(gap)} (down-after is ${seconds(downAfterMilliseconds)})`,
    `  key           ${keySurvived ? `survived: ${after.name} has it` : `LOST: ${after.name} does not have it`}`,
    `  writes        ${acknowledged} acknowledged, ${lost} lost`,
    `  ${before.name.padEnd(12)}  is back as a replica`,
  ];
  if (losses.inFlight > 0) {
    lines.push(
      `Of the lost writes, ${losses.inFlight} had not reached the replicas when ${before.name} ended: replication is asynchronous.`,
    );
  }
  if (losses.replicated > 0)
    lines.push(
      `Of the lost writes, ${losses.replicated} had reached all replicas: that must not be.`,
    );
  return lines;
}
