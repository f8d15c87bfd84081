import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseServerVersion } from "../../components/redis/version.ts";
import { judgeVersion } from "../../policy/versions.mjs";
import { sandbox } from "../support/engine.ts";
import { checkout, members, Project } from "../support/project.ts";

// The policy pack, as the real engine loads it and asks it about good and bad stacks. Its launcher
// is ours: the tests' language host is too old to run plugins, so the pack is given a runtime that
// the engine knows no language host of, and which it therefore starts by a program of its own.

const pack = join(sandbox, "policy");
const addresses = ["10.99.0.1", "10.99.0.2", "10.99.0.3"];
const topology = members("pol", 23_800);
/** Three machines, as far as addresses tell. */
const apart = {
  ...topology,
  hosts: Object.fromEntries(addresses.map((address, index) => [`pol${index + 1}`, { address }])),
  openWithoutPasswords: true,
};
const one = { ...topology, sentinels: { sentinel1: "pol1:23850" } };

describe("the policy pack, in a preview", { timeout: 1_200_000 }, () => {
  const project = new Project(topology);
  /** Of the open network, on which that is known and wanted. */
  const lenient = join(project.directory, "policies.json");

  before(async () => {
    cpSync(join(checkout, "policy"), pack, { recursive: true });
    symlinkSync(join(checkout, "node_modules"), join(pack, "node_modules"));
    writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: launched\nmain: index.mjs\n");
    const programs = join(sandbox, "programs");
    mkdirSync(programs);
    const launcher = join(programs, "pulumi-analyzer-policy-launched");
    const run = `require.resolve("@pulumi/pulumi/cmd/run-policy-pack")`;
    writeFileSync(launcher, `#!/bin/sh\nexec node "$(node -p '${run}')" "$@"\n`);
    chmodSync(launcher, 0o755);
    project.environment.PATH = `${programs}:${project.environment.PATH ?? ""}`;
    writeFileSync(lenient, '{ "not-open-without-passwords": "disabled" }');
    for (const address of addresses)
      execFileSync("ip", ["address", "add", `${address}/32`, "dev", "lo"]);
    await project.init();
  });
  after(() => project.remove());

  const preview = (config: Record<string, unknown>, ...more: string[]) => {
    project.configure(config);
    const words = ["preview", "--stack", project.stack, "--policy-pack", pack, ...more];
    return project.run("pulumi", ...words);
  };

  it("has nothing against nodes and sentinels on three machines, and tells what it can't know", async () => {
    const { status, output } = await preview(apart, "--policy-pack-config", lenient);
    assert.equal(status, 0, output);
    assert.doesNotMatch(output, /\[mandatory\]/);
    assert.match(output, /redis-ha@v?\d/);
    // The machine's own program is a package: whatever its version, it is told and not refused.
    const line = execFileSync("redis-server", ["--version"], { encoding: "utf8" });
    const { verdict } = judgeVersion(parseServerVersion(line)?.label ?? "");
    assert.equal(/\[advisory\] +versions-are-known /.test(output), verdict !== "mended");
  });

  for (const [what, config, rule, words] of [
    ["servers that others reach", apart, "not-open-without-passwords", /it has no passwords/],
    ["one machine with three names", topology, "three-failure-domains", /on 1 machine/],
    ["a single sentinel", one, "quorum-is-a-majority", /it is one of 1 sentinels/],
    [
      "nodes that keep nothing",
      { ...topology, redis: { appendOnly: false } },
      "writes-are-kept",
      /redis-ha-node1: appendOnly is false/,
    ],
    [
      "a bastion whose key is not checked",
      { ...topology, ssh: { bastion: { address: "10.99.0.9", hostKey: "unchecked" } } },
      "host-keys-are-checked",
      /ssh\.bastion\.hostKey is unchecked/,
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { status, output } = await preview(config);
      assert.notEqual(status, 0, output);
      assert.match(output, new RegExp(`\\[mandatory\\] +${rule} `));
      assert.match(output, words);
    });
});
