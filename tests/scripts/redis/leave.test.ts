import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/** What another node says, NAME put in front. */
const states = {
  gone: "gone - unknown - down 0 - 100 -",
  unknown: "unknown - unknown - down 0 - 100 -",
  master: "up master yes - up 300 h 100 aof",
  replica: "up slave yes node1 down 300 h 100 aof",
  empty: "up slave no node1 down 0 h 100 aof",
  loading: "up slave unknown node1 down 0 - 100 aof",
} as const;
type State = keyof typeof states;

const program = `
name=node1
while IFS=, read -r named failover level two three; do
  table="node1 gone - unknown - down 0 - 100 -
node2 $two
node3 $three"
  decide_leaving
  printf '%s|%s\\n' "$leaving" "$why"
done
`;

for (const shell of shells)
  test(`whether a master that ended again and again may be started, ${shell.join(" ")}`, () => {
    const names = Object.keys(states) as State[];
    const cases = ["", "node1", "node2"].flatMap((named) =>
      ["", "1"].flatMap((failover) =>
        ["", " node2"].flatMap((level) =>
          names.flatMap((two) =>
            names.map((three) => [named, failover, level, two, three] as const),
          ),
        ),
      ),
    );
    const input = cases
      .map(
        ([named, failover, level, two, three]) =>
          `${[named, failover, level, states[two], states[three]].join(",")}\n`,
      )
      .join("");
    const decided = inShell(shell, ["redis/leave.sh"], program, input);
    assert.equal(decided.length, cases.length);
    for (const [index, each] of cases.entries()) {
      const [named, failover, level, two, three] = each;
      const [leaving, why] = decided[index]?.split("|") ?? [];
      const wanted =
        named === "node2"
          ? "go"
          : named === "" || failover === "1"
            ? "wait"
            : two !== "replica" && three !== "replica"
              ? "go"
              : level === ""
                ? "wait"
                : "ask";
      assert.equal(leaving, wanted, each.join());
      assert.notEqual(why, "", each.join());
    }
  });
