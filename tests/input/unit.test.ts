import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nameProblems } from "../../hosts/names.ts";
import { isUser, sshDirectoryProblems } from "../../hosts/ssh/args.ts";
import { assignments } from "../../hosts/shell.ts";
import { newDirectory } from "../support/editShells.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";
import { inShell, shells } from "../support/shell.ts";

// What systemd makes of the units that root writes. systemd-analyze needs no systemd that runs.

const found = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" });
const skip =
  found.status === 0 ? false : "there is no systemd-analyze here (Debian: apt-get install systemd)";

const name = fc
  .oneof(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/), text)
  .filter((each) => nameProblems("name", each).length === 0);
const directory = fc
  .oneof(fc.stringMatching(/^(\/[A-Za-z0-9._-]{1,12}){1,6}$/), text)
  .filter((each) => sshDirectoryProblems("directory", each).length === 0)
  // As a host's directory is put together.
  .map((each) => join(each, "redis1"));
const user = fc
  .oneof(fc.stringMatching(/^[a-z_][a-z0-9_-]{0,30}$/), text)
  .filter((each) => isUser(each));

describe("the unit of a process", { skip }, () => {
  it("is one that systemd takes without a word, and says what was meant", async (t) => {
    const given = fc.record({
      unit: name,
      name,
      here: directory,
      user,
      stop_seconds: fc.integer({ min: 1, max: 86_400 }),
    });
    await forAll(t, { short: 300, together: 200 }, given, (inputs) => {
      const at = newDirectory();
      const program = inputs.map(
        (each) =>
          `${assignments({ ...each, own: `${each.here}/processes/${each.name}`, directory: `${each.here}/settings/${each.name}` })}unit_text\necho =\n`,
      );
      const said = inShell(
        shells[0] ?? [],
        ["root/unit.sh"],
        `usable_hardening() { printf '%s\\n' "$hardening"; }\n${program.join("")}`,
        "",
      ).join("\n");
      const units = said.split("\n=").slice(0, -1);
      assert.equal(units.length, inputs.length);
      const files = units.map((unit, index) => {
        const file = join(at, `u${index}.service`);
        writeFileSync(file, unit.replace(/^\n/, "") + "\n");
        return file;
      });
      try {
        const { status, stdout, stderr } = spawnSync(
          "systemd-analyze",
          ["verify", "--recursive-errors=no", ...files],
          { encoding: "utf8" },
        );
        // What the machine's own units are blamed for, is none of ours.
        const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes(at));
        assert.deepEqual([ours, status], [[], 0]);
        for (const [index, file] of files.entries()) {
          const input = inputs[index];
          assert.ok(input);
          const settings = new Map(
            readFileSync(file, "utf8")
              .split("\n")
              .filter((line) => /^[A-Z]/.test(line))
              .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
          );
          assert.deepEqual(
            ["User", "ExecStart", "ReadWritePaths", "TimeoutStopSec"].map((each) =>
              settings.get(each),
            ),
            [
              input.user,
              `/bin/sh ${input.here}/host.sh supervise ${input.here}/processes/${input.name} ${input.here}/settings/${input.name}`,
              `${input.here}/processes`,
              String(input.stop_seconds),
            ],
          );
        }
      } finally {
        rmSync(at, { recursive: true });
      }
    });
  });

  it("is refused by systemd where something is wrong with it, so that silence says something", () => {
    const at = newDirectory();
    const file = join(at, "x.service");
    writeFileSync(file, "[Service]\nExecStart=/bin/sh -c x\nReadWritePaths=a\nNoSuch=1\n");
    const { stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    assert.match(stderr, /Unknown key/);
  });
});

describe("what ends in a unit", () => {
  it("holds nothing that systemd reads as more than itself", () => {
    const special = /[\s"'\\%$@+!;#-]/;
    const directories = hostileTexts.filter((each) => sshDirectoryProblems("", each).length === 0);
    const users = hostileTexts.filter(isUser);
    const names = hostileTexts.filter((each) => nameProblems("", each).length === 0);
    assert.deepEqual(
      [...directories, ...users].filter((each) => special.test(each)),
      [],
    );
    assert.deepEqual(
      names.filter((each) => !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(each)),
      [],
    );
  });
});
