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
  // Restarted while nobody was the master.
  waits100: "up slave yes node1 down 0 r 0 aof 3:aaaa:100:100",
  waits200: "up slave yes node1 down 0 r 0 aof 3:aaaa:200:100",
  waitsLater: "up slave yes node1 down 0 r 0 aof 4:bbbb:10:100",
  waitsUnnoted: "up slave yes node1 down 0 r 0 aof -:-:0:100",
} as const;
type State = keyof typeof states;

const program = `
cli=redis-cli master=redis-ha
while IFS=, read -r named failover down waited one two three; do
  table="node1 $one
node2 $two
node3 $three"
  case $one in
    *4:bbbb*) later= ;;
    *3:aaaa*) case $two$three in *4:bbbb*) later=" later" ;; *) later= ;; esac ;;
    *) later= ;;
  esac
  decide_rejoin
  printf '%s|%s|%s\\n' "$rejoin" "$why" "$j_ahead"
done
`;

/** Whom the sentinels name, whether it is a failover, down to most of them, or was waited for. */
const situations = {
  nobody: ["", "", "1", "1"],
  failover: ["node1", "1", "1", "1"],
  node1: ["node1", "", "", ""],
  "node1, which is down": ["node1", "", "1", ""],
  "node1, long": ["node1", "", "", "1"],
  "node1, which is down, long": ["node1", "", "1", "1"],
} as const;
type Situation = keyof typeof situations;

type Case = [named: Situation, State, State, State];

function decide(shell: readonly string[], cases: readonly Case[]) {
  const input = cases
    .map(
      ([named, ...nodes]) =>
        `${[...situations[named], ...nodes.map((state) => states[state])].join(",")}\n`,
    )
    .join("");
  return inShell(shell, ["redis/outage.sh", "redis/rejoin.sh"], program, input).map(
    (line) => line.split("|") as [string, string, string],
  );
}

const waiting: State[] = ["waits100", "waits200", "waitsLater", "waitsUnnoted"];
const holding: State[] = [
  "file",
  "snapshot100",
  "snapshot200",
  "otherHistory",
  "oldVersion",
  ...waiting,
];
const missing: State[] = ["gone", "unknown", "loading"];

for (const shell of shells) {
  const names = Object.keys(states) as State[];
  const cases: Case[] = (Object.keys(situations) as Situation[]).flatMap((named) =>
    names.flatMap((one) =>
      names.flatMap((two) => names.map((three): Case => [named, one, two, three])),
    ),
  );
  const decided = decide(shell, cases);
  const each = (
    check: (given: Case, rejoin: string, why: string, ahead: string) => boolean | undefined,
  ) => {
    const wrong = cases.flatMap((given, index) =>
      check(given, ...(decided[index] as [string, string, string])) === false
        ? [[...given, ...(decided[index] ?? [])].join(" ")]
        : [],
    );
    assert.deepEqual(wrong.slice(0, 5), []);
  };

  test(`promoted only where the sentinels name it, nobody is the master, and nobody who answers holds more, ${shell.join(" ")}`, () => {
    each(([named, one, ...others], rejoin) => {
      if (rejoin !== "promote") return undefined;
      if (
        ["nobody", "failover"].includes(named) ||
        others.some((other) => other.toLowerCase().includes("master"))
      )
        return false;
      if (one === "empty") return others.every((other) => other === "empty");
      // Within one epoch, the sentinels' word.
      if (["waits100", "waits200"].includes(one)) return !others.includes("waitsLater");
      if (one === "file" || waiting.includes(one)) return true;
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
    each(([named, one, ...others], rejoin) => {
      if (rejoin !== "failover") return undefined;
      if ([one, ...others].some((state) => state.toLowerCase().includes("master"))) return false;
      if (one === "gone" || one === "unknown") {
        // None of those that are back was linked to it; it is down, and was waited for.
        const back = others.filter((other) => holding.includes(other));
        return (
          named === "node1, which is down, long" &&
          back.length > 0 &&
          back.every((other) => waiting.includes(other)) &&
          comparable(back)
        );
      }
      if (one === "empty") return others.some((other) => holding.includes(other));
      return (
        (one === "snapshot100" && others.includes("snapshot200")) ||
        (["waits100", "waits200"].includes(one) && others.includes("waitsLater"))
      );
    });
  });

  test(`nobody is chosen for one that is missing before that was waited for, ${shell.join(" ")}`, () => {
    each(([named, one, ...others], rejoin) => {
      if (rejoin !== "failover" || named.endsWith("long")) return undefined;
      if (one === "gone" || one === "unknown") return false;
      if (one === "snapshot100") return !others.some((other) => missing.includes(other));
      const back = others.filter((other) => holding.includes(other));
      return back.every((other) => waiting.includes(other))
        ? !others.some((other) => missing.includes(other))
        : undefined;
    });
  });

  test(`who waits says why, ${shell.join(" ")}`, () => {
    each((_, rejoin, why) =>
      rejoin === "wait" ? why !== "" : ["serving", "promote", "failover"].includes(rejoin),
    );
  });

  test(`after a power cut of everything, ${shell.join(" ")}`, () => {
    const rows: [Case, string, ahead?: string][] = [
      [["node1", "file", "file", "file"], "promote"],
      [["node1", "file", "gone", "unknown"], "promote"],
      [["node1", "empty", "empty", "empty"], "promote"],
      [["node1", "empty", "empty", "gone"], "wait"],
      [["node1", "empty", "unknown", "empty"], "wait"],
      [["node1", "empty", "file", "gone"], "failover", " node2"],
      [["node1", "snapshot100", "snapshot200", "snapshot100"], "failover", " node2"],
      [["node1", "snapshot100", "snapshot200", "gone"], "wait"],
      [["node1", "snapshot100", "loading", "snapshot200"], "wait"],
      [["node1, long", "snapshot100", "snapshot200", "gone"], "failover", " node2"],
      [["node1", "snapshot200", "snapshot200", "snapshot100"], "promote"],
      [["node1", "snapshot200", "gone", "snapshot100"], "wait"],
      [["node1", "snapshot200", "otherHistory", "snapshot100"], "wait"],
      [["node1", "loading", "file", "file"], "wait"],
      [["node1", "gone", "file", "file"], "wait"],
      [["failover", "file", "file", "file"], "wait"],
      [["node1", "file", "master", "file"], "wait"],
      [["node1", "master", "file", "empty"], "serving"],
      [["nobody", "file", "file", "file"], "wait"],
      // The named one's disk is lost.
      [["node1", "empty", "waits100", "waits200"], "failover", " node3"],
      [["node1", "empty", "waits200", "waitsLater"], "failover", " node3"],
      [["node1", "empty", "waits200", "waits200"], "failover", " node2 node3"],
      [["node1", "empty", "waits100", "gone"], "wait"],
      [["node1, long", "empty", "waits100", "gone"], "failover", " node2"],
      [["node1, long", "empty", "waits100", "waitsUnnoted"], "wait"],
      [["node1", "empty", "file", "waits200"], "failover", " node2"],
      // It does not come back.
      [["node1", "gone", "waits100", "waits200"], "wait"],
      [["node1, which is down", "unknown", "waits100", "waits200"], "wait"],
      [["node1, long", "unknown", "waits100", "waits200"], "wait"],
      [["node1, which is down, long", "unknown", "waits100", "waits200"], "failover", " node3"],
      [["node1, which is down, long", "gone", "waits100", "empty"], "failover", " node2"],
      [["node1, which is down, long", "gone", "waitsLater", "gone"], "failover", " node2"],
      [["node1, which is down, long", "gone", "waits200", "waitsUnnoted"], "wait"],
      [["node1, which is down, long", "gone", "empty", "empty"], "wait"],
      // One that was linked to it: the sentinels choose.
      [["node1, which is down, long", "gone", "file", "waits200"], "wait"],
      // It is back, and others have followed a later one.
      [["node1", "waits200", "waitsLater", "waits100"], "failover", " node2"],
      [["node1", "waits100", "waits200", "waits200"], "promote"],
    ];
    const got = decide(
      shell,
      rows.map(([given]) => given),
    );
    assert.deepEqual(
      got.map(([rejoin, , ahead], index) => [rejoin, rows[index]?.[2] && ahead]),
      rows.map(([, wanted, ahead]) => [wanted, ahead]),
    );
  });
}

/** Whether notes tell which of them had most. */
function comparable(those: readonly State[]): boolean {
  return those.length < 2 || !those.includes("waitsUnnoted");
}
