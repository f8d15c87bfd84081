import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attempt } from "../../toolchain/official.mjs";
import { program, scratch } from "./scratch.ts";

const nothing = () => undefined;

test(
  "a download that never comes is given up, and all of it ends",
  { timeout: 120_000 },
  async (t) => {
    const home = scratch(t);
    const hanging = program(join(home, "hanging"), `sleep 3600 & echo $! > ${home}/pid; wait`);
    assert.equal(
      await attempt("x", hanging, [], { HOME: home, PATH: process.env.PATH }, nothing),
      false,
    );
    const pid = readFileSync(join(home, "pid"), "utf8").trim();
    const state = existsSync(`/proc/${pid}/stat`)
      ? readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2]
      : "gone";
    assert.ok(["gone", "Z"].includes(state ?? ""), `still in state ${state}`);
    assert.deepEqual(readdirSync(join(home, ".cache/pulumi-redis-ha")), []);
  },
);

test("a download that fails at once is no error", async (t) => {
  const home = scratch(t);
  assert.equal(
    await attempt("x", program(join(home, "f"), "exit 1"), [], { HOME: home }, nothing),
    false,
  );
});

test("a download that works but brings something else is no error", async (t) => {
  const home = scratch(t);
  const accept = (staging: string) => void readdirSync(join(staging, "versions"));
  assert.equal(await attempt("x", program(join(home, "f")), [], { HOME: home }, accept), false);
});

test("what was downloaded is accepted", async (t) => {
  const home = scratch(t);
  const download = program(join(home, "f"), 'echo got > "$PULUMI_HOME/file"');
  let got = "";
  const accept = (staging: string) => void (got = readFileSync(join(staging, "file"), "utf8"));
  assert.equal(
    await attempt("x", download, [], { HOME: home, PATH: process.env.PATH }, accept),
    true,
  );
  assert.equal(got, "got\n");
});
