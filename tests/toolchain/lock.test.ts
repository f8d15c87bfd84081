import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isStale, withLock } from "../../toolchain/lock.mjs";
import { scratch } from "./scratch.ts";

const deadProcess = () => spawnSync("true").pid;

test("the second waits for the first, and nothing is left", async (t) => {
  const file = join(scratch(t), "lock");
  const order: string[] = [];
  const first = withLock(file, async () => {
    order.push("first begins");
    await new Promise((resolve) => setTimeout(resolve, 100));
    order.push("first ends");
  });
  const second = withLock(file, () => Promise.resolve(void order.push("second")));
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first begins", "first ends", "second"]);
  assert.equal(existsSync(file), false);
});

test("a failure frees the lock", async (t) => {
  const file = join(scratch(t), "lock");
  await assert.rejects(
    withLock(file, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(await withLock(file, () => Promise.resolve("yes")), "yes");
});

test("a lock whose holder is dead is taken over", async (t) => {
  const file = join(scratch(t), "lock");
  writeFileSync(file, `${deadProcess()} ${hostname()}\n`);
  assert.equal(await withLock(file, () => Promise.resolve("mine")), "mine");
});

test("only a dead or silent holder makes a lock stale", (t) => {
  const file = join(scratch(t), "lock");
  assert.equal(isStale(file), false, "gone");
  writeFileSync(file, `${process.pid} ${hostname()}\n`);
  assert.equal(isStale(file), false, "alive");
  writeFileSync(file, `${deadProcess()} another-host\n`);
  assert.equal(isStale(file), false, "cannot be known yet");
  const longAgo = new Date(Date.now() - 120_000);
  utimesSync(file, longAgo, longAgo);
  assert.equal(isStale(file), true, "silent");
});
