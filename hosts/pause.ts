import * as pulumi from "@pulumi/pulumi";
import { inputError } from "../errors.ts";
import type { Seen } from "./host.ts";
import { markText, parseMark } from "./mark.ts";

/** What a pause means for an update that is about to begin. */
export interface PauseVerdict {
  /** Since when, by whom and why; undefined where nothing is paused. */
  paused?: string;
  /** Why nothing may be done at all; undefined where the steps themselves can refuse. */
  refused?: string;
}

/**
 * Decides by what the looks have found. Where every process has the mark, each step refuses what it
 * is asked to do (scripts/lib/paused.sh), so that an update with nothing to do ends as such. What
 * is known to be left to do is refused before the first step; and so is all where a process has no
 * mark: its steps would not refuse.
 */
export function judgePause(found: readonly Seen[]): PauseVerdict {
  const marked = found.filter(({ paused }) => paused !== "");
  // They begin with the time; what can't tell it begins with a question mark, which comes behind.
  const [first] = marked.map(({ paused }) => paused).sort();
  if (first === undefined) return {};
  const paused = pauseText(first);
  const names = (list: readonly Seen[]) => list.map(({ what }) => what).join(", ");
  const unmarked = found.filter((each) => each.paused === "");
  if (unmarked.length > 0)
    return {
      paused,
      refused: `${names(unmarked)} ${unmarked.length > 1 ? "have" : "has"} no mark of that: npm run pause once more puts it there`,
    };
  const ill = found.filter(({ isWell }) => !isWell);
  return ill.length === 0 ? { paused } : { paused, refused: `${names(ill)} would be changed` };
}

/** @param mark `SINCE BY WHY`. @returns it in words. */
export function pauseText(mark: string): string {
  return markText(parseMark(mark) ?? { since: "?", by: "?", why: mark });
}

/** Tells of a pause. @throws InputError where it forbids the update; a preview changes nothing. */
export function obeyPause(found: readonly Seen[]): void {
  const { paused, refused } = judgePause(found);
  if (paused === undefined) return;
  const end = "npm run resume ends the pause";
  if (refused === undefined || pulumi.runtime.isDryRun()) {
    void pulumi.log.warn(
      `This deployment is ${paused}. Until it is resumed, nothing of it is changed or repaired; ${end}`,
    );
    return;
  }
  throw inputError({
    propertyPath: "pause",
    reason: `this deployment is ${paused}. Nothing was touched: ${refused}. ${end}, and the next pulumi up does what is left`,
  });
}
