import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "./paths.mjs";

// npm run build: dist/, what is published of the sources.
const dist = join(CHECKOUT, "dist");
rmSync(dist, { recursive: true, force: true });
execFileSync(
  join(CHECKOUT, "node_modules", ".bin", "tsc"),
  ["-p", join(CHECKOUT, "tsconfig.build.json")],
  { stdio: "inherit" },
);
// The package's own "type" is that of its sources.
writeFileSync(join(dist, "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
for (const file of globSync("**/*.d.{ts,cts}", { cwd: dist })) {
  writeFileSync(join(dist, file), published(readFileSync(join(dist, file), "utf8")));
}

/**
 * The compiler leaves declarations with the sources' names, which only newer compilers than that of
 * Pulumi's SDK (3.8) find.
 * @param {string} declarations
 * @returns {string} the same with the built files' names, and without `type` in front of single
 * names, newer than that compiler
 */
function published(declarations) {
  return declarations
    .replaceAll(/(\bfrom |\bimport\()"(\.[^"]*)\.ts"/g, '$1"$2.js"')
    .replaceAll(
      /^((?:import|export) \{)([^}]*)\}/gm,
      (_, opening, names) => `${opening}${names.replaceAll(/\btype (?=\w)/g, "")}}`,
    );
}
