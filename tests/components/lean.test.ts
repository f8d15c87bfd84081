import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { checkout } from "../support/project.ts";

/** @returns what a program says that begins as the stack's does. */
const said = (program: string): string =>
  execFileSync(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `Error.prepareStackTrace = () => "translated";
await import(${JSON.stringify(`${checkout}/start/lean.mjs`)});
const pulumi = (await import("@pulumi/pulumi")).default;
const { createRequire } = await import("node:module");
const loaded = () => Object.keys(createRequire(${JSON.stringify(`${checkout}/index.ts`)}).cache)
  .filter((file) => /arborist.lib.node|spdx-correct|automation.server/.test(file)).length;
${program}`,
    ],
    { cwd: checkout, encoding: "utf8" },
  ).trim();

it("the SDK is loaded without what the stack does not use, and stack traces are not translated", () => {
  assert.equal(said("console.log(loaded(), new Error().stack !== 'translated')"), "0 true");
});

it("all of the SDK is there where it is asked for", () => {
  assert.equal(
    said(`const paths = await pulumi.runtime.computeCodePaths();
console.log(typeof pulumi.automation.LocalWorkspace.create, paths.size > 0, loaded() > 2)`),
    "function true true",
  );
});
