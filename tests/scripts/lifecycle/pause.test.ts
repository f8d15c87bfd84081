import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";

const shells: [string, string[]][] = [
  ["dash", ["dash"]],
  ["busybox", ["busybox", "sh"]],
];
const line = "2026-11-28T00:00:00Z me@here it's $(date) `here` \\n\\033[2J";

for (const [name, [program = "", ...words]] of shells) {
  describe(
    `the mark of a pause (${name})`,
    { skip: spawnSync(program, [...words, "-c", "true"]).status !== 0 },
    () => {
      let root: string;
      beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "redis-ha-pause-"));
        assert.equal(install("one").status, 0);
      });
      afterEach(() => {
        rmSync(root, { recursive: true, force: true });
      });
      const here = () => join(root, "host");
      const mark = () => join(here(), ".paused");
      const sh = (text: string) =>
        spawnSync(program, [...words, "-s"], { input: text, encoding: "utf8" });
      const scripts = ["host.sh", "lifecycle.sh", "machine.sh", "shared.sh"];
      const install = (id: string, adopt = 0) =>
        sh(
          `here=${quote(here())}\nmark=${quote(`deployment ${id}\nproject p\nstack s\nname n`)}\nadopt=${adopt}\n${scriptText("install.sh")}${scripts.map((script) => `put ${script} ${quote(scriptText(script))}\n`).join("")}`,
        );
      const host = (input: string, ...args: string[]) =>
        spawnSync(program, [...words, join(here(), "host.sh"), ...args], {
          input,
          encoding: "utf8",
        });
      const look = (id: string) =>
        sh(
          `deployment=${id}\n${scriptText("look.sh")}look_instance node1 ${quote(join(here(), "node1"))} ${quote(join(here(), "lifecycle.sh"))}\n`,
        ).stdout;

      it("is kept as it is given, told by a look and on command, and gone with the end of the pause", () => {
        assert.equal(host("", "paused").stdout, "");
        assert.equal(look("one"), "");
        assert.equal(host(`${line}\n`, "pause").stdout, `${line}\n`);
        assert.equal(readFileSync(mark(), "utf8"), `${line}\n`);
        assert.deepEqual(
          readdirSync(here()).filter((each) => each.startsWith(".paused")),
          [".paused"],
        );
        assert.equal(host("", "paused").stdout, `${line}\n`);
        assert.equal(look("one"), `paused.node1 ${line}\n`);
        assert.equal(look("other"), "", "another deployment's is no matter of ours");
        assert.equal(host("", "resume").stdout, `${line}\n`);
        assert.ok(!existsSync(mark()));
        const twice = host("", "resume");
        assert.deepEqual([twice.status, twice.stdout], [0, ""]);
      });

      it("stays that of who came first, and takes one line without control characters", () => {
        host(`${line}\u001b[2J\u0007\nmore\n`, "pause");
        assert.equal(readFileSync(mark(), "utf8"), `${line}[2J\n`);
        assert.equal(host("2026-11-28T01:00:00Z you@there b\n", "pause").stdout, `${line}[2J\n`);
        host("", "resume");
        const empty = host("\n", "pause");
        assert.notEqual(empty.status, 0);
        assert.ok(!existsSync(mark()));
      });

      it("has every step refused that would change something, which says why, and nothing that ends it", () => {
        host(`${line}\n`, "pause");
        const directory = join(here(), "node1");
        const settings = "instance=i\nput parameters ''\n";
        for (const [what, ended] of [
          ["create", host(settings, "create", directory)],
          ["update", host(settings, "update", directory)],
          ["handover", host("", "handover", directory)],
          ["apply", host("A=1\n", "apply", "hosts-entries.sh", "x")],
          ["install", install("one")],
          ["members", host("", "members")],
          [
            "verify",
            (() => {
              mkdirSync(directory, { recursive: true });
              const needed =
                "kind name host address port server names nodes ask_limit ready_limit verify_limit";
              writeFileSync(
                join(directory, "parameters"),
                `cli=true\n${needed
                  .split(" ")
                  .map((each) => `${each}=1\n`)
                  .join("")}`,
              );
              const lifecycle = join(here(), "lifecycle.sh");
              return spawnSync(program, [...words, lifecycle, "verify", directory], {
                input: "verified x\n",
                encoding: "utf8",
              });
            })(),
          ],
        ] as const) {
          assert.equal(ended.status, 1, `${what}: ${ended.stderr}`);
          assert.match(
            ended.stderr,
            /paused since 2026-11-28T00:00:00Z by me@here: it's \$\(date\) `here` \\n\\033\[2J\. Nothing was done/,
            what,
          );
        }
        assert.match(host("", "retire", directory).stderr, /Nothing was done/);
        rmSync(directory, { recursive: true });
        assert.ok(!existsSync(`${directory}.lock`));
        assert.equal(host("", "uninstall").status, 0);
        assert.ok(!existsSync(here()));
      });

      it("is one whatever it is: what can't be read says that somebody meant something", () => {
        const meant: [string, () => void][] = [
          ["empty", () => writeFileSync(mark(), "")],
          ["a directory", () => mkdirSync(mark())],
          ["a link", () => symlinkSync("/etc/passwd", mark())],
          ["a FIFO", () => spawnSync("mkfifo", [mark()])],
        ];
        for (const [what, make] of meant) {
          make();
          const { stdout } = host("", "paused");
          assert.match(stdout, /^\? \? /, what);
          assert.doesNotMatch(stdout, /root:/, what);
          assert.equal(host("", "update", join(here(), "node1")).status, 1, what);
          assert.equal(host("", "resume").status, 0, what);
          assert.equal(host("", "paused").stdout, "", what);
        }
        assert.ok(existsSync("/etc/passwd"));
      });

      it("is the deployment's that made it: who takes the directory over is not paused", () => {
        host(`${line}\n`, "pause");
        assert.equal(install("two", 1).status, 0);
        assert.ok(!existsSync(mark()));
      });
    },
  );
}
