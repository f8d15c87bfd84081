import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

const stages = ["voting", "promoting", "telling"] as const;
const roles = {
  master: "up master yes - up 500 h 100 aof",
  slave: "up slave yes node1 up 500 h 100 aof",
  gone: "gone - unknown - down 0 - 100 -",
  unknown: "unknown - unknown - down 0 - 100 -",
} as const;
/** Ours is epoch 8; "later" and "before": node2 in another epoch. */
const says = ["node1", "node2", "node3", "later", "before", "-"] as const;

interface Given {
  stage: (typeof stages)[number];
  inTime: "" | "1";
  role: keyof typeof roles;
  /** What each sentinel names; "-" for no answer. */
  says: (typeof says)[number][];
}

const node = (said: Given["says"][number]) =>
  said === "later" || said === "before" ? "node2" : said;
const majority = (given: Given) =>
  ["node1", "node2", "node3"].find(
    (one) => given.says.filter((each) => node(each) === one).length > 1,
  ) ?? "";

const program = `
name=node1 asked=3 epoch=8
while IFS=, read -r stage in_time named one two three role; do
  said= n=0
  for each in $one $two $three; do
    n=$((n + 1))
    case $each in
      node1) is="node1 7" ;;
      node2) is="node2 8" ;;
      node3) is="node3 7" ;;
      later) is="node2 9" ;;
      before) is="node2 3" ;;
      *) continue ;;
    esac
    said="\${said}sentinel$n $is
"
  done
  target=node2
  [ "$stage" != voting ] || target=-
  table="node1 up master yes - up 500 h 100 aof
node2 $role
node3 up slave yes node1 up 500 h 100 aof"
  decide_settlement
  printf '%s|%s\\n' "$settlement" "$why"
done
`;

for (const shell of shells) {
  const cases: Given[] = stages.flatMap((stage) =>
    (["", "1"] as const).flatMap((inTime) =>
      (Object.keys(roles) as Given["role"][]).flatMap((role) =>
        says.flatMap((one) =>
          says.flatMap((two) =>
            says.map((three): Given => ({ stage, inTime, role, says: [one, two, three] })),
          ),
        ),
      ),
    ),
  );
  const input = cases
    .map(
      (each) =>
        `${[each.stage, each.inTime, majority(each), ...each.says, roles[each.role]].join(",")}\n`,
    )
    .join("");
  const decided = inShell(shell, ["redis/settlement/decision.sh"], program, input).map((line) =>
    line.split("|"),
  );
  const each = (check: (given: Given, settlement: string, why: string) => boolean | undefined) => {
    const wrong = cases.flatMap((given, index) => {
      const [settlement = "", why = ""] = decided[index] ?? [];
      return check(given, settlement, why) === false
        ? [JSON.stringify({ ...given, settlement, why })]
        : [];
    });
    assert.deepEqual(wrong.slice(0, 5), []);
  };

  test(`every combination is finished, undone, nothing, or waits and says why, ${shell.join(" ")}`, () => {
    assert.equal(decided.length, cases.length);
    each(
      (_, settlement, why) =>
        ["finish", "undo", "nothing"].includes(settlement) || (settlement === "wait" && why !== ""),
    );
  });

  test(`finished only where a sentinel knows, or in time; and only with a master that says so, ${shell.join(" ")}`, () => {
    each((given, settlement) => {
      if (settlement !== "finish") return undefined;
      return (
        given.role === "master" &&
        (given.says.includes("node2") || (given.stage === "telling" && given.inTime === "1"))
      );
    });
  });

  test(`what was decided later stays, ${shell.join(" ")}`, () => {
    each((given, settlement) =>
      given.says.includes("later") ? settlement === "nothing" : undefined,
    );
  });

  test(`undone only where no sentinel knows or may hear of it, and a majority names the one before, ${shell.join(" ")}`, () => {
    each((given, settlement) => {
      if (settlement !== "undo") return undefined;
      if (given.says.includes("node2") || majority(given) !== "node1") return false;
      return (
        given.stage === "promoting" || (given.stage === "telling" && !given.says.includes("-"))
      );
    });
  });

  test(`what one sentinel was told is carried through, ${shell.join(" ")}`, () => {
    each((given, settlement) =>
      given.stage !== "voting" &&
      given.role === "master" &&
      given.says.includes("node2") &&
      !given.says.includes("later")
        ? settlement === "finish"
        : undefined,
    );
  });

  test(`one that was promoted and that nobody knows of does not stay a master, ${shell.join(" ")}`, () => {
    each((given, settlement) =>
      given.stage === "promoting" &&
      given.role === "master" &&
      majority(given) === "node1" &&
      !given.says.includes("node2") &&
      !given.says.includes("later")
        ? settlement === "undo"
        : undefined,
    );
  });
}
