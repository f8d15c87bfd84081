import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/**
 * A node: what it says, NAME put in front. All waited to be told; offsets are in history "h" unless
 * it says otherwise.
 */
const states = {
  gone: "gone - unknown - down 0 - 100 -",
  unknown: "unknown - unknown - down 0 - 100 -",
  master: "up master yes - up 300 h 100 aof",
  emptyMaster: "up master no - up 3 m 100 aof",
  file: "up slave yes node1 down 0 a 100 aof",
  snapshot100: "up slave yes node1 down 100 h 100 snapshot",
  snapshot200: "up slave yes node1 down 200 h 100 snapshot",
  otherHistory: "up slave yes node1 down 500 other 100 snapshot",
  oldVersion: "up slave yes node1 down 0 - 100 snapshot",
  empty: "up slave no node1 down 0 e 100 aof",
  loading: "up slave unknown node1 down 0 - 100 aof",
} as const;
type State = keyof typeof states;

const program = `
cli=redis-cli
while IFS=, read -r named failover one two three; do
  table="node1 $one
node2 $two
node3 $three"
  decide_rejoin
  printf '%s|%s\\n' "$rejoin" "$why"
done
`;

type Case = [named: "" | "node1", failover: "" | "1", State, State, State];

function decide(shell: readonly string[], cases: readonly Case[]) {
  const input = cases
    .map(
      ([named, failover, ...nodes]) =>
        `${[named, failover, ...nodes.map((state) => states[state])].join(",")}\n`,
    )
    .join("");
  return inShell(shell, ["redis/rejoin.sh"], program, input).map(
    (line) => line.split("|") as [string, string],
  );
}

const holding: State[] = ["file", "snapshot100", "snapshot200", "otherHistory", "oldVersion"];

for (const shell of shells) {
  const names = Object.keys(states) as State[];
  const cases: Case[] = (["", "node1"] as const).flatMap((named) =>
    (["", "1"] as const).flatMap((failover) =>
      names.flatMap((one) =>
        names.flatMap((two) => names.map((three): Case => [named, failover, one, two, three])),
      ),
    ),
  );
  const decided = decide(shell, cases);
  const each = (check: (given: Case, rejoin: string, why: string) => boolean | undefined) => {
    const wrong = cases.flatMap((given, index) =>
      check(given, ...(decided[index] as [string, string])) === false
        ? [[...given, ...(decided[index] ?? [])].join(" ")]
        : [],
    );
    assert.deepEqual(wrong.slice(0, 5), []);
  };

  test(`promoted only where the sentinels name it, nobody is the master, and nobody who answers holds more, ${shell.join(" ")}`, () => {
    each(([named, failover, one, ...others], rejoin) => {
      if (rejoin !== "promote") return undefined;
      if (
        named === "" ||
        failover !== "" ||
        others.some((other) => other.toLowerCase().includes("master"))
      )
        return false;
      if (one === "empty") return others.every((other) => other === "empty");
      if (one === "file") return true;
      // From a snapshot: only against all others, and only within one history.
      if (one === "otherHistory")
        return others.every((other) => other === "empty" || other === one);
      return others.every(
        (other) =>
          other === "empty" ||
          other === "snapshot100" ||
          (other === "snapshot200" && one === "snapshot200"),
      );
    });
  });

  test(`a failover only where nobody is the master and somebody is known to hold more, ${shell.join(" ")}`, () => {
    each(([, , one, ...others], rejoin) => {
      if (rejoin !== "failover") return undefined;
      if ([one, ...others].some((state) => state.toLowerCase().includes("master"))) return false;
      return one === "empty"
        ? others.some((other) => holding.includes(other))
        : one === "snapshot100" && others.includes("snapshot200");
    });
  });

  test(`who waits says why, ${shell.join(" ")}`, () => {
    each((_, rejoin, why) =>
      rejoin === "wait" ? why !== "" : ["serving", "promote", "failover"].includes(rejoin),
    );
  });

  test(`after a power cut of everything, ${shell.join(" ")}`, () => {
    const rows: [Case, string][] = [
      [["node1", "", "file", "file", "file"], "promote"],
      [["node1", "", "file", "gone", "unknown"], "promote"],
      [["node1", "", "empty", "empty", "empty"], "promote"],
      [["node1", "", "empty", "empty", "gone"], "wait"],
      [["node1", "", "empty", "unknown", "empty"], "wait"],
      [["node1", "", "empty", "file", "gone"], "failover"],
      [["node1", "", "snapshot100", "snapshot200", "snapshot100"], "failover"],
      [["node1", "", "snapshot200", "snapshot200", "snapshot100"], "promote"],
      [["node1", "", "snapshot200", "gone", "snapshot100"], "wait"],
      [["node1", "", "snapshot200", "otherHistory", "snapshot100"], "wait"],
      [["node1", "", "loading", "file", "file"], "wait"],
      [["node1", "", "gone", "file", "file"], "wait"],
      [["node1", "1", "file", "file", "file"], "wait"],
      [["node1", "", "file", "master", "file"], "wait"],
      [["node1", "", "master", "file", "empty"], "serving"],
      [["", "", "file", "file", "file"], "wait"],
    ];
    const got = decide(
      shell,
      rows.map(([given]) => given),
    );
    assert.deepEqual(
      got.map(([rejoin]) => rejoin),
      rows.map(([, wanted]) => wanted),
    );
  });
}
