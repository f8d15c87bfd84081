import assert from "node:assert/strict";
import { test } from "node:test";
import { installScript, MANAGERS } from "../../toolchain/managers.mjs";
import { byHand, REQUIREMENTS } from "../../toolchain/packages.mjs";

test("without the rights the message has the exact command", () => {
  const { command } = installScript("dnf", ["redis", "ShellCheck"]);
  assert.match(byHand("a Redis or Valkey server", command), /\n {2}sudo dnf install -y redis ShellCheck$/);
});

test("on Debian the service is kept from starting, with a policy that is removed again", () => {
  const { whole, command, note } = installScript("apt", ["redis-server"]);
  assert.match(whole, /exit 101/);
  assert.match(whole, /trap 'rm -f "\$policy"' EXIT/);
  assert.match(whole, /systemctl disable redis-server/);
  assert.match(command, /^sudo sh -c 'apt-get update && apt-get install -y .* redis-server'\n/);
  assert.ok(note);
});

test("packages without a service need no policy", () => {
  assert.doesNotMatch(installScript("apt", ["shellcheck"]).whole, /policy/);
});

test("every requirement has packages for every package manager", () => {
  for (const requirement of Object.values(REQUIREMENTS).flat()) {
    for (const manager of MANAGERS) assert.ok(requirement.packages[manager].length, `${requirement.what}, ${manager}`);
  }
});
