import { shown } from "./foreignText.ts";

/** The mark of a pause, as it is in each host's directory. */
export interface Mark {
  /** When it began, ISO 8601. */
  since: string;
  /** USER@MACHINE that asked for it. */
  by: string;
  /** The reason, in one line. */
  why: string;
}

/** @returns the line of a mark: `SINCE BY WHY`. */
export function markLine({ since, by, why }: Mark): string {
  return `${since} ${by} ${why}`;
}

/** @returns undefined where the line is none of a mark. */
export function parseMark(line: string): Mark | undefined {
  const [, since, by, why] = /^(\S+) (\S+) (.*)$/.exec(line.trim()) ?? [];
  return since === undefined || by === undefined || why === undefined
    ? undefined
    : { since, by, why };
}

/** @returns it in words, as it may stand in a message. */
export function markText({ since, by, why }: Mark): string {
  return shown(`paused since ${since} by ${by}: ${why}`, 400);
}
