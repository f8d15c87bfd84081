import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assignments, puts, quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";
import { bytes, newDirectory, shells } from "../../support/editShells.ts";

for (const { name, command, path } of shells) {
  const [shell = "", ...words] = command;
  const sh = (args: string[], input: string) => {
    const { status, stdout, stderr } = spawnSync(shell, [...words, ...args], {
      input,
      encoding: "utf8",
      env: { PATH: path },
    });
    return { status, said: stdout + stderr };
  };

  describe(`edits of a machine, ${name}`, () => {
    /** A machine's directory with the scripts in it, and two hosts files. */
    const setUp = () => {
      const here = join(newDirectory(), "stack", "host");
      const scripts = Object.fromEntries(
        ["host.sh", "hosts-entries.sh"].map((each) => [each, scriptText(each)]),
      );
      assert.deepEqual(
        sh(
          ["-s"],
          `here=${quote(here)}\nmark='deployment one'\n${scriptText("install.sh")}${puts(scripts)}`,
        ),
        {
          status: 0,
          said: "",
        },
      );
      const files = ["one", "two"].map((each) => {
        const file = join(newDirectory(), each);
        writeFileSync(file, "127.0.0.1 localhost\n");
        return file;
      });
      const settings = (FILE: string, OWNER = "prh/dev") =>
        assignments({ FILE, OWNER, ENTRIES: "127.0.0.1 redis1", INSTANCE: "i1" });
      const host =
        (...args: string[]) =>
        (input: string) =>
          sh([join(here, "host.sh"), ...args], input);
      return {
        here,
        files,
        settings,
        apply: host("apply", "hosts-entries.sh", "e"),
        remove: host("remove", "hosts-entries.sh", "e"),
        host,
      };
    };
    const isIn = (file = "", owner = "prh/dev") => bytes(file).includes(`# END ${owner}\n`);

    it("another file, or another owner, is another edit: the former is taken back", () => {
      const { files, settings, apply, remove } = setUp();
      const [one = "", two = ""] = files;
      assert.equal(apply(settings(one)).status, 0);
      assert.equal(apply(settings(two)).status, 0);
      assert.deepEqual([isIn(one), isIn(two)], [false, true]);
      assert.equal(apply(settings(two, "prh/renamed")).status, 0);
      assert.deepEqual([isIn(two), isIn(two, "prh/renamed")], [false, true]);
      // What is refused leaves the former as it is.
      assert.equal(apply(settings("/nowhere/hosts")).status, 1);
      assert.ok(isIn(two, "prh/renamed"));
      assert.equal(remove("").status, 0);
      for (const file of files) assert.equal(bytes(file), "127.0.0.1 localhost\n");
    });

    it("killed at any step: the next one converges, and uninstall leaves nothing", () => {
      for (const next of ["apply", "remove", "uninstall"] as const) {
        let [step, killed] = [0, true];
        while (killed) {
          step++;
          const { here, files, settings, apply, remove, host } = setUp();
          const [one = "", two = ""] = files;
          assert.equal(apply(settings(one)).status, 0);
          const killing = ["mv", "rm", "mkdir", "sh"].map(
            (each) =>
              `${each}() { echo x >>${here}.steps; [ "$(wc -l <${here}.steps)" -ne ${step} ] || kill -9 $$; command ${each} "$@"; }\n`,
          );
          const text = scriptText("host.sh").replace(
            "set -u\n",
            () => `set -u\n${killing.join("")}`,
          );
          writeFileSync(join(here, "host.sh"), text);
          killed = apply(settings(two)).status === null;
          writeFileSync(join(here, "host.sh"), scriptText("host.sh"));
          const { status, said } =
            next === "apply"
              ? apply(settings(two))
              : next === "remove"
                ? remove("")
                : host("uninstall")("");
          assert.equal(status, 0, `step ${step}: ${said}`);
          assert.deepEqual(
            [isIn(one), isIn(two)],
            [false, next === "apply"],
            `killed at step ${step}, then ${next}`,
          );
          if (next === "uninstall") assert.ok(!existsSync(here));
        }
        assert.ok(step > 3);
      }
    });

    it("an answer that is none stops it, and the look says so", () => {
      const { here, files, settings, apply } = setUp();
      const [one = ""] = files;
      const kept = join(here, "edits", "hosts-entries.sh", "e");
      const look = (script: string, seconds = 60) =>
        sh(
          ["-s", "e", script, settings(one), kept, String(seconds)],
          `${scriptText("look.sh")}look_edit "$@"\n`,
        ).said;
      assert.equal(look(scriptText("hosts-entries.sh")), "");
      assert.equal(apply(settings(one)).status, 0);
      assert.equal(look(scriptText("hosts-entries.sh")), "edited.e i1\n");
      const changed = readFileSync(one, "utf8").replace("127.0.0.1 redis1\n", "");
      writeFileSync(one, changed);
      assert.equal(look(scriptText("hosts-entries.sh")), "");
      writeFileSync(one, `10.0.0.1 redis1\n${changed}`);
      assert.match(
        look(scriptText("hosts-entries.sh")),
        /^refused\.e hosts-entries\.sh: .*line 1: redis1 is already mapped/,
      );
      assert.match(
        look("echo worse >&2; kill -9 $$"),
        /^refused\.e the check ended with status 137, which is no answer: worse/,
      );
      assert.match(
        look("nosuchprogram"),
        /^refused\.e the check ended with status 127, which is no answer: .*not found/,
      );
      assert.match(look("exit 1"), /^refused\.e the check gives no reason\n/);
      assert.match(look("sleep 1000", 1), /^refused\.e the check has not ended within 1 s/);
      assert.equal(
        look("echo 'warning: w1'; echo said; echo 'warning: w2'; exit 3"),
        "warned.e w1\u001fw2\u001f\n",
      );
      assert.equal(look("printf 'bad\\033[2J' >&2; exit 1"), "refused.e bad?[2J\u001f\n");

      writeFileSync(join(here, "hosts-entries.sh"), "exit 5\n");
      const { status, said } = apply(settings(one));
      assert.equal(status, 1);
      assert.match(said, /hosts-entries\.sh ended with status 5, which is no answer/);
    });
  });
}
