import assert from "node:assert/strict";
import { test } from "node:test";
import { isOlder } from "../../../components/redis/version.ts";
import { inShell, shells } from "../../support/shell.ts";

const files = ["lib/ask.sh", "lib/first-line.sh", "redis/program.sh"];
const labels = [
  ...["2.8.19", "6.0.16", "6.2.14", "7.0.11", "7.0.15", "7.2.4", "7.4.1", "8.0.2", "8.0.6"].map(
    (each) => `Redis ${each}`,
  ),
  ...["7.2.5", "8.0.1", "8.1.1", "8.1.3", "9.1.2"].map((each) => `Valkey ${each}`),
  "",
  "Redis",
  "Redis of unknown version",
  "KeyDB 6.3.4",
];
const pairs = labels.flatMap((one) => labels.map((other): [string, string] => [one, other]));

for (const shell of shells) {
  test(`who is of an older line, as TypeScript has it, ${shell.join(" ")}`, () => {
    const said = inShell(
      shell,
      files,
      `while IFS='|' read -r one other; do
        if older "$one" "$other"; then echo true; else echo false; fi
      done`,
      pairs.map((each) => `${each.join("|")}\n`).join(""),
    );
    assert.deepEqual(
      pairs.map((each, index) => `${each.join(" < ")}: ${said[index]}`),
      pairs.map(([one, other]) => `${one} < ${other}: ${isOlder(one, other)}`),
    );
  });

  test(`the newer of two, by the third number, too, ${shell.join(" ")}`, () => {
    const wanted = (one: string, other: string): boolean => {
      if (isOlder(other, one)) return !isOlder(one, other);
      const patch = (label: string) => Number(label.split(".")[2] ?? Number.NaN);
      const line = (label: string) => label.replace(/\.\d+$/, "");
      return line(one) === line(other) && patch(one) > patch(other);
    };
    const said = inShell(
      shell,
      files,
      `while IFS='|' read -r one other; do
        if newer "$one" "$other"; then echo true; else echo false; fi
      done`,
      pairs.map((each) => `${each.join("|")}\n`).join(""),
    );
    assert.deepEqual(
      pairs.map((each, index) => `${each.join(" > ")}: ${said[index]}`),
      pairs.map((each) => `${each.join(" > ")}: ${wanted(...each)}`),
    );
  });

  test(`the highest program that has written stays noted, ${shell.join(" ")}`, () => {
    const said = inShell(
      shell,
      files,
      `cd "$(mktemp -d)" || exit
      while read -r label; do note_writer "$label"; cat wrote; done
      rm -r "$PWD"`,
      ["Redis 7.0.15", "", "Redis 7.0.11", "Redis 8.0.2", "Redis 7.0.15", "Valkey 9.1.2"].join(
        "\n",
      ) + "\n",
    );
    assert.deepEqual(said, [
      "Redis 7.0.15",
      "Redis 7.0.15",
      "Redis 7.0.15",
      "Redis 8.0.2",
      "Redis 8.0.2",
      "Redis 8.0.2",
    ]);
  });
}

/** What node1 (whose turn it is), node2 and node3 say, NAME put in front. */
const states = {
  gone: "gone - unknown - down 0 - 100 -",
  silent: "unknown - unknown - down 0 - 100 -",
  master: "up master yes - up 300 h 100 aof",
  empty: "up master no - up 300 h 100 aof",
  loading: "up master unknown - up 0 h 100 aof",
  linked1: "up slave yes node1 up 300 h 100 aof",
  never1: "up slave yes node1 up 300 h 0 aof",
  cut1: "up slave yes node1 down 300 h 100 aof",
  linked2: "up slave yes node2 up 300 h 100 aof",
} as const;
type State = keyof typeof states;
const names = Object.keys(states) as State[];

interface Case {
  mine: string;
  wrote: string;
  own: "none" | "aof";
  named: "" | "node1" | "node2";
  states: [State, State, State];
  runs: [string, string];
}

const [old, present] = ["Redis 7.0.15", "Redis 8.0.2"];
const cases: Case[] = [old, present].flatMap((mine) =>
  ["", old, present].flatMap((wrote) =>
    (["none", "aof"] as const).flatMap((own) =>
      (["", "node1", "node2"] as const).flatMap((named) =>
        (["gone", "silent", "master", "linked2"] as const).flatMap((one) =>
          names.flatMap((two) =>
            (["gone", "linked1", "linked2"] as const).flatMap((three) =>
              [old, present, ""].flatMap((second) =>
                [old, present].map((third): Case => ({
                  mine,
                  wrote,
                  own,
                  named,
                  states: [one, two, three],
                  runs: [second, third],
                })),
              ),
            ),
          ),
        ),
      ),
    ),
  ),
);

/** By the words of decision 4: what may be read, and whom one may follow. */
function wanted({ mine, wrote, own, named, states: [one, two, three], runs }: Case): string {
  const isMaster = (state: State) => ["master", "empty", "loading"].includes(state);
  const leads = named === "node2" && isMaster(two);
  if (leads && isOlder(mine, runs[0])) return "refuse";
  if (!leads && isMaster(one)) {
    const linked = [two, three].flatMap((state, index) =>
      state === "linked1" ? [isOlder(mine, runs[index] as string)] : [],
    );
    if (linked.length > 0 && linked.every(Boolean)) return "refuse";
  }
  if (own === "none" || !isOlder(mine, wrote)) return "keep";
  return leads && two === "master" ? "aside" : "refuse";
}

for (const shell of shells) {
  test(`whether a program may have what is here, ${cases.length} cases, ${shell.join(" ")}`, () => {
    const said = inShell(
      shell,
      files,
      `name=node1
      while IFS='|' read -r mine wrote own named one two three second third; do
        table="node1 $one
node2 $two
node3 $three"
        programs="node1 Redis 1.0.0
\${second:+node2 $second
}\${third:+node3 $third}"
        decide_writer
        echo "$writer\${why:+ why}"
      done`,
      cases
        .map(
          ({ mine, wrote, own, named, states: each, runs }) =>
            `${[mine, wrote, own, named, ...each.map((state) => states[state]), ...runs].join("|")}\n`,
        )
        .join(""),
    );
    assert.equal(said.length, cases.length);
    const told = (index: number) => JSON.stringify(cases[index]);
    for (const [index, each] of cases.entries()) {
      const verdict = wanted(each);
      const expected = verdict === "keep" ? "keep" : `${verdict} why`;
      if (said[index] !== expected) assert.equal(said[index], expected, told(index));
    }
    // What counts most: nothing of a newer one is read, and nobody follows a newer master.
    for (const [index, { mine, wrote, own }] of cases.entries())
      if (own !== "none" && isOlder(mine, wrote))
        assert.doesNotMatch(said[index] ?? "", /^keep/, told(index));
  });

  test(`whom a newer program comes after, ${shell.join(" ")}`, () => {
    const table = (two: string, three: string) =>
      `node1 up master yes - up 300 h 100 aof;node2 up slave yes node1 up 300 h ${two} aof;node3 ${three}`;
    const replica = (priority: string) => `up slave yes node1 up 300 h ${priority} aof`;
    const of = (...each: string[]) =>
      each.map((label, index) => `node${index + 1} Redis ${label}`).join(";");
    const rows: [string, string, string, string][] = [
      ["all the same", table("100", replica("100")), of("7.0.15", "7.0.15", "7.0.15"), ""],
      [
        "a canary",
        table("100", replica("100")),
        of("7.0.15", "8.0.2", "7.0.15"),
        "node2 1000000100",
      ],
      [
        "of another patch",
        table("50", replica("100")),
        of("7.0.11", "7.0.15", "7.0.11"),
        "node2 1000000050",
      ],
      ["behind already", table("1000000100", replica("100")), of("7.0.15", "8.0.2", "7.0.15"), ""],
      ["never", table("0", replica("100")), of("7.0.15", "8.0.2", "7.0.15"), ""],
      [
        "both, before the master",
        table("100", replica("100")),
        of("7.0.15", "8.0.2", "8.0.2"),
        "node2 1000000100;node3 1000000100",
      ],
      [
        "none is left",
        table("1000000100", replica("1000000050")),
        of("8.0.2", "8.0.2", "8.0.2"),
        "node1 100;node2 100;node3 50",
      ],
      [
        "gone back",
        table("1000000100", replica("100")),
        of("7.0.15", "7.0.15", "7.0.15"),
        "node1 100;node2 100",
      ],
      [
        "an older one may be left that gives no answer",
        table("1000000100", "unknown - unknown - down 0 - 100 -"),
        of("8.0.2", "8.0.2"),
        "",
      ],
      [
        "an older replica of a newer master",
        table("100", replica("100")),
        of("8.0.2", "8.0.2", "7.0.15"),
        "node2 1000000100",
      ],
    ];
    const said = inShell(
      shell,
      files,
      `while IFS='|' read -r leads table programs; do
        table=$(echo "$table" | tr ';' '\\n') programs=$(echo "$programs" | tr ';' '\\n')
        decide_priorities | tr '\\n' ';' | sed 's/;$//'
        echo
      done`,
      rows
        .map(
          ([, lines, programs, set]) =>
            `${set.includes("node1") ? 1_000_000_100 : 100}|${lines}|${programs}\n`,
        )
        .join(""),
    );
    assert.deepEqual(
      rows.map(([what], index) => [what, said[index]]),
      rows.map(([what, , , set]) => [what, set]),
    );
  });
}
