import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CHECKOUT, TOOLCHAIN } from "../../toolchain/paths.mjs";
import { PIECES } from "../../toolchain/pieces.mjs";
import { choosePulumiHome, missingPieces } from "../../toolchain/pulumi.mjs";
import { writeStamp } from "../../toolchain/stamps.mjs";
import { program, scratch } from "./scratch.ts";

const complete = (home: string) => PIECES.map((piece) => program(join(home, piece.file)));
const names = (home: string, ...needs: string[]) =>
  missingPieces(home, needs).map((piece) => piece.name);

/** As if the program that the stamp belongs to had been built from other sources. */
function makeOlder(stamp: string): void {
  writeFileSync(stamp, readFileSync(stamp, "utf8").replace(/"sources":"\w+"/, '"sources":"older"'));
}

test("PULUMI_HOME is used wherever it is", () => {
  assert.equal(choosePulumiHome({ HOME: "/h", PULUMI_HOME: "/elsewhere" }), "/elsewhere");
});

test("~/.pulumi is used only if it has everything", (t) => {
  const home = scratch(t);
  assert.equal(choosePulumiHome({ HOME: home }), join(home, ".cache/pulumi-redis-ha/pulumi-home"));
  complete(join(home, ".pulumi"));
  assert.equal(choosePulumiHome({ HOME: home }), join(home, ".pulumi"));
});

test("all pieces are missing in an empty home, none in a complete one", (t) => {
  const home = scratch(t);
  assert.deepEqual(names(home), ["engine", "language host", "command plugin"]);
  complete(home);
  assert.deepEqual(names(home), []);
});

test("the docker plugin and the language host for YAML are missing only where they are needed", (t) => {
  const home = scratch(t);
  PIECES.filter((piece) => !piece.onlyFor).forEach((piece) => program(join(home, piece.file)));
  assert.deepEqual([names(home), names(home, "redis", "ssh")], [[], []]);
  assert.deepEqual(
    [names(home, "docker"), names(home, "redis", "tests")],
    [["docker plugin"], ["docker plugin", "language host for YAML"]],
  );
});

test("the plugins are those of the npm packages", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(CHECKOUT, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const plugins = PIECES.flatMap(({ plugin, sources }) => (plugin ? [{ ...plugin, sources }] : []));
  assert.deepEqual(
    plugins.map(({ name, version }) => [name, version]),
    plugins.map(({ name }) => [name, devDependencies[`@pulumi/${name}`]]),
  );
  for (const { version, sources } of plugins)
    assert.match(
      readFileSync(join(TOOLCHAIN, sources, "main.go"), "utf8"),
      new RegExp(`"${version}"`),
    );
});

test("an empty file is no program", (t) => {
  const home = scratch(t);
  const files = complete(home);
  writeFileSync(files[0] ?? "", "");
  assert.deepEqual(names(home), ["engine"]);
});

test("what we built from other sources is built again", (t) => {
  const home = scratch(t);
  const [engine] = complete(home);
  assert.ok(engine && PIECES[0]);
  writeStamp(PIECES[0], engine);
  assert.deepEqual(names(home), []);
  makeOlder(`${engine}.built-from`);
  assert.deepEqual(names(home), ["engine"]);
});

test("an official program in the place of one that we built is never replaced", (t) => {
  const home = scratch(t);
  const plugin = complete(home)[2];
  assert.ok(plugin && PIECES[2]);
  writeStamp(PIECES[2], plugin);
  makeOlder(`${plugin}.built-from`);
  program(plugin, "echo official");
  assert.deepEqual(names(home), []);
});
