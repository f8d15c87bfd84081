import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

type Case = [
  answering: "" | "h4:1",
  named: "" | "node1",
  failover: "" | "1",
  agree: "0" | "1" | "2",
  node1: "up master" | "up slave" | "gone -" | "unknown -",
];

const program = `
while IFS=, read -r answering named failover agree one; do
  asked=2 said= table="node1 $one yes - up 1 h 100 aof
node2 up slave yes node1 up 1 h 100 aof"
  case $agree in 1) said="sentinel1 $named 3" ;; 2) said="sentinel1 $named 3
sentinel2 $named 3" ;; esac
  decide_forgetting
  printf '%s|%s\\n' "$forgetting" "$why"
done
`;

const cases: Case[] = (["", "h4:1"] as const).flatMap((answering) =>
  (["", "node1"] as const).flatMap((named) =>
    (["", "1"] as const).flatMap((failover) =>
      (["0", "1", "2"] as const).flatMap((agree) =>
        (["up master", "up slave", "gone -", "unknown -"] as const).map((node1): Case => [
          answering,
          named,
          failover,
          agree,
          node1,
        ]),
      ),
    ),
  ),
);

for (const shell of shells)
  test(`who has left is forgotten only once it is gone, the master is there and all sentinels agree, ${shell.join(" ")}`, () => {
    const input = cases.map((each) => `${each.join(",")}\n`).join("");
    const decided = inShell(shell, ["redis/membership.sh"], program, input);
    const wrong = cases.flatMap((given, index) => {
      const [answering, named, failover, agree, node1] = given;
      const now = named !== "" && failover === "" && agree === "2" && node1 === "up master";
      const wanted = answering ? "never" : now ? "now" : "wait";
      const [forgetting = "", why = ""] = (decided[index] ?? "").split("|");
      return forgetting === wanted && (why === "") === (wanted === "now")
        ? []
        : [`${given.join(" ")}: ${decided[index]}`];
    });
    assert.deepEqual(wrong, []);
  });
