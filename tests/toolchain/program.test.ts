import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { checkout } from "../support/project.ts";

describe("the stack's program, built", () => {
  let directory: string;
  const path = (...names: string[]) => join(directory, ...names);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "redis-ha-program-"));
    for (const file of ["start/built.mjs", "toolchain/program.mjs"])
      cpSync(join(checkout, file), path(file));
    symlinkSync(join(checkout, "node_modules"), path("node_modules"));
    writeFileSync(path("package.json"), '{ "type": "module" }');
    mkdirSync(path("parts"));
    writeFileSync(
      path("index.ts"),
      `import { join } from "node:path";
import { part } from "./parts/part.ts";
export const value: string = join(part, typeof require === "function" ? "built" : "source");\n`,
    );
    writeFileSync(path("parts", "part.ts"), `export { deep as part } from "./deep.ts";\n`);
    writeFileSync(path("parts", "deep.ts"), `export const deep: string = "one";\n`);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const run = (module: string, program: string): string =>
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `const its = await import(${JSON.stringify(path(module))}); ${program}`,
      ],
      { encoding: "utf8" },
    ).trim();
  const value = () => run("start/built.mjs", "console.log((await its.runProgram()).value)");
  const build = () => run("toolchain/program.mjs", "await its.buildProgram()");

  it("is run where it was built of the sources as they are, else they are", () => {
    assert.equal(value(), "one/source");
    build();
    assert.equal(value(), "one/built");
    // As many bytes, and the same time.
    const { atime, mtime } = statSync(path("parts", "deep.ts"));
    writeFileSync(path("parts", "deep.ts"), `export const deep: string = "two";\n`);
    utimesSync(path("parts", "deep.ts"), atime, mtime);
    assert.equal(value(), "two/source");
    build();
    assert.equal(value(), "two/built");
    writeFileSync(path("parts", "part.ts"), `export const part = "three";\n`);
    rmSync(path("parts", "deep.ts"));
    assert.equal(value(), "three/source");
  });

  it("is never another than that of its record, whoever builds at the same time", () => {
    build();
    const before = readFileSync(path(".built", "node_modules", "record.json"));
    writeFileSync(path("parts", "deep.ts"), `export const deep: string = "two";\n`);
    build();
    writeFileSync(path(".built", "node_modules", "record.json"), before);
    assert.equal(value(), "two/source");
    rmSync(path(".built"), { recursive: true });
    writeFileSync(path(".built"), "nothing can be made here");
    assert.throws(build);
    assert.equal(value(), "two/source");
  });
});
