import { shown } from "../../hosts/foreignText.ts";
import { type Mark, markText, parseMark } from "../../hosts/mark.ts";
import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { seconds } from "../wait.ts";
import { runShell } from "../stack/shell.ts";

/** What was said where a mark is kept: on a host, or in a container. */
export interface MarkAnswer {
  /** For people: the host, and the processes that have that mark. */
  where: string;
  /** The mark that is, or was, there. */
  mark?: Mark;
  /** Why nobody can tell. */
  silence?: string;
}

/** Milliseconds for one of the commands: a machine that is off is silent. */
const limit = 20_000;

/**
 * Runs a command about the mark, once wherever one is kept, on all at once.
 *
 * @param processes of the stack; those for which it gives no such command are left out.
 * @param input for its standard input.
 */
export async function askMarks(
  processes: readonly NodeEndpoint[],
  word: "pause" | "resume" | "paused",
  input = "",
): Promise<MarkAnswer[]> {
  const sharing = new Map<string, NodeEndpoint[]>();
  for (const each of processes) {
    const command = each.commands?.mark;
    if (command !== undefined) sharing.set(command, [...(sharing.get(command) ?? []), each]);
  }
  return Promise.all(
    [...sharing].map(async ([command, those]) => {
      const where = `${those[0]?.host} (${those.map(({ name }) => name).join(", ")})`;
      return answerOf(where, await runShell(`${command} ${word}`, input, limit));
    }),
  );
}

/** @returns what a command's end says: silent where it failed, or said what is no mark. */
export function answerOf(
  where: string,
  { status, stdout, stderr }: { status: number; stdout: string; stderr: string },
): MarkAnswer {
  if (status === 124) return { where, silence: `no answer within ${seconds(limit)}` };
  const said = shown(stderr.trim().split("\n").at(-1) ?? "", 200);
  if (status !== 0) return { where, silence: said || `it ended with ${status}` };
  if (stdout.trim() === "") return { where };
  const mark = parseMark(stdout);
  return mark ? { where, mark } : { where, silence: `it said ${shown(stdout.trim(), 100)}` };
}

/** What all the answers together mean. */
export interface Pause {
  /** The first of the marks; undefined where nobody has one. */
  mark?: Mark;
  /** Who has a mark, who has none, and where nobody can tell. */
  marked: MarkAnswer[];
  unmarked: MarkAnswer[];
  silent: MarkAnswer[];
}

export function pauseOf(answers: readonly MarkAnswer[]): Pause {
  const marked = answers.filter(({ mark }) => mark);
  const [mark] = marked
    .flatMap(({ mark }) => (mark ? [mark] : []))
    // One that can't tell since when has a question mark there, which comes behind all digits.
    .sort((a, b) => (a.since < b.since ? -1 : 1));
  return {
    mark,
    marked,
    unmarked: answers.filter((each) => !each.mark && each.silence === undefined),
    silent: answers.filter(({ silence }) => silence !== undefined),
  };
}

/** @returns lines for people: that it is paused, and what is odd about it; none where it isn't. */
export function pauseLines({ mark, unmarked, silent }: Pause): string[] {
  return [
    ...(mark
      ? [
          `This deployment is ${markText(mark)}; npm run resume ends that. Until then pulumi up changes and repairs nothing`,
        ]
      : []),
    ...(mark && unmarked.length > 0
      ? [`No mark of the pause has ${unmarked.map(({ where }) => where).join(", ")}`]
      : []),
    ...silent.map(({ where, silence }) =>
      shown(`Whether it is paused could not be asked on ${where}: ${silence}`),
    ),
  ];
}
