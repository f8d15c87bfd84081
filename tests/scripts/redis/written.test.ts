import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

const files = ["lib/ask.sh", "redis/data/written.sh"];
const last = (text: string) => text.trimEnd().split("\n");

/** A position: of a replica, unless it says otherwise. */
interface Position {
  role?: string;
  run?: string;
  replid?: string;
  offset?: number;
  link?: string;
  base?: number;
  bytes?: number | "-";
}

const position = (name: string, given: Position = {}) =>
  [
    name,
    given.role ?? "slave",
    given.run ?? `run-${name}`,
    given.replid ?? "h",
    given.offset ?? 1000,
    given.link ?? "up",
    given.base ?? 89,
    given.bytes ?? 500,
  ].join(" ");

for (const shell of shells) {
  describe(`what the replicas have that a killed master's file lacks, ${shell.join(" ")}`, () => {
    test("positions: numbers as they are, and none of a file that is not in use", () => {
      const info = (name: string, fields: Record<string, string | number>) =>
        [
          `node ${name} +`,
          ...Object.entries(fields).map(([key, value]) => `node ${name} = ${key}:${value}`),
        ].join("\n");
      const common = { run_id: "r", master_replid: "h", loading: 0 };
      const said = [
        info("one", {
          ...common,
          role: "master",
          master_repl_offset: 12_345_678_901,
          aof_enabled: 1,
          aof_current_size: 9_876_543_210,
          aof_base_size: 9_000_000_000,
          aof_buffer_length: 7,
        }),
        info("two", { ...common, role: "slave", slave_repl_offset: 5, aof_enabled: 0 }),
        info("three", { ...common, role: "slave", loading: 1, aof_enabled: 1 }),
        "node four ! no answer within 2 s",
        "node five -",
      ].join("\n");
      assert.deepEqual(inShell(shell, files, "positions", said), [
        "one master r h 12345678901 down 9000000000 876543217",
        "two slave r h 5 down 0 -",
        "three slave r h 0 down 0 -",
      ]);
    });

    const note = (
      before: Position,
      after: Position,
      replicas: string[],
      kept: string[] = [],
      basePart = 89,
    ) =>
      inShell(
        shell,
        files,
        `note_of parts-1 ${basePart}`,
        [
          position("=before", { role: "master", run: "me", ...before }),
          ...replicas,
          position("=after", { role: "master", run: "me", ...before, ...after }),
          "end",
          ...kept,
          "",
        ].join("\n"),
      ).filter((line) => line !== "");

    test("a note: of one moment, or of one between two where all that came in between was written", () => {
      assert.deepEqual(
        note({ offset: 1000, bytes: 800 }, {}, [
          position("two", { offset: 1000, bytes: 700 }),
          position("three", { offset: 1000, bytes: 900 }),
        ]),
        ["h parts-1", "two run-two 89 100", "three run-three 89 -100"],
      );
      assert.deepEqual(
        note({ offset: 1000, bytes: 800 }, { offset: 1300, bytes: 1100 }, [
          position("two", { offset: 1100, bytes: 700 }),
        ]),
        ["h parts-1", "two run-two 89 200"],
      );
    });

    test("a note after a rewrite: what was written meanwhile is in the part that our size is told by", () => {
      assert.deepEqual(
        note({ offset: 1000, bytes: 10, base: 5000 }, {}, [position("two")], [], 1000),
        ["h parts-1", `two run-two 89 ${10 + 4000 - 500}`],
      );
    });

    test("no note of a replica: published in between, asked too late or too early, of another history, not linked, without a file", () => {
      const nothing = ["h parts-1"];
      const ours = { offset: 1000, bytes: 800 };
      assert.deepEqual(note(ours, { offset: 1111 }, [position("two")]), nothing);
      for (const given of [
        { offset: 999 },
        { offset: 1001 },
        { replid: "other" },
        { link: "down" },
        { bytes: "-" as const },
        { role: "master" },
      ])
        assert.deepEqual(note(ours, {}, [position("two", given)]), nothing, JSON.stringify(given));
    });

    test("what was noted stays where it can't be told anew, as long as both files are the same", () => {
      const kept = ["h parts-1", "two run-two 89 77", "three run-three 89 55"];
      const ours = { offset: 1000, bytes: 800 };
      const behind = [position("two", { offset: 900 }), position("three", { offset: 900 })];
      assert.deepEqual(note(ours, {}, behind, kept), kept);
      assert.deepEqual(note(ours, {}, behind, ["h parts-0", ...kept.slice(1)]), ["h parts-1"]);
      assert.deepEqual(note(ours, {}, behind, ["g parts-1", ...kept.slice(1)]), ["h parts-1"]);
      assert.deepEqual(
        note(ours, {}, [position("two", { offset: 900, base: 90 }), behind[1] ?? ""], kept),
        ["h parts-1", "three run-three 89 55"],
      );
      assert.deepEqual(
        note(ours, {}, [position("two", { offset: 900, run: "anew" }), behind[1] ?? ""], kept),
        ["h parts-1", "three run-three 89 55"],
      );
    });

    test("no note at all: not a master, not answered, another history meanwhile, no file", () => {
      assert.deepEqual(note({ role: "slave" }, {}, []), ["replica"]);
      assert.deepEqual(note({}, { role: "slave" }, []), []);
      assert.deepEqual(note({}, { replid: "anew" }, []), []);
      assert.deepEqual(note({ bytes: "-" }, {}, []), []);
      // A rewrite has ended in between.
      assert.deepEqual(note({}, { base: 90 }, [position("two")]), []);
      assert.deepEqual(inShell(shell, files, "note_of parts-1 89", "end\n").join(""), "");
      assert.deepEqual(
        inShell(
          shell,
          files,
          "note_of p 89",
          `${position("=before", { role: "master" })}\nend\n`,
        ).join(""),
        "",
      );
    });

    const decide = (noted: string[], parts: string, bytes: number, others: string[]) => {
      const program = `
noted=$(sed -n 's/^noted //p' input) others=$(sed -n 's/^other //p' input)
parts=${parts} bytes=${bytes}
decide_written
printf '%s|%s|%s|%s\\n' "$further" "$reading" "$level" "$lacking"`;
      const input = [
        ...noted.map((line) => `noted ${line}`),
        ...others.map((line) => `other ${line}`),
      ].join("\n");
      const from = program.replaceAll("input)", `<<'INPUT'\n${input}\nINPUT\n)`);
      return last(inShell(shell, files, from, "").join("\n"))[0];
    };
    const noted = ["h p1", "two run-two 89 100", "three run-three 89 -50"];
    const down = { link: "down" };

    test("who has more than is in our file, or may have, in the same history; who has all of it; and what the others lack", () => {
      const rows: [string, string[], string, number, string[], string][] = [
        ["as much", noted, "p1", 600, [position("two", { ...down, bytes: 500 })], "|| two|"],
        ["less", noted, "p1", 600, [position("two", { ...down, bytes: 400 })], "||| two 100"],
        ["more", noted, "p1", 600, [position("two", { ...down, bytes: 501 })], " two|| two|"],
        [
          "one of two",
          noted,
          "p1",
          600,
          [position("two", { ...down }), position("three", { ...down, bytes: 700 })],
          " three|| two three|",
        ],
        [
          "both",
          noted,
          "p1",
          400,
          [position("two", { ...down }), position("three", { ...down, bytes: 451 })],
          " two three|| two three|",
        ],
        [
          "began its file anew",
          noted,
          "p1",
          600,
          [position("two", { ...down, base: 1 })],
          " two|||",
        ],
        ["was started anew", noted, "p1", 600, [position("two", { ...down, run: "x" })], " two|||"],
        ["no file", noted, "p1", 600, [position("two", { ...down, bytes: "-" })], " two|||"],
        ["never noted", noted, "p1", 600, [position("four", { ...down, bytes: 1 })], " four|||"],
        ["our file begun anew", noted, "p2", 600, [position("two", { ...down })], " two|||"],
        ["another history", noted, "p1", 0, [position("two", { ...down, replid: "x" })], "|||"],
        ["a master", noted, "p1", 0, [position("two", { role: "master" })], "|||"],
        ["no note", [], "p1", 0, [position("two", { ...down })], "|||"],
        ["still reads", noted, "p1", 600, [position("two", { bytes: 500 })], "|1| two|"],
      ];
      for (const [what, note, parts, bytes, others, wanted] of rows)
        assert.equal(decide(note, parts, bytes, others), wanted, what);
    });
  });
}
