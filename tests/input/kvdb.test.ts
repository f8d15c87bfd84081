import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import fc from "fast-check";
import { masterNameProblems } from "../../components/redis/topology.ts";
import { kvdbValues } from "../../components/zato/kvdbConfig.ts";
import { isHostName } from "../../hosts/names.ts";
import { render } from "../../templates/render.ts";
import { compareWithConfigObj, type Comparison } from "../support/configobj.ts";
import { bytes, inPairs, newDirectory, run, shells } from "../support/editShells.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";

// What Zato's own reader finds in a server.conf that we have edited, or in the stanza that people
// copy.

const theirs = `[main]
name = "a, b" # c
[kvdb]
host=
port = 1 # c
password=zato+secret://a.b
[odb]
password=p
`;

/** What is wanted is a line for each key. */
const oneLine = (each: string) => each.replaceAll("\n", " ");

it("a value is refused, or read back as it was asked for, and nothing else changes", async (t) => {
  const value = fc
    .oneof(
      text,
      fc
        .array(
          fc.constantFrom("a", '"', "'", ",", " ", "#", "\t", "=", '"""', "'''", "\\", "%(a)s"),
          {
            maxLength: 8,
          },
        )
        .map((each) => each.join("")),
    )
    .map(oneLine);
  let accepted = 0;
  let turn = 0;
  await forAll(
    t,
    { always: hostileTexts.map(oneLine), short: 100, together: 20 },
    value,
    async (values) => {
      const comparisons: Comparison[] = [];
      await inPairs(values, async (each) => {
        const shell = shells[turn++ % shells.length];
        assert.ok(shell);
        const here = newDirectory();
        const [before, after] = [join(here, "before"), join(here, "server.conf")];
        for (const file of [before, after]) writeFileSync(file, theirs);
        const settings = { FILE: after, STORE: join(here, "store"), WANTED: `x=${each}` };
        const { status, err } = await run(shell, "kvdb.sh", "apply", settings);
        if (status !== 0) {
          assert.equal(status, 1, err);
          assert.match(err, /^[ -~\n]+$/);
          assert.equal(bytes(after), theirs, JSON.stringify(each));
          return;
        }
        accepted++;
        const name = JSON.stringify(each);
        comparisons.push({ name, before, after, stanza: "kvdb", wanted: { x: each } });
      });
      assert.deepEqual(compareWithConfigObj(comparisons), []);
    },
  );
  assert.ok(accepted > 20, `${accepted} were accepted`);
});

const hostName = fc
  .oneof(fc.stringMatching(/^[A-Za-z0-9_]([A-Za-z0-9_-]{0,10}[A-Za-z0-9_])?$/), text)
  .filter(isHostName);
const place = fc.tuple(hostName, fc.integer({ min: 1, max: 65_535 })).map((each) => each.join(":"));
const masterName = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,12}$/),
    fc.constantFrom("e1", "inf", "x1e5"),
    text,
  )
  .filter((each) => masterNameProblems(each).length === 0);

/** As Zato 3.2 and 3.3 read it: what looks like a value of Python becomes one. */
const reader = `
import ast, json, sys
from configobj import ConfigObj
out = []
for stanza in json.load(sys.stdin):
    kvdb = ConfigObj(stanza.split('\\n'), encoding='utf8', interpolation=False)['kvdb']
    try:
        ast.literal_eval(kvdb['redis_sentinels_master'])
        kvdb['redis_sentinels_master'] = 'a value of Python'
    except (ValueError, SyntaxError):
        pass
    out.append(dict(kvdb))
json.dump(out, sys.stdout)
`;

it("the stanza for people says where the sentinels are, and which master", async (t) => {
  const given = fc.record({
    sentinels: fc.array(place, { minLength: 1, maxLength: 7 }),
    masterName,
    node: place,
    seconds: fc.double({ min: 0, minExcluded: true, max: 3600, noNaN: true }),
  });
  await forAll(t, { short: 300, together: 100 }, given, (inputs) => {
    const stanzas = inputs.map(({ sentinels, masterName: master, node, seconds }) =>
      render("kvdb.hbs", kvdbValues(sentinels, master, node, seconds)),
    );
    const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", reader], {
      input: JSON.stringify(stanzas),
      encoding: "utf8",
    });
    const read = JSON.parse(stdout || `"${stderr}"`) as Record<string, unknown>[];
    for (const [index, { sentinels, masterName: master, node, seconds }] of inputs.entries()) {
      const stanza = read[index] ?? {};
      assert.deepEqual(stanza.redis_sentinels, sentinels);
      assert.equal(stanza.redis_sentinels_master, master);
      assert.equal(`${String(stanza.host)}:${String(stanza.port)}`, node);
      assert.equal(Number(stanza.socket_timeout), seconds);
    }
  });
});
