import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/** What a node has noted: EPOCH:REPLID:OFFSET:PRIORITY, or nothing that counts. */
const notes = {
  none: "-",
  lost: "-:-:0:100",
  a100: "3:aaaa:100:100",
  a200: "3:aaaa:200:100",
  /** Longer than what some awks count exactly to. */
  a90071992547409931: "3:aaaa:90071992547409931:100",
  a90071992547409932: "3:aaaa:90071992547409932:100",
  later: "4:bbbb:50:100",
  muchLater: "10:cccc:1:100",
  sameEpoch: "3:dddd:900:100",
  snapshotA150: "-:aaaa:150:100",
  snapshotElsewhere: "-:eeee:900:100",
} as const;
type Note = keyof typeof notes;

/** What decide_most makes of three nodes that wait with these notes; without a third, of two. */
function most(shell: readonly string[], cases: readonly (readonly Note[])[]) {
  const input = cases.map((each) => `${each.map((note) => notes[note]).join(",")}\n`).join("");
  return inShell(
    shell,
    ["redis/outage.sh"],
    `while IFS=, read -r one two three; do
  table="other up slave yes - down 0 x 100 aof 9:ffff:1:100
one up slave yes - down 0 x 0 aof $one
two up slave yes - down 0 x 0 aof $two"
  among="one two"
  if [ -n "$three" ]; then
    table="$table
three up slave yes - down 0 x 0 aof $three"
    among="one two three"
  fi
  decide_most
  echo "\${most# }|$most_why"
done`,
    input,
  ).map((line) => line.split("|") as [string, string]);
}

/** Whether one is ahead of the other, or undefined where nobody can tell. */
function ahead(one: Note, other: Note): boolean | undefined {
  const [epoch = "", history = "", offset = "0"] = notes[one].split(":");
  const [itsEpoch = "", its = "", itsOffset = "0"] = notes[other].split(":");
  if ([history, its].some((each) => each === "-" || each === "")) return undefined;
  if (history === its) return BigInt(offset) > BigInt(itsOffset);
  if (epoch === "-" || itsEpoch === "-" || epoch === itsEpoch) return undefined;
  return Number(epoch) > Number(itsEpoch);
}

for (const shell of shells) {
  test(`of nodes that can be compared, those that nobody is ahead of; else nobody, and why, ${shell.join(" ")}`, () => {
    const all = Object.keys(notes) as Note[];
    const cases = all.flatMap((one) =>
      all.flatMap((two) => [[one, two], ...all.map((three) => [one, two, three])]),
    );
    const got = most(shell, cases);
    assert.equal(got.length, cases.length);
    const wrong = cases.flatMap((each, index) => {
      const [said, why] = got[index] as [string, string];
      const pairs = each.flatMap((one, at) =>
        each.flatMap((other, its) => (at === its ? [] : [ahead(one, other)])),
      );
      if (pairs.includes(undefined)) return said === "" && why !== "" ? [] : [[each, said, why]];
      const best = each.flatMap((one, at) =>
        each.some((other) => ahead(other, one)) ? [] : [["one", "two", "three"][at]],
      );
      return said === best.join(" ") && why === "" && best.length > 0 ? [] : [[each, said, why]];
    });
    assert.deepEqual(wrong.slice(0, 5), []);
  });

  test(`one alone is the furthest, whatever it has noted, ${shell.join(" ")}`, () => {
    const [said] = inShell(
      shell,
      ["redis/outage.sh"],
      `table="one up slave yes - down 0 x 0 aof 3:aaaa:1:100"; among=" one"; decide_most; echo "$most"`,
      "",
    );
    assert.equal(said, " one");
  });

  test(`in a later epoch are those that wait with a later note and data than both the named one's and its naming, ${shell.join(" ")}`, () => {
    const later = inShell(
      shell,
      ["redis/outage.sh"],
      `named=named; sentinel_table() { echo "sentinel1 named master $epoch 2"; echo "sentinel2 other master 9 2"; }
table="same up slave yes - down 0 x 0 aof 3:aaaa:100:100
later up slave yes - down 0 x 0 aof 4:bbbb:1:100
empty up slave no - down 0 x 0 aof 5:cccc:1:100
linked up slave yes - up 9 x 100 aof 6:dddd:1:100
silent gone - unknown - down 0 - 100 - -
snapshot up slave yes - down 5 eeee 0 snapshot -:eeee:5:100
history up slave yes - down 0 x 0 aof 7:aaaa:1:100"
for epoch in - 3 4 7; do
  for note in 3:aaaa:100:100 4:bbbb:1:100 - -:-:0:100; do later_than "$note"; echo; done
done`,
      "",
    );
    assert.deepEqual(later, [
      ...[" later", " history", "", ""],
      ...[" later", " history", "", ""],
      ...["", " history", "", ""],
      ...["", "", "", ""],
    ]);
  });
}
