import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

type Case = [
  answering: "" | "h4:1",
  named: "" | "node1",
  failover: "" | "1",
  others: "agree" | "are silent" | "name another",
  node1: "up master" | "up slave" | "gone -" | "unknown -",
];

const program = `
while IFS=, read -r answering named failover others one; do
  said= table="node1 $one yes - up 1 h 100 aof
node2 up slave yes node1 up 1 h 100 aof"
  case $others in
    agree) said="sentinel1 $named 3
sentinel2 $named 3" ;;
    'name another') said="sentinel1 $named 3
sentinel2 node2 3" ;;
  esac
  decide_forgetting
  printf '%s|%s\\n' "$forgetting" "$why"
done
`;

const cases: Case[] = (["", "h4:1"] as const).flatMap((answering) =>
  (["", "node1"] as const).flatMap((named) =>
    (["", "1"] as const).flatMap((failover) =>
      (["agree", "are silent", "name another"] as const).flatMap((others) =>
        (["up master", "up slave", "gone -", "unknown -"] as const).map((node1): Case => [
          answering,
          named,
          failover,
          others,
          node1,
        ]),
      ),
    ),
  ),
);

for (const shell of shells)
  test(`who has left is forgotten only once it is gone, the master is there and no sentinel names another, ${shell.join(" ")}`, () => {
    const input = cases.map((each) => `${each.join(",")}\n`).join("");
    const decided = inShell(shell, ["redis/sentinels.sh", "redis/membership.sh"], program, input);
    const wrong = cases.flatMap((given, index) => {
      const [answering, named, failover, others, node1] = given;
      const now =
        named !== "" && failover === "" && others !== "name another" && node1 === "up master";
      const wanted = answering ? "never" : now ? "now" : "wait";
      const [forgetting = "", why = ""] = (decided[index] ?? "").split("|");
      return forgetting === wanted && (why === "") === (wanted === "now")
        ? []
        : [`${given.join(" ")}: ${decided[index]}`];
    });
    assert.deepEqual(wrong, []);
  });
