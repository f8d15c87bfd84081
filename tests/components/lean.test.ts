import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { checkout } from "../support/project.ts";

/** @returns what a program says that begins as the stack's does. */
const said = (program: string, environment: NodeJS.ProcessEnv = {}): string =>
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
    { cwd: checkout, encoding: "utf8", env: { ...process.env, ...environment } },
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

it("the SDK's debug messages are sent where PULUMI_OPTION_DEBUG asks for them, all others always", () => {
  const program = `const { EngineClient } = createRequire(createRequire(${JSON.stringify(`${checkout}/index.ts`)})
  .resolve("@pulumi/pulumi"))("./proto/engine_grpc_pb");
const told = [];
EngineClient.prototype.log = (request, done) => { told.push(request.getMessage()); done(); };
pulumi.runtime.resetOptions("project", "stack", 1, "127.0.0.1:1", "127.0.0.1:1", false, "organization");
await pulumi.log.debug("debug");
await pulumi.log.info("info");
console.log(told.join());
process.exit();`;
  assert.equal(said(program), "info");
  assert.equal(said(program, { PULUMI_OPTION_DEBUG: "true" }), "debug,info");
});
