import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { nodeDirectory, nodeMissing } from "../../toolchain/node.mjs";
import { atLeast } from "../../toolchain/versions.mjs";
import { program, scratch } from "./scratch.ts";

test("versions are compared by their numbers", () => {
  assert.ok(atLeast("22.18.0", "22.18.0"));
  assert.ok(atLeast("go1.26", "1.25.11"));
  assert.ok(atLeast("22.100.0", "22.18.0"));
  assert.ok(!atLeast("22.9.1", "22.18.0"));
  assert.ok(!atLeast("go1.25", "1.25.11"));
});

test("a Node.js that is new enough is used as it is", (t) => {
  const env = { HOME: scratch(t) };
  assert.equal(nodeDirectory(env, "22.18.0"), undefined);
  assert.equal(nodeMissing(env, "22.18.0"), false);
});

test("an older one is replaced by that of the cache", (t) => {
  const env = { HOME: scratch(t) };
  assert.equal(nodeMissing(env, "20.1.0"), true);
  const name = `node-${process.platform}-${process.arch}`;
  const node = program(
    join(env.HOME, ".cache/pulumi-redis-ha/node-22.23.3/node_modules", name, "bin/node"),
  );
  assert.equal(nodeMissing(env, "20.1.0"), false);
  assert.equal(join(nodeDirectory(env, "20.1.0") ?? "", "node"), node);
});
