import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { assignments, puts, quote } from "../../hosts/shell.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";

// What the stack says in shell text is read back as it was by every shell that it may meet.

const shells = [
  ["dash", ["dash"]],
  ["busybox", ["busybox", "sh"]],
  ["bash", ["bash"]],
  ["bash, told to be sh, in UTF-8", ["env", "LC_ALL=C.UTF-8", "bash", "--posix"]],
] as const;

/** What the shell prints, in parts that end with NUL. */
function said(command: readonly string[], input: string): string[] {
  const [program = "", ...args] = command;
  const out = execFileSync(program, args, { input, maxBuffer: 2 ** 28, encoding: "utf8" });
  return out.split("\0").slice(0, -1);
}

const tell = "printf '%s\\000'";

for (const [name, command] of shells) {
  describe(name, () => {
    it("reads a quoted word, alone and in a longer one, as it was", async (t) => {
      await forAll(t, { always: hostileTexts, short: 300, together: 200 }, text, (texts) => {
        const words = texts.map((each) => `${tell} ${quote(each)} a${quote(each)}b\n`);
        assert.deepEqual(
          said(command, words.join("")),
          texts.flatMap((each) => [each, `a${each}b`]),
        );
      });
    });

    it("reads a command that is quoted in a command, as sudo, docker and ssh are given it", async (t) => {
      await forAll(t, { always: hostileTexts, short: 200, together: 200 }, text, (texts) => {
        const words = texts.map((each) => `eval ${quote(`${tell} ${quote(each)}`)}\n`);
        assert.deepEqual(said(command, words.join("")), texts);
      });
    });

    it("reads assignments, of lists, too", async (t) => {
      const given = fc.record({ x: text, y: fc.array(text, { maxLength: 4 }), z: fc.boolean() });
      await forAll(t, { short: 200, together: 100 }, given, (inputs) => {
        const program = inputs.map((each) => `${assignments(each)}${tell} "$x" "$y" "$z"\n`);
        assert.deepEqual(
          said(command, program.join("")),
          inputs.flatMap(({ x, y, z }) => [x, y.join("\n"), z ? "1" : "0"]),
        );
      });
    });

    it("reads files that are to be put", async (t) => {
      await forAll(t, { always: hostileTexts, short: 200, together: 100 }, text, (texts) => {
        const program = texts.map((each) => puts({ "settings.conf": each }));
        assert.deepEqual(
          said(command, `put() { ${tell} "$1" "$2"; }\n${program.join("")}`),
          texts.flatMap((each) => ["settings.conf", each]),
        );
      });
    });
  });
}
