import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgePause } from "../../hosts/pause.ts";

const early = "2026-11-28T00:00:00Z me@here new kernels";
const late = "2026-11-28T01:00:00Z you@there";
const unknown = "? ? its container does not run";

/** What was found: W well, I ill, and whether there is a mark. */
type Process = readonly [state: "W" | "I", paused: string];

const cases: readonly (readonly [
  what: string,
  found: readonly Process[],
  paused: RegExp | undefined,
  refused: RegExp | undefined,
])[] = [
  ["nothing there", [], undefined, undefined],
  [
    "nobody paused it",
    [
      ["W", ""],
      ["I", ""],
    ],
    undefined,
    undefined,
  ],
  [
    "paused everywhere, and all is well: the steps refuse for themselves",
    [
      ["W", early],
      ["W", early],
    ],
    /^paused since 2026-11-28T00:00:00Z by me@here: new kernels$/,
    undefined,
  ],
  [
    "paused everywhere, and one would be repaired",
    [
      ["W", early],
      ["I", early],
    ],
    /new kernels/,
    /^p1 would be changed$/,
  ],
  [
    "a host could not be reached when it was paused",
    [
      ["W", early],
      ["W", ""],
    ],
    /new kernels/,
    /^p1 has no mark of that/,
  ],
  [
    "the same, and something is ill: that it can't refuse comes first",
    [
      ["I", early],
      ["W", ""],
      ["I", ""],
    ],
    /new kernels/,
    /^p1, p2 have no mark of that/,
  ],
  [
    "a member that is new has no mark, and can have none",
    [
      ["W", early],
      ["I", ""],
    ],
    /new kernels/,
    /^p1 has no mark/,
  ],
  [
    "the earliest mark is told",
    [
      ["W", `${late} later`],
      ["W", early],
    ],
    /new kernels/,
    undefined,
  ],
  [
    "one that can tell when goes before one that can't",
    [
      ["I", unknown],
      ["W", early],
    ],
    /new kernels/,
    /p0 would be changed/,
  ],
  [
    "a mark that can tell nothing is one all the same",
    [["I", unknown]],
    /since \? by \?: its container does not run/,
    /p0/,
  ],
  ["a mark that is no line of ours is one, too", [["W", "x"]], /by \?: x$/, undefined],
  [
    "what stands in it moves no cursor",
    [["W", `${late} \u001b[2J`]],
    /you@there: \\x1b\[2J$/,
    undefined,
  ],
];

describe("what a pause means for an update", () => {
  for (const [what, found, paused, refused] of cases) {
    it(what, () => {
      const verdict = judgePause(
        found.map(([state, mark], index) => ({
          what: `p${index}`,
          isWell: state === "W",
          paused: mark,
        })),
      );
      for (const [said, expected] of [
        [verdict.paused, paused],
        [verdict.refused, refused],
      ] as const)
        if (expected === undefined) assert.equal(said, undefined);
        else assert.match(said ?? "", expected);
    });
  }
});
