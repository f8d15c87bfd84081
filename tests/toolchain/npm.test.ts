import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packagesMissing } from "../../toolchain/npm.mjs";
import { scratch } from "./scratch.ts";

const A = { version: "1.0.0", integrity: "sha512-a" };
const OPTIONAL = { version: "2.0.0", optional: true };

function write(file: string, packages: object): void {
  writeFileSync(file, JSON.stringify({ packages }));
}

test("npm packages are missing until node_modules is what the lock file asks for", (t) => {
  const checkout = scratch(t);
  const lock = join(checkout, "package-lock.json");
  write(lock, { "": { name: "x" }, "node_modules/a": A, "node_modules/o": OPTIONAL });
  assert.equal(packagesMissing(checkout), true, "no node_modules");

  mkdirSync(join(checkout, "node_modules"));
  const installed = join(checkout, "node_modules", ".package-lock.json");
  write(installed, { "node_modules/a": { ...A, version: "0.9.0" } });
  assert.equal(packagesMissing(checkout), true, "another version");

  write(installed, { "node_modules/a": A });
  assert.equal(packagesMissing(checkout), false, "by hand, without the optional one");

  write(lock, { "": { name: "x" }, "node_modules/a": A, "node_modules/b": A });
  assert.equal(packagesMissing(checkout), true, "the lock has changed");
});
