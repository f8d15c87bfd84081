import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/** How a process has ended: every combination is tried. */
interface Case {
  /** When it has ended before, in seconds before now. */
  ends: readonly number[];
  /** In seconds. */
  ran: number;
  served: "" | "1";
  status: number;
  downAfter: number;
  delay: number;
  /** In seconds. */
  loadsIn: "" | 2 | 3;
}

const now = 1_000_000;
const program = `
now=${now}
while IFS=, read -r ends ran served status down_after delay loads_in; do
  decide_restart
  printf '%s|%s|%s\\n' "$leave" "$delay" "$ends"
done
`;

function decide(shell: readonly string[], cases: readonly Case[]) {
  const input = cases
    .map(
      ({ ends, ran, served, status, downAfter, delay, loadsIn }) =>
        `${[ends.map((ago) => now - ago).join(" "), ran, served, status, downAfter, delay, loadsIn].join(",")}\n`,
    )
    .join("");
  return inShell(shell, ["supervisor/restart.sh"], program, input).map((line) => {
    const [leave, delay, ends = ""] = line.split("|");
    return {
      leave,
      delay: Number(delay),
      ends: ends
        .split(" ")
        .filter(Boolean)
        .map((end) => now - Number(end)),
    };
  });
}

for (const shell of shells)
  test(`when a process that has ended is started again, ${shell.join(" ")}`, () => {
    const cases: Case[] = [[], [9], [11], [8, 4], [12, 4], [10, 5], [9, 6, 3]]
      .flatMap((ends) => [0, 29, 30].map((ran) => ({ ends, ran })))
      .flatMap((each) => (["", "1"] as const).map((served) => ({ ...each, served })))
      .flatMap((each) => [1, 2, 137].map((status) => ({ ...each, status })))
      .flatMap((each) => [0, 2500, 10_000].map((downAfter) => ({ ...each, downAfter })))
      .flatMap((each) => [0, 1, 15, 31].map((delay) => ({ ...each, delay })))
      .flatMap((each) => (["", 2, 3] as const).map((loadsIn) => ({ ...each, loadsIn })));
    const decided = decide(shell, cases);
    assert.equal(decided.length, cases.length);
    for (const [index, each] of cases.entries()) {
      const served = each.served === "1";
      // Nothing was started that could have ended.
      const refused = !served && each.status === 2;
      const recent = [...each.ends, ...(refused ? [] : [0])].filter(
        (ago) => ago <= Math.ceil(each.downAfter / 1000),
      );
      const crashing = !refused && (!served || recent.length >= 3);
      const leave = crashing ? "crashing" : served && each.loadsIn === 3 ? "slow" : "";
      const atOnce = served && (each.ran >= 30 || (each.delay === 0 && !crashing));
      const delay = atOnce ? 0 : each.delay < 30 ? each.delay * 2 + 1 : each.delay;
      assert.deepEqual(decided[index], { leave, delay, ends: recent }, JSON.stringify(each));
    }
  });
