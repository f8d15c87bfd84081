import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pulumiEnvironment } from "../../toolchain/environment.mjs";
import { scratch } from "./scratch.ts";

function login(directory: string, current: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "credentials.json"), JSON.stringify({ current }));
}

test("without a choice stacks go into a private local directory, with a passphrase made once", (t) => {
  const home = scratch(t);
  const choices = { env: { HOME: home, PATH: "/bin" }, pulumiHome: join(home, "ph") };
  const first = pulumiEnvironment(choices);
  const state = join(home, ".local", "state", "pulumi-redis-ha");
  assert.equal(first.PULUMI_BACKEND_URL, `file://${state}/backend`);
  assert.equal(statSync(join(state, "backend")).mode & 0o777, 0o700);
  assert.equal(first.PULUMI_CONFIG_PASSPHRASE_FILE, join(state, "passphrase"));
  assert.equal(statSync(join(state, "passphrase")).mode & 0o777, 0o600);
  const passphrase = readFileSync(join(state, "passphrase"), "utf8");
  assert.ok(passphrase.trim().length >= 40);
  assert.deepEqual(pulumiEnvironment(choices), first);
  assert.equal(readFileSync(join(state, "passphrase"), "utf8"), passphrase);
});

test("XDG_STATE_HOME is where the state goes", (t) => {
  const state = scratch(t);
  const set = pulumiEnvironment({
    env: { HOME: "/nonexistent", XDG_STATE_HOME: state },
    pulumiHome: "/ph",
  });
  assert.equal(set.PULUMI_BACKEND_URL, `file://${state}/pulumi-redis-ha/backend`);
});

test("a directory name with spaces makes a valid URL", (t) => {
  const state = join(scratch(t), "with space");
  const set = pulumiEnvironment({
    env: { HOME: "/nonexistent", XDG_STATE_HOME: state },
    pulumiHome: "/ph",
  });
  assert.ok(set.PULUMI_BACKEND_URL?.endsWith("/with%20space/pulumi-redis-ha/backend"));
});

test("PATH begins with the engine, then the newer Node.js, then the npm packages", (t) => {
  const env = { HOME: scratch(t), PATH: "/usr/bin" };
  const path =
    pulumiEnvironment({ env, pulumiHome: "/ph", node: "/node/bin" }).PATH?.split(":") ?? [];
  assert.deepEqual(path.slice(0, 2), ["/ph/versions/3.259.0/bin", "/node/bin"]);
  assert.ok(path[2]?.endsWith("/node_modules/.bin"));
  assert.equal(path[3], "/usr/bin");
});

test("a backend in the environment stays, and one that is no local directory gets no passphrase of ours", (t) => {
  const home = scratch(t);
  const env = { HOME: home, PULUMI_BACKEND_URL: "s3://stacks" };
  const set = pulumiEnvironment({ env, pulumiHome: "/ph" });
  assert.equal(set.PULUMI_BACKEND_URL, "s3://stacks");
  assert.equal(set.PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
  assert.equal(existsSync(join(home, ".local")), false);
});

test("a login under PULUMI_HOME stays the choice", (t) => {
  const home = scratch(t);
  login(join(home, "ph"), "file:///srv/stacks");
  const set = pulumiEnvironment({ env: { HOME: home }, pulumiHome: join(home, "ph") });
  assert.equal(set.PULUMI_BACKEND_URL, undefined);
  assert.ok(set.PULUMI_CONFIG_PASSPHRASE_FILE);
});

test("a login in ~/.pulumi is carried to a PULUMI_HOME elsewhere, with its token", (t) => {
  const home = scratch(t);
  login(join(home, ".pulumi"), "https://cloud.example");
  const set = pulumiEnvironment({ env: { HOME: home }, pulumiHome: join(home, "ph") });
  assert.equal(set.PULUMI_BACKEND_URL, "https://cloud.example");
  assert.equal(set.PULUMI_CREDENTIALS_PATH, join(home, ".pulumi"));
  assert.equal(set.PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
});

test("a login that was ended, or a damaged record of it, is no choice", (t) => {
  const home = scratch(t);
  login(join(home, ".pulumi"), "");
  const choices = { env: { HOME: home }, pulumiHome: join(home, "ph") };
  assert.ok(pulumiEnvironment(choices).PULUMI_BACKEND_URL?.startsWith("file://"));
  writeFileSync(join(home, ".pulumi", "credentials.json"), "{");
  assert.ok(pulumiEnvironment(choices).PULUMI_BACKEND_URL?.startsWith("file://"));
});

test("an access token is a choice of Pulumi's own service", (t) => {
  const set = pulumiEnvironment({
    env: { HOME: scratch(t), PULUMI_ACCESS_TOKEN: "pul-x" },
    pulumiHome: "/ph",
  });
  assert.equal(set.PULUMI_BACKEND_URL, undefined);
});

test("a passphrase in the environment stays, even an empty one", (t) => {
  for (const chosen of [
    { PULUMI_CONFIG_PASSPHRASE: "" },
    { PULUMI_CONFIG_PASSPHRASE_FILE: "/mine" },
  ]) {
    const home = scratch(t);
    const set = pulumiEnvironment({ env: { HOME: home, ...chosen }, pulumiHome: "/ph" });
    assert.equal(set.PULUMI_CONFIG_PASSPHRASE_FILE, undefined);
    assert.equal(existsSync(join(home, ".local/state/pulumi-redis-ha/passphrase")), false);
  }
});
