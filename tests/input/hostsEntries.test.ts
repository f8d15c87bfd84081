import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { before, it } from "node:test";
import fc from "fast-check";
import { isUnicast } from "../../hosts/address.ts";
import { isHostName } from "../../hosts/names.ts";
import { run, shells } from "../support/editShells.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";

// What the C library finds in a hosts file that we have edited: our names, and everybody else's as
// before.

/** The sandbox's own, which is the one that the C library reads. */
const file = "/etc/hosts";

before(() => {
  assert.ok(process.env.SANDBOX, "/etc/hosts is changed");
});

/** A few, so that they meet. */
const someName = fc.constantFrom(
  "redis1",
  "redis2",
  "REDIS1",
  "a",
  "b-1",
  "c.example",
  "localhost",
);
const hostName = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom("redis1", "redis2", "redis3") },
    { weight: 2, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9](\.[a-z0-9]{1,5})?$/) },
    text,
  )
  .filter(isHostName);
const address = fc
  .oneof(
    fc.constantFrom("127.0.0.1", "10.0.0.1", "10.0.0.2"),
    fc.tuple(...Array<fc.Arbitrary<number>>(4).fill(fc.nat(255))).map((each) => each.join(".")),
  )
  .filter(isUnicast);

const theirLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("", " ", "\t"),
      fc.constantFrom("127.0.0.1", "127.0.1.1", "10.0.0.1", "10.9.9.9", "::1", "fe80::1%lo", "x"),
      fc.constantFrom(" ", "\t", "  ", "\v", "\r"),
      fc.array(someName, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("", " # c", "#redis1", " #", " "),
    )
    .map(([indent, at, gap, names, comment]) => `${indent}${at}${gap}${names.join(gap)}${comment}`),
  fc.constantFrom("", "# 10.0.0.1 redis1", "#", "# BEGIN ANSIBLE MANAGED BLOCK"),
  fc.constant("# BEGIN p/other (Pulumi; do not edit)\n10.0.0.7 other\n# END p/other"),
  text,
);
const theirs = fc
  .tuple(fc.array(theirLine, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, end, ended]) => lines.join(end) + (ended && lines.length > 0 ? end : ""));

/** Whom these names stand for, in their order. */
function found(...names: string[]): string[] {
  const { stdout } = spawnSync("getent", ["-s", "hosts:files", "hosts", ...names], {
    encoding: "utf8",
  });
  // What else is in the line is not read again for each name, and may be of the one before.
  return stdout.split("\n").flatMap((line) => line.split(/\s+/)[0] || []);
}

/** With the same address in two lines, it is said twice. */
const unique = (name: string) => [...new Set(found(name))];

const others = ["a", "b-1", "c.example", "other", "localhost"];

it("the C library finds our names, and theirs as before; without our block every byte is as it was", async (t) => {
  const given = fc.record({
    theirs,
    entries: fc
      .dictionary(hostName, address, { minKeys: 1, maxKeys: 3 })
      .filter(
        (each) =>
          new Set(Object.keys(each).map((name) => name.toLowerCase())).size ===
          Object.keys(each).length,
      ),
  });
  const entries = { redis1: "10.0.0.1" };
  const always = Array.from({ length: 8 }, (_, part) => ({
    theirs: hostileTexts.filter((_, index) => index % 8 === part).join("\n"),
    entries,
  }));
  let turn = 0;
  let refused = 0;
  const original = readFileSync(file);
  try {
    await forAll(t, { always, short: 60, together: 10 }, given, async (inputs) => {
      for (const { theirs: content, entries } of inputs) {
        const shell = shells[turn++ % shells.length];
        assert.ok(shell);
        writeFileSync(file, content);
        const before = readFileSync(file);
        const names = Object.keys(entries);
        const elsewhere = () => found(...others.filter((each) => !names.includes(each)));
        const [was, own] = [elsewhere(), names.map(unique)];
        const settings = {
          FILE: file,
          OWNER: "p/s/redis-ha",
          ENTRIES: Object.entries(entries)
            .map((pair) => pair.reverse().join(" "))
            .join("\n"),
        };
        const { status, err } = await run(shell, "hosts-entries.sh", "apply", settings);
        if (status !== 0) {
          refused++;
          assert.equal(status, 1);
          assert.match(err, /^[ -~\n]*$/, "what is said of it can be shown");
          assert.ok(before.equals(readFileSync(file)));
          // Only what would make our names void, or what is no line of a hosts file.
          const void_ = names.some((name, index) =>
            own[index]?.some((each) => each !== entries[name]),
          );
          assert.ok(
            void_ || err.includes(' is already mapped to "') || err.includes("# END "),
            err,
          );
          continue;
        }
        assert.deepEqual(
          names.map(unique),
          names.map((name) => [entries[name]]),
        );
        assert.deepEqual(elsewhere(), was);
        const removal = await run(shell, "hosts-entries.sh", "remove", settings);
        assert.deepEqual([removal.status, removal.err], [0, ""]);
        assert.ok(before.equals(readFileSync(file)), "as it was before");
      }
    });
  } finally {
    writeFileSync(file, original);
  }
  t.diagnostic(`${refused} of ${turn} were refused`);
});

it("no text that is no name and no address becomes a line of the file", async (t) => {
  const given = fc.record({ name: text, address: fc.oneof(address, text) });
  let turn = 0;
  const original = readFileSync(file);
  try {
    writeFileSync(file, "127.0.0.1 localhost\n");
    await forAll(t, { short: 40, together: 10 }, given, async (inputs) => {
      for (const { name, address: at } of inputs) {
        const shell = shells[turn++ % shells.length];
        assert.ok(shell);
        const settings = { FILE: file, OWNER: "p/s/redis-ha", ENTRIES: `${at} ${name}` };
        const { status, err } = await run(shell, "hosts-entries.sh", "apply", settings);
        const isLine =
          /^\s*[0-9A-Fa-f.:]+(%[A-Za-z0-9]+)?$/.test(at) &&
          name
            .split(/[ \t\n]+/)
            .every((each) => each === "" || /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(each));
        if (!isLine) {
          assert.equal(status, 1, JSON.stringify(settings));
          assert.match(err, /^[ -~\n]*$/);
        } else if (status === 0) await run(shell, "hosts-entries.sh", "remove", settings);
        assert.equal(readFileSync(file, "utf8"), "127.0.0.1 localhost\n");
      }
    });
  } finally {
    writeFileSync(file, original);
  }
});
