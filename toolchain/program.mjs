import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { builtDirectory, builtProgram, checkout, recordFile, stateOf } from "../start/built.mjs";

/**
 * Makes one file of JavaScript of the stack's program, if there is none of its sources as they are:
 * Node.js keeps what it has compiled of JavaScript, and strips the types of a hundred files anew
 * each time. Without it the sources run.
 */
export async function buildProgram() {
  if (builtProgram()) return;
  const ts = (await import("typescript")).default;
  /** @type {Record<string, string>} */
  const sources = { "toolchain/program.mjs": stateOf(join(checkout, "toolchain", "program.mjs")) };
  /** @type {string[]} */
  const modules = [];
  const add = (/** @type {string} */ file) => {
    // Before it is read: what is written meanwhile makes what is built outdated.
    sources[file] = stateOf(join(checkout, file));
    const text = readFileSync(join(checkout, file), "utf8");
    const { outputText } = file.endsWith(".cjs")
      ? { outputText: text }
      : ts.transpileModule(text, {
          fileName: file,
          compilerOptions: {
            target: ts.ScriptTarget.ES2023,
            module: ts.ModuleKind.CommonJS,
            esModuleInterop: true,
            removeComments: true,
          },
        });
    modules.push(
      `${JSON.stringify(file)}(exports, require, module, __filename, __dirname) {${outputText}\n}`,
    );
    for (const [, name = ""] of outputText.matchAll(/\brequire\("(\.[^"]+)"\)/g)) {
      const other = posix.join(dirname(file), name);
      if (!(other in sources)) add(other);
    }
  };
  add("index.ts");
  const text = loader.replace("MODULES", () => modules.join(",\n"));
  const program = `${createHash("sha256").update(text).digest("hex").slice(0, 16)}.cjs`;
  mkdirSync(builtDirectory, { recursive: true });
  for (const old of readdirSync(builtDirectory).map((name) => join(builtDirectory, name)))
    if (Date.now() - statSync(old).mtimeMs > oldAfter) rmSync(old, { force: true });
  // Whoever reads the record has the program that it names, whoever else builds meanwhile.
  replace(join(builtDirectory, program), text);
  replace(recordFile, JSON.stringify({ program, sources }));
}

/** ms after which nobody is about to run what was built of other sources. */
const oldAfter = 3_600_000;

/** What stands around the modules, each of which is a function. */
const loader = `"use strict";
const { createRequire } = require("node:module");
const { join, posix } = require("node:path");
const checkout = join(__dirname, "..", "..");
const modules = {
MODULES
};
const loaded = {};
function run(file) {
  if (loaded[file]) return loaded[file].exports;
  const module = (loaded[file] = { exports: {} });
  const path = join(checkout, file);
  const packages = createRequire(path);
  const use = (name) =>
    name.startsWith(".") ? run(posix.join(posix.dirname(file), name)) : packages(name);
  modules[file](module.exports, use, module, path, join(path, ".."));
  return module.exports;
}
module.exports = run("index.ts");
`;

/**
 * @param {string} file
 * @param {string} text
 */
function replace(file, text) {
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}
