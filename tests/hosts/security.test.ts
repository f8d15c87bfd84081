import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { packageFile } from "../../packageFiles.cjs";
import { programNames, scriptSource, scriptText } from "../../scripts/bundle.ts";
import { possibleEdits } from "../../hosts/ssh/host.ts";
import { rootScripts } from "../../hosts/installation.ts";

// What docs/security.md says of root, and what there is.

const scripts = packageFile("scripts");
const text = readFileSync(packageFile("docs", "security.md"), "utf8");
const rows = new Map(
  [...text.matchAll(/^\| `([a-z/-]+\.sh)` \| (.*) \| (.*) \|$/gm)].map(
    ([, file = "", what = "", why = ""]) => [file, { what, why }],
  ),
);

/** The file that a program begins with. */
function fileOf(program: string): string {
  const first = scriptSource(program).slice(0, 200);
  const file = readdirSync(scripts, { recursive: true, encoding: "utf8" }).find(
    (each) =>
      each.endsWith(".sh") && readFileSync(`${scripts}/${each}`, "utf8").slice(0, 200) === first,
  );
  assert.ok(file, `${program} begins with no file`);
  return file;
}

describe("docs/security.md lists what runs as root", () => {
  it("every program that is installed where root keeps the settings, but for that which never does", () => {
    const wanted = [...rootScripts, ...possibleEdits, "look.sh", "install.sh", "packages.sh"];
    assert.ok(wanted.every((program) => programNames.includes(program)));
    const missing = wanted
      .filter((program) => program !== "lifecycle.sh")
      .map(fileOf)
      .filter((file) => !rows.has(file));
    assert.deepEqual(missing, []);
  });

  it("every file of scripts/root and of the edits, and none that is not there", () => {
    const list = (directory: string, recursive: boolean) =>
      readdirSync(`${scripts}/${directory}`, { recursive, encoding: "utf8" })
        .filter((file) => file.endsWith(".sh"))
        .map((file) => `${directory}/${file}`);
    const others = ["facts/on-machine.sh", "install.sh", "supervisor/main.sh"];
    assert.deepEqual(
      [...rows.keys()].sort(),
      [...list("root", true), ...list("edits", false), ...others].sort(),
    );
  });

  it("every action of machine.sh, with a reason each", () => {
    const cases = /^case \$action in\n([^]*?)^esac/m.exec(scriptText("machine.sh"))?.[1] ?? "";
    const actions = [...cases.matchAll(/^ {2}([a-z |]+)\)/gm)].flatMap(([, names = ""]) =>
      names.split(" | "),
    );
    assert.ok(actions.includes("prepare") && actions.includes("kill"), actions.join());
    const said = [...(rows.get("root/machine.sh")?.what ?? "").matchAll(/`([a-z]+)`/g)];
    assert.deepEqual(said.map(([, name]) => name).sort(), actions.sort());
    for (const [file, { why }] of rows) assert.ok(why.length > 5, file);
  });

  it("what a service runs as root, and who the servers run as", () => {
    const unit = readFileSync(`${scripts}/root/unit.sh`, "utf8");
    const asRoot = unit.split("\n").filter((line) => /^Exec[A-Za-z]*=[-@:!]*\+/.test(line));
    assert.deepEqual(asRoot, ["ExecStartPre=-+/bin/sh $here/host.sh again hosts-entries.sh"]);
    assert.match(unit, /^User=\$user$/m);
    assert.match(rows.get("edits/hosts-entries.sh")?.what ?? "", /before each start of a service/);
  });
});
