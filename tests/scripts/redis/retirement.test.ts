import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/** What node1 to node3 say, NAME put in front; node3 leaves in all cases. */
const states = {
  gone: "gone - unknown - down 0 - 100 -",
  unknown: "unknown - unknown - down 0 - 100 -",
  master: "up master yes - up 300 h 100 aof",
  loading: "up master unknown - up 0 h 100 aof",
  linked1: "up slave yes node1 up 300 h 100 aof",
  cut1: "up slave yes node1 down 300 h 100 aof",
  linked3: "up slave yes node3 up 300 h 100 aof",
} as const;
type State = keyof typeof states;
type Case = [
  kind: "node" | "sentinel",
  named: "" | "node1" | "node3",
  failover: "" | "1",
  others: "agree" | "are silent" | "name another",
  State,
  State,
  State,
];

const program = `
while IFS=, read -r kind named failover others one two three; do
  name=$kind stays='node1
node2' asked=2 said=
  name=\${kind}3
  table="node1 $one
node2 $two
node3 $three"
  case $others in
    agree) said="sentinel1 $named 3
sentinel2 $named 3" ;;
    'name another') said="sentinel1 $named 3
sentinel2 node2 3" ;;
  esac
  decide_retirement
  printf '%s|%s\\n' "$retirement" "$why"
done
`;

const names = Object.keys(states) as State[];
const cases: Case[] = (["node", "sentinel"] as const).flatMap((kind) =>
  (["", "node1", "node3"] as const).flatMap((named) =>
    (["", "1"] as const).flatMap((failover) =>
      (["agree", "are silent", "name another"] as const).flatMap((others) =>
        names.flatMap((one) =>
          names.flatMap((two) =>
            names.map((three): Case => [kind, named, failover, others, one, two, three]),
          ),
        ),
      ),
    ),
  ),
);

for (const shell of shells) {
  const input = cases
    .map(([kind, named, failover, others, ...nodes]) =>
      [kind, named, failover, others, ...nodes.map((state) => states[state])].join(","),
    )
    .join("\n");
  const decided = inShell(
    shell,
    ["redis/sentinels.sh", "redis/retirement.sh"],
    program,
    `${input}\n`,
  ).map((line) => line.split("|") as [string, string]);
  const wrong = (check: (given: Case, retirement: string, why: string) => boolean) =>
    cases
      .flatMap((given, index) => {
        const [retirement, why] = decided[index] as [string, string];
        return check(given, retirement, why) ? [] : [`${given.join(" ")}: ${retirement} ${why}`];
      })
      .slice(0, 5);

  test(`one stops only where another is the master, all that stay are linked to it, and no sentinel that stays names another, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong(([kind, named, failover, others, one, two, three], retirement) => {
        const whole =
          named === "node1"
            ? one === "master" && two === "linked1" && !["master", "loading"].includes(three)
            : named === "node3" && three === "master" && one === "linked3" && two === "linked3";
        const may = whole && failover === "" && others !== "name another";
        const wanted = kind === "node" && named === "node3" ? "handover" : "stop";
        return retirement === (may ? wanted : "wait");
      }),
      [],
    );
  });

  test(`whoever waits says why, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong((_, retirement, why) => (why !== "") === (retirement === "wait")),
      [],
    );
  });

  test(`who leaves is told from who stays by name and place, ${shell.join(" ")}`, () => {
    const lists = `
had='node1 h1 127.0.0.1 1
node2 h2 127.0.0.1 2
node3 h3 127.0.0.1 3'
stays='node1 h1 10.0.0.1 1
node3 h4 127.0.0.1 3
node4 h4 127.0.0.1 4'
leaving_of "$had" "$stays"
echo =
staying_of "$had" "$stays"
echo =
leaving_of "$had" ""
`;
    assert.deepEqual(inShell(shell, ["redis/retirement.sh"], lists, ""), [
      "node2 h2 127.0.0.1 2",
      "node3@h3 h3 127.0.0.1 3",
      "=",
      "node1 h1 127.0.0.1 1",
      "=",
      "node1 h1 127.0.0.1 1",
      "node2 h2 127.0.0.1 2",
      "node3 h3 127.0.0.1 3",
    ]);
  });
}
