import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { resolveNeeds, settingsNeeds, stackNames } from "../../toolchain/stackNeeds.mjs";
import { scratch } from "./scratch.ts";

const hosts = (value: string) =>
  `encryptionsalt: v1:x\nconfig:\n  pulumi-redis-ha:hosts:${value}\n  pulumi-redis-ha:quorum: 2\n`;

test("the sections of hosts decide, in whatever style they are written", () => {
  for (const [what, yaml, needs] of [
    ["no file, or an empty one", "", ["redis"]],
    ["no hosts", "config:\n  pulumi-redis-ha:masterName: docker\n", ["redis"]],
    ["hosts without a section", hosts("\n    redis1:\n      address: 10.0.0.1"), ["redis"]],
    [
      "block style",
      hosts("\n    redis1:\n      docker:\n        image: redis\n    redis2:\n      docker: {}"),
      ["docker"],
    ],
    [
      "flow style",
      hosts("\n    redis1: {address: 10.0.0.1, docker: {}}\n    redis2: { 'ssh': { user: me } }"),
      ["docker", "ssh"],
    ],
    [
      "JSON",
      hosts(' {"redis1": {"docker": {}}, "redis2":{"directory":"/a,b"}}'),
      ["redis", "docker"],
    ],
    [
      "JSON of several lines",
      hosts(' {\n    "redis1": {\n      "docker": {}\n    }\n  }'),
      ["docker"],
    ],
    [
      "quoted",
      hosts('\n    "redis1":\n      "docker": {}').replace(
        "pulumi-redis-ha:hosts",
        '"pulumi-redis-ha:hosts"',
      ),
      ["docker"],
    ],
    [
      "Windows line ends",
      hosts("\n    redis1:\n      docker: {}").replaceAll("\n", "\r\n"),
      ["docker"],
    ],
    [
      "an engine reached over SSH",
      hosts("\n    redis1:\n      docker:\n        engine: ssh://me@redis1"),
      ["docker", "ssh"],
    ],
    [
      "an engine of all reached over SSH",
      `${hosts("\n    a: { docker: {} }")}  pulumi-redis-ha:docker: { engine: "ssh://a" }\n`,
      ["docker", "ssh"],
    ],
    [
      "comments",
      hosts("\n    # ssh: {}\n    redis1:\n# ssh: {}\n      docker: {} # not local"),
      ["docker"],
    ],
    [
      "the last key of the file",
      "config:\n  pulumi-redis-ha:hosts:\n    redis1:\n      ssh: {}",
      ["ssh"],
    ],
    [
      "some of them on this machine",
      hosts("\n    redis1:\n      docker: {}\n    redis2: {}"),
      ["redis", "docker"],
    ],
    ["a host of that name", hosts("\n    docker:\n      address: 10.0.0.1"), ["redis"]],
    [
      "the section of something else",
      `${hosts("\n    redis1:\n      undocker: {}")}  pulumi-redis-ha:docker:\n    image: redis\n`,
      ["redis"],
    ],
  ] as const) {
    assert.deepEqual(settingsNeeds(yaml), needs, what);
  }
});

test("the stack is the first plain argument, PULUMI_STACK, the selected one or dev", (t) => {
  const home = scratch(t);
  const script = ["node", "cli/start.ts"];
  const env = { HOME: home, PULUMI_HOME: join(home, "ph") };
  assert.deepEqual(stackNames(script, env, home), ["dev"]);
  mkdirSync(join(home, "ph", "workspaces"), { recursive: true });
  const project = createHash("sha1").update(join(home, "Pulumi.yaml")).digest("hex");
  const selected = { stacks: { "file:///x": "organization/pulumi-redis-ha/mine" } };
  writeFileSync(
    join(home, "ph", "workspaces", `pulumi-redis-ha-${project}-workspace.json`),
    JSON.stringify(selected),
  );
  assert.deepEqual(stackNames(script, env, home), ["mine"]);
  assert.deepEqual(stackNames([], env, home), ["mine"]);
  assert.deepEqual(stackNames(script, { ...env, PULUMI_STACK: "prod" }, home), ["prod"]);
  assert.deepEqual(
    stackNames([...script, "--stop", "docker"], { ...env, PULUMI_STACK: "prod" }, home),
    ["docker"],
  );
  assert.deepEqual(stackNames([...script, "me/pulumi-redis-ha/docker"], env, home), ["docker"]);
});

test("a command's needs are what its stack needs, and other needs stay", (t) => {
  const checkout = scratch(t);
  const env = { HOME: checkout };
  writeFileSync(join(checkout, "Pulumi.both.yaml"), hosts("\n    a: {docker: {}}\n    b: {}"));
  const needs = (need: string[], stack: string) =>
    resolveNeeds(need, ["node", "x.ts", stack], env, checkout);
  assert.deepEqual(needs(["stack"], "both"), ["redis", "docker"]);
  assert.deepEqual(needs(["hosts"], "both"), ["docker"], "without what only runs there");
  assert.deepEqual(needs(["tests", "stack"], "both"), ["tests", "redis", "docker"]);
  assert.deepEqual(needs(["tests"], "both"), ["tests"]);
  assert.deepEqual(needs(["stack"], "no-such-file"), ["redis"]);
});
