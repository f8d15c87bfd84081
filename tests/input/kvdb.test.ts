import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import fc from "fast-check";
import { masterNameProblems } from "../../components/redis/topology.ts";
import { placeProblems } from "../../components/standaloneProblems.ts";
import {
  supportedVersions,
  versionsNamed,
  zatoNodeProblems,
} from "../../components/zato/versions.ts";
import { environmentOf, kvdbValues } from "../../components/zato/wishes.ts";
import { isHostName } from "../../hosts/names.ts";
import { render } from "../../templates/render.ts";
import { compareWithConfigObj, type Comparison } from "../support/configobj.ts";
import { bytes, inPairs, newDirectory, run, shells } from "../support/editShells.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";
import { readAsZato, serverConfs } from "../support/zatoConfs.ts";

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

const deployed = fc.record({
  sentinels: fc.array(place, { minLength: 1, maxLength: 7 }),
  masterName,
  node: place.filter((each) => zatoNodeProblems("node", each).length === 0),
  socketTimeoutSeconds: fc.double({ min: 0, minExcluded: true, max: 3600, noNaN: true }),
});

it("the stanza for people, and the environment, say to each version where the sentinels are, and which master", async (t) => {
  const given = fc.tuple(deployed, fc.constantFrom(...supportedVersions));
  const here = newDirectory();
  await forAll(t, { short: 300, together: 100 }, given, (inputs) => {
    const cases = inputs.flatMap(([all, version], index) => {
      const versions = versionsNamed(version);
      const stanza = render("kvdb.hbs", {
        ...kvdbValues(all, versions),
        versions: versions.name,
      });
      const files = [join(here, `${index}.conf`), join(here, "new.conf")] as const;
      writeFileSync(files[0], stanza);
      writeFileSync(files[1], serverConfs["3.3"] as string);
      const environment = environmentOf(all, versions);
      assert.equal(Object.keys(environment).length > 0, ["3.2", "3.3"].includes(version));
      return [
        { all, read: { version, file: files[0], stanza: "kvdb" } },
        ...(Object.keys(environment).length > 0
          ? [{ all, read: { version, file: files[1], stanza: "kvdb", environment } }]
          : []),
      ];
    });
    const calls = readAsZato(cases.map(({ read }) => read));
    for (const [index, { all, read }] of cases.entries()) {
      const { arguments: given = [], named = {}, master, ...more } = calls[index] ?? {};
      assert.deepEqual(more, {}, JSON.stringify({ all, read }));
      assert.deepEqual(
        given[0],
        all.sentinels.map((each) => [each.split(":")[0], Number(each.split(":")[1])]),
      );
      assert.equal(master, all.masterName);
      const timed = !["2.0", "3.0"].includes(read.version);
      assert.deepEqual(
        timed ? named.socket_timeout : given.slice(1),
        timed ? all.socketTimeoutSeconds : [null, null],
      );
    }
  });
});

/** A value, and the versions that read something else than what was meant, or nothing. */
const misread: readonly (readonly [
  field: "sentinels" | "masterName" | "node",
  value: string,
  versions: readonly string[],
])[] = [
  ["sentinels", "redis1", supportedVersions],
  ["sentinels", "redis1:", supportedVersions],
  ["sentinels", "redis1:port", supportedVersions],
  ["sentinels", ":26379", supportedVersions],
  ["sentinels", "::1:26379", supportedVersions],
  ["sentinels", "[::1]:26379", supportedVersions],
  ["sentinels", "26379", supportedVersions],
  ["sentinels", "redis1:1 redis2:2", supportedVersions],
  ["sentinels", "redis1:1; redis2:2", supportedVersions],
  ["sentinels", "redis1:1, redis2:2", supportedVersions],
  ["sentinels", '"redis1:1, redis2:2"', supportedVersions],
  ["sentinels", "redis1:1,,redis2:2", supportedVersions],
  ["sentinels", "redis1:1 # redis2:2", supportedVersions],
  ["sentinels", "", supportedVersions],
  ["masterName", "12345", ["3.2", "3.3"]],
  ["masterName", "1e5", ["3.2", "3.3"]],
  ["masterName", "None", ["3.2", "3.3"]],
  ["masterName", "True", ["3.2", "3.3"]],
  ["masterName", "'redis-ha'", supportedVersions],
  ["masterName", "redis,ha", supportedVersions],
  ["masterName", "redis#ha", supportedVersions],
  ["masterName", "%(host)s", supportedVersions],
  ["masterName", " redis-ha", supportedVersions],
  ["masterName", "", supportedVersions],
  ["node", "None:6379", ["3.2", "3.3"]],
  ["node", "False:6379", ["3.2", "3.3"]],
  ["node", "0x0:6379", ["3.2", "3.3"]],
  ["node", "0e0:6379", ["3.2", "3.3"]],
];

it("what a version misreads is refused, with the field and the value", () => {
  const here = newDirectory();
  const meant = {
    sentinels: ["redis2:26379"],
    masterName: "redis-ha",
    node: "redis1:6379",
    socketTimeoutSeconds: 0.5,
  };
  const cases = misread.flatMap(([field, value, versions], index) =>
    supportedVersions.map((version) => {
      const all = {
        ...meant,
        [field]: field === "sentinels" ? [value, ...meant.sentinels] : value,
      };
      const file = join(here, `${index}-${version}.conf`);
      writeFileSync(
        file,
        render("kvdb.hbs", { ...kvdbValues(all, versionsNamed(version)), versions: version }),
      );
      return { field, value, all, wrong: versions.includes(version), version, file };
    }),
  );
  const calls = readAsZato(cases.map(({ version, file }) => ({ version, file, stanza: "kvdb" })));
  for (const [index, { field, value, all, wrong, version }] of cases.entries()) {
    const { arguments: given, master } = calls[index] ?? {};
    const reads =
      JSON.stringify([given?.[0], master]) ===
      JSON.stringify([all.sentinels.map((each) => hostAndPort(each)), all.masterName]);
    assert.equal(!reads, wrong, `${version}: ${field} ${value}: ${JSON.stringify(calls[index])}`);
    const problems = [
      ...all.sentinels.flatMap((each) => placeProblems("sentinels", each)),
      ...masterNameProblems(all.masterName),
      ...zatoNodeProblems("node", all.node),
    ];
    assert.deepEqual(
      problems.map(({ propertyPath }) => propertyPath),
      [field],
    );
    assert.match(problems[0]?.reason ?? "", /is not allowed: /);
  }
});

/** What redis-py wants of a sentinel; null where it has no such thing. */
function hostAndPort(sentinel: string): [string, number] | null {
  const [, host, port] = /^([A-Za-z0-9._-]+):([0-9]+)$/.exec(sentinel) ?? [];
  return host === undefined ? null : [host, Number(port)];
}

/** Hosts, and whether Python reads their names as values. */
const literals = [
  ...[
    "None",
    "True",
    "False",
    "0x0",
    "0X1f",
    "0b0",
    "0o17",
    "1e5",
    "1e-5",
    "0e0",
    "1_000",
    "0j",
    "1-2j",
    "1e5-1j",
  ],
  ...["none", "TRUE", "redis1", "1a", "0xg", "e1", "inf", "1-2", "1e", "10-0-0-1", "1_"],
];

it("the name of a node's host that Python reads as a value is refused, and no other", async (t) => {
  const name = fc
    .oneof(
      fc.constantFrom(...literals),
      fc.stringMatching(/^[0-9][0-9a-fA-FxXoOeEjJ_-]{0,6}$/),
      hostName,
    )
    .filter(isHostName);
  await forAll(t, { always: literals, short: 400, together: 200 }, name, (names) => {
    const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-W", "ignore", "-c", evaluator], {
      input: JSON.stringify(names),
      encoding: "utf8",
    });
    const values = JSON.parse(stdout || `"${stderr}"`) as boolean[];
    for (const [index, each] of names.entries())
      // What looks like a number and is none (1__0) may be refused, too.
      if (values[index] || !/^[0-9]/.test(each))
        assert.equal(zatoNodeProblems("node", `${each}:1`).length > 0, values[index], each);
  });
});

const evaluator = `
import ast, json, sys
def is_value(text):
    try: ast.literal_eval(text)
    except (ValueError, SyntaxError): return False
    return True
json.dump([is_value(each) for each in json.load(sys.stdin)], sys.stdout)
`;
