import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { topologyOf } from "../../topology/facts.ts";
import { judge } from "../../topology/judge.ts";
import { type Rule, rules } from "../../topology/rules.ts";
import type { Members } from "../../topology/topology.ts";
import { inShell, shells } from "../support/shell.ts";
import { cases } from "./cases.ts";
import {
  allWell,
  gathered,
  members,
  type Node,
  None,
  repliesOf,
  type Whole,
} from "../support/said.ts";

interface Judgement {
  rule: number;
  severity: string;
  words: string;
}

const list = (
  each: readonly { host: string; address: string; port: number; name?: string }[],
  word: string,
) =>
  each
    .map(({ host, address, port }, index) => `${word}${index + 1} ${host} ${address} ${port}`)
    .join("\n");

// What is gathered is one case after the other, each after a line of its own.
const program = ({ nodes, sentinels }: Pick<Members, "nodes" | "sentinels">) => `
nodes='${list(nodes, "node")}'
sentinels='${list(sentinels, "sentinel")}'
judge_case() {
  [ -n "$gathered" ] || return 0
  named=$({ printf '%s\\n' "$nodes" | sed 's/^/is /'; printf '%s\\n' "$gathered"; } | majority)
  judge
  echo end
}
gathered=
while IFS= read -r line; do
  case $line in case) judge_case; gathered= ;; *) gathered="$gathered$line$newline" ;; esac
done
judge_case
`;

function byShell(shell: readonly string[], of: Members, whole: readonly Whole[]): Judgement[][] {
  const input = whole.map((said) => `case\n${gathered(said)}\n`).join("");
  const lines = inShell(
    shell,
    ["lib/ask.sh", "redis/sentinels.sh", "redis/judge.sh"],
    program(of),
    input,
  );
  const judged: Judgement[][] = [[]];
  for (const line of lines) {
    const [, rule, severity = "", words = ""] = /^(\d+) (\w+) (.*)$/.exec(line) ?? [];
    if (line === "end") judged.push([]);
    else judged.at(-1)?.push({ rule: Number(rule), severity, words });
  }
  return judged.slice(0, -1);
}

const spoilt = cases.map(([, spoil]) => {
  const said = allWell();
  spoil(said);
  return said;
});

/** Everybody who judges, and what of each that is said. */
const judgesOf = (of: Members, whole: readonly Whole[]): [string, Judgement[][]][] => [
  ["npm run status", whole.map((said) => judge(topologyOf(of, repliesOf(said))).problems)],
  ...shells.map((shell): [string, Judgement[][]] => [
    `pulumi up in ${shell.join(" ")}`,
    byShell(shell, of, whole),
  ]),
];
const judges = judgesOf(members, spoilt);

/** The words of a rule, whatever is in them. */
const pattern = (text: string) =>
  new RegExp(
    `^${text
      .split(/\{\w+\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".+")}$`,
  );

for (const [name, judged] of judges) {
  test(`every case breaks the rules that it is to break, and no other, ${name}`, () => {
    assert.equal(judged.length, cases.length);
    const numbers = judged.map((all) =>
      [...new Set(all.map(({ rule }) => rule))].sort((a, b) => a - b),
    );
    assert.deepEqual(
      cases.map(([what], index) => `${what}: ${numbers[index]?.join(" ")}`),
      cases.map(([what, , broken]) => `${what}: ${broken.join(" ")}`),
    );
  });

  test(`what is said has the rule's severity and its words, ${name}`, () => {
    for (const { rule, severity, words } of judged.flat()) {
      const { severity: wanted, text }: Rule = rules[rule as keyof typeof rules];
      assert.equal(severity, wanted, words);
      assert.match(words, pattern(text));
    }
  });
}

test("what is broken, and nothing else, is not healthy", () => {
  for (const said of spoilt) {
    const { healthy, problems } = judge(topologyOf(members, repliesOf(said)));
    assert.equal(
      healthy,
      problems.every(({ rule }) => rules[rule].severity !== "broken"),
    );
  }
});

test("both say the same of the same, names apart", () => {
  const plain = (judged: Judgement[][] | undefined) =>
    judged?.map((all) =>
      all
        .map(({ rule, words }) => {
          const named = words
            .replaceAll(/(node\d) \([\w.]+:\d+\)/g, "$1")
            .replaceAll("connect ECONNREFUSED", "nobody listens there");
          return `${rule} ${named.replace(/^redis(\d):\d+/, "sentinel$1").replaceAll(/(redis|10\.0\.0\.)(\d):[123]6300/g, "node$2")}`;
        })
        .sort(),
    );
  for (const [, judged] of judges) assert.deepEqual(plain(judged), plain(judges[0]?.[1]));
});

test("one node with one sentinel is healthy, and not once that node is gone", () => {
  const [few, gone] = [0, 1].map((): Whole => {
    const { nodes, sentinels } = allWell();
    const [one] = sentinels;
    Object.assign(one.master, { "num-slaves": "0", "num-other-sentinels": "0", quorum: "1" });
    return {
      nodes: nodes.slice(0, 1),
      sentinels: [{ ...one, replicas: [], peers: [], ckquorum: "OK 1 usable Sentinels. Quorum" }],
    };
  }) as [Whole, Whole];
  (gone.nodes[0] as Node).info = new None();
  const of = {
    ...members,
    nodes: members.nodes.slice(0, 1),
    sentinels: members.sentinels.slice(0, 1),
  };
  for (const [name, judged] of judgesOf(of, [few, gone])) {
    assert.deepEqual(
      judged.map((all) => all.map(({ rule }) => rule)),
      [[], [21]],
      name,
    );
  }
});

test("every rule is broken alone by some case, and all is well in some", () => {
  // Too many in TILT: each of them is, too.
  const alone = new Set(
    cases.map(([, , broken]) =>
      broken.filter((rule) => rule !== 19 || broken.length === 1).join(" "),
    ),
  );
  for (const number of Object.keys(rules)) assert.ok(alone.has(number), `rule ${number}`);
  assert.deepEqual(cases[0]?.[2], []);
  assert.ok(cases.length >= 60);
});

test("docs/healthy.md has the rules as they are", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/healthy.md"), "utf8");
  const rows = [...text.matchAll(/^\| *(\d+) *\| *(.*?) *\| *(.*?) *\| *(.*?) *\|$/gm)].map(
    ([, ...cells]) => cells,
  );
  assert.deepEqual(
    rows,
    Object.entries<Rule>(rules).map(([number, { requires, severity, text }]) => [
      number,
      requires,
      severity,
      `\`${text}\``,
    ]),
  );
});
