import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { shells } from "../../support/cluster.ts";

const script = readFileSync(join(import.meta.dirname, "../../../scripts/redis/silence.sh"), "utf8");

const flag = ["", "1"] as const;
const cases = ["node", "sentinel"].flatMap((kind) =>
  flag.flatMap((reply) =>
    flag.flatMap((patience) =>
      flag.flatMap((over) =>
        ["other", "self", "nobody"].flatMap((authority) =>
          flag.flatMap((successor) =>
            flag.map((disk) => ({ kind, reply, patience, over, authority, successor, disk })),
          ),
        ),
      ),
    ),
  ),
);

describe("whether a process that does not answer is killed", () => {
  for (const { name, path } of shells) {
    test(`every case, ${name}`, () => {
      const text = cases
        .map(
          (each) =>
            `${Object.entries(each)
              .map(([key, value]) => `s_${key}=${value}`)
              .join(" ")}\njudge_silence\n`,
        )
        .join("");
      const lines = execFileSync("sh", ["-c", `set -u\n${script}\n${text}`], {
        env: { PATH: path },
        encoding: "utf8",
      })
        .trim()
        .split("\n");
      assert.equal(lines.length, cases.length);
      for (const [index, each] of cases.entries()) {
        const { kind, reply, patience, over, authority, successor, disk } = each;
        const verdict = lines[index]?.split(" ")[0] ?? "";
        const what = `${JSON.stringify(each)}: ${lines[index]}`;
        assert.equal(verdict === "leave", reply === "1", what);
        if (reply) continue;
        assert.equal(
          verdict === "wait" && (lines[index] ?? "").includes("may come back"),
          patience === "",
          what,
        );
        if (!patience) continue;
        if (kind === "sentinel") {
          assert.equal(verdict, "kill", what);
          continue;
        }
        // What only it may have is never thrown away.
        if (verdict === "kill") assert.ok(authority === "other" || disk === "1", what);
        // While somebody can take over and the sentinels may still see to it, that comes first.
        assert.equal(
          verdict === "wait",
          authority === "self" && successor === "1" && over === "",
          what,
        );
        if (authority === "other") assert.equal(verdict, "kill", what);
        if (verdict !== "kill" && verdict !== "wait") assert.equal(verdict, "refuse", what);
      }
    });
  }
});
