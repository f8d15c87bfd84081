import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { stanzas, type ZatoFile } from "../../../components/zato/versions.ts";
import { versionLines, wantedLines } from "../../../components/zato/wishes.ts";
import { compareWithConfigObj } from "../../support/configobj.ts";
import {
  inPairs,
  newDirectory,
  run,
  shells,
  type Parameters,
  type Shell,
} from "../../support/editShells.ts";
import {
  readAsZato,
  type SentinelCall,
  schedulerConfs,
  secretsConf,
  serverConfs,
} from "../../support/zatoConfs.ts";

const deployed = {
  sentinels: ["redis1:16355", "redis2:26355", "redis3:36355"],
  masterName: "redis-ha",
  node: "redis1:16300",
  socketTimeoutSeconds: 0.5,
};

interface Wish {
  file?: ZatoFile;
  told?: string;
  schedulersListed?: boolean;
  sentinels?: string[];
}

/** A file of its own, and what kvdb.sh is told of it: as ZatoKvdbConfig does. */
function setUp(text: string, { file = "server", told, schedulersListed, ...more }: Wish = {}) {
  const directory = newDirectory();
  const repo = join(directory, "repo");
  mkdirSync(repo);
  const path = join(repo, `${file}.conf`);
  writeFileSync(path, text);
  writeFileSync(join(repo, "secrets.conf"), secretsConf);
  const all = { ...deployed, ...more };
  const parameters: Parameters = {
    FILE: path,
    STANZA: stanzas[file],
    STORE: join(directory, "store"),
    VERSIONS: versionLines(file, all, told, schedulersListed ?? false).join("\n"),
    WANTED: wantedLines(all).join("\n"),
  };
  return { directory, repo, path, parameters };
}

const addresses = [
  ["redis1", 16355],
  ["redis2", 26355],
  ["redis3", 36355],
];
/** How 2.0 and 3.0 call redis-py, and how the others do. */
const byPosition = { arguments: [addresses, null, null], named: {}, master: "redis-ha" };
const byName = (timeout: number | null): SentinelCall => ({
  arguments: [addresses],
  named: {
    min_other_sentinels: 0,
    password: null,
    socket_timeout: timeout,
    decode_responses: true,
  },
  master: "redis-ha",
});

/** Version and file, what is told, how Zato then calls redis-py, and what is said before. */
const written: readonly (readonly [string, Wish, SentinelCall, RegExp[]])[] = [
  ["2.0", {}, byPosition, [/Zato 2\.0 breaks with one/, /line \d+: host and port name another/]],
  ["2.0", { told: "2.0" }, byPosition, [/Zato 2\.0 breaks/, /another Redis/]],
  [
    "3.0",
    {},
    byPosition,
    [
      /Zato 3\.0 breaks/,
      /taken for a file of Zato 3\.0\./,
      /list that in zato\.schedulerConfs/,
      /another Redis/,
    ],
  ],
  [
    "3.0",
    { schedulersListed: true, told: "3.0" },
    byPosition,
    [/breaks with one/, /another Redis/],
  ],
  [
    "3.0",
    { file: "scheduler" },
    byPosition,
    [/breaks/, /tells Zato 3\.0 from 3\.1/, /another Redis/],
  ],
  ["3.0", { file: "scheduler", told: "3.0" }, byPosition, [/breaks/, /another Redis/]],
  ["3.1", {}, byName(0.5), [/taken for a file of Zato 3\.1\./, /schedulerConfs/, /another Redis/]],
  [
    "3.1",
    { file: "scheduler" },
    byName(null),
    [/breaks/, /tells Zato 3\.0 from 3\.1/, /another Redis/],
  ],
  ["3.1", { file: "scheduler", told: "3.1" }, byName(0.5), [/another Redis/]],
  ["3.2", {}, byName(0.5), []],
  ["3.3", {}, byName(0.5), []],
  ["3.3", { told: "3.3" }, byName(0.5), []],
  // Made by 3.1, and its server was upgraded.
  [
    "3.1",
    { told: "3.3" },
    byName(0.5),
    [
      /line \d+: zato\.version says 3\.2 or 3\.3, and this is as in a file of Zato 3\.1/,
      /another Redis/,
    ],
  ],
  ["after 3.3 and before 4.1", { told: "3.2" }, byName(0.5), [/zato\.version says 3\.2 or 3\.3/]],
];

const warningsOf = (out: string) => out.split("\n").filter((line) => line.startsWith("warning: "));

const turns = [...written.entries()].map(
  ([index, row]) => [shells[index % shells.length] as Shell, row] as const,
);
test("a file of each version is recognised, says to Zato where the sentinels are, and is put back byte for byte", async (t) => {
  await inPairs(turns, async ([shell, [version, wish, call, warnings]]) => {
    await t.test(`${version} ${JSON.stringify(wish)}, ${shell.name}`, async () => {
      const { file = "server", told = version } = wish;
      const text = (file === "server" ? serverConfs : schedulerConfs)[version] as string;
      const { directory, repo, path, parameters } = setUp(text, wish);
      const stanza = stanzas[file];
      const before = readAsZato([{ version: told, file: path, stanza }]);
      assert.ok(before[0]?.off, JSON.stringify(before));

      const check = await run(shell, "kvdb.sh", "check", parameters);
      assert.deepEqual([check.status, check.err], [3, ""]);
      const said = warningsOf(check.out);
      assert.equal(said.length, warnings.length, check.out);
      for (const each of warnings)
        assert.ok(
          said.some((line) => each.test(line)),
          check.out,
        );

      const apply = await run(shell, "kvdb.sh", "apply", parameters);
      assert.deepEqual([apply.status, apply.err], [0, ""]);
      assert.deepEqual(readAsZato([{ version: told, file: path, stanza }]), [call]);
      // Nothing else changed.
      const original = join(directory, "original");
      writeFileSync(original, text);
      const keys = ["host", "port", "socket_timeout", "password", ...wantedKeys];
      const edited = readFileSync(path, "utf8");
      assert.deepEqual(
        compareWithConfigObj([
          {
            name: version,
            before: original,
            after: path,
            stanza,
            wanted: valuesIn(edited, stanza, keys),
          },
        ]),
        [],
      );
      const again = await run(shell, "kvdb.sh", "check", parameters);
      assert.deepEqual([again.status, again.err], [0, ""]);

      const remove = await run(shell, "kvdb.sh", "remove", parameters);
      assert.deepEqual([remove.status, remove.err], [0, ""]);
      assert.equal(readFileSync(path, "utf8"), text);
      assert.equal(readFileSync(join(repo, "secrets.conf"), "utf8"), secretsConf);
      assert.deepEqual(readdirSync(repo).sort(), ["secrets.conf", `${file}.conf`].sort());
    });
  });
});

const wantedKeys = ["use_redis_sentinels", "redis_sentinels", "redis_sentinels_master"];

function valuesIn(text: string, stanza: string, keys: readonly string[]): Record<string, string> {
  const own = text.split(`[${stanza}]\n`)[1]?.split("\n[")[0] ?? "";
  return Object.fromEntries(
    keys.map((key) => [key, new RegExp(`^${key}=(.*)$`, "m").exec(own)?.[1] ?? "?"]),
  );
}

/** What a file has, and as which version it is refused, or what is said of it. */
const marks: readonly (readonly [string, string, Wish, RegExp])[] = [
  [
    "4.1",
    "[main]\n[redis]\nhost=\n",
    {},
    /line 2: this is a server\.conf of Zato 4\.1\. .*MasterEndpoint.*zato\.serverConfs$/,
  ],
  ["1.1", "[singleton]\n[kvdb]\nhost=1\n", {}, /line 1: .* of Zato 1\.1\. .*upgrade it/],
  ["1.1 by work_dir", "[hot_deploy]\nwork_dir=x\n[kvdb]\n", {}, /line 2: .* of Zato 1\.1\./],
  [
    "a build without support",
    "[main]\nwork_dir=x\n[hot_deploy]\n[kvdb]\n",
    {},
    /line 1: .* of Zato after 3\.3 and before 4\.1\. .*ignore the sentinels.*zato\.version/,
  ],
  [
    "3.3 with [redis] alone, though told",
    "[main]\n[redis]\nhost=\n",
    { told: "3.3" },
    /has no \[kvdb\]; is it the server\.conf of a Zato version with that stanza\?/,
  ],
  [
    "the scheduler of 3.2",
    "[bind]\nhost=0.0.0.0\n[odb]\n",
    { file: "scheduler" },
    /has no \[broker\]; is it the scheduler\.conf of a Zato version with that stanza\?/,
  ],
  [
    "a server.conf in place of a scheduler.conf",
    serverConfs["3.1"] as string,
    { file: "scheduler" },
    /has no \[broker\]/,
  ],
  [
    "a password of 2.0, encrypted with a key",
    (serverConfs["2.0"] as string).replace("password=\ndb=", "password=c2VjcmV0LXRleHQ=\ndb="),
    {},
    /\[kvdb\] has a password, and this deployment has none/,
  ],
  [
    "an encrypted password of a scheduler, too long to be an empty text",
    (schedulerConfs["3.0"] as string).replace(
      /^(\[broker\][^]*?password=.{8})/m,
      `$1${"A".repeat(20)}`,
    ),
    { file: "scheduler" },
    /line \d+: \[broker\] has a password/,
  ],
  [
    "another database of a scheduler",
    (schedulerConfs["3.1"] as string).replace("db=0", "db=5"),
    { file: "scheduler" },
    /line \d+: db is not 0, .*set db=0/,
  ],
];

for (const shell of shells)
  test(`what can't be written is refused, with the version and the line, and untouched, ${shell.name}`, async (t) => {
    await inPairs(marks, async ([name, text, wish, message]) => {
      await t.test(name, async () => {
        const { repo, path, parameters } = setUp(text, wish);
        for (const action of ["check", "apply"] as const) {
          const result = await run(shell, "kvdb.sh", action, parameters);
          assert.equal(result.status, 1, result.out);
          assert.match(result.err.trim(), message);
          assert.doesNotMatch(result.out + result.err, /c2VjcmV0/);
        }
        assert.equal(readFileSync(path, "utf8"), text);
        assert.equal(readdirSync(repo).length, 2);
      });
    });
    for (const version of ["1.1", "after 3.3 and before 4.1", "4.1"]) {
      const { path, parameters } = setUp(serverConfs[version] as string);
      const result = await run(shell, "kvdb.sh", "check", parameters);
      assert.equal(result.status, 1, result.out);
      assert.match(
        result.err,
        new RegExp(`line \\d+: this is a server\\.conf of Zato ${version}\\.`),
      );
      assert.equal(readFileSync(path, "utf8"), serverConfs[version]);
    }
  });

test("what has been edited as one version is edited as another, and the first original comes back", async () => {
  const shell = shells[0] as Shell;
  const text = (serverConfs["3.0"] as string).replace("socket_timeout=", "socket_timeout = 7 # s");
  const { path, parameters } = setUp(text, { told: "3.0" });
  const told = (version: string): Parameters => ({
    ...parameters,
    VERSIONS: versionLines("server", deployed, version, true).join("\n"),
  });
  for (const [version, timeout] of [
    ["3.0", "socket_timeout = # s"],
    ["3.3", "socket_timeout = 0.5 # s"],
    ["2.0", "socket_timeout = # s"],
  ] as const) {
    const apply = await run(shell, "kvdb.sh", "apply", told(version));
    assert.deepEqual([apply.status, apply.err], [0, ""], version);
    assert.match(readFileSync(path, "utf8").replaceAll(/ +/g, " "), new RegExp(timeout), version);
  }
  await run(shell, "kvdb.sh", "remove", told("3.3"));
  assert.equal(readFileSync(path, "utf8"), text);
});

test("what a version does with environment variables, and that none is told, is said", async () => {
  const shell = shells[1] as Shell;
  const env = { Zato_Config_Server_server__conf_kvdb_port: "s3cr3t" };
  for (const [text, told, warnings] of [
    [serverConfs["3.3"] as string, undefined, [/kvdb_port override it: .*output kvdbEnvironment/]],
    [serverConfs["2.0"] as string, undefined, [/breaks with one/, /another Redis/]],
    ["[main]\n[kvdb]\nhost=\n", "3.1", [/list that in zato\.schedulerConfs/]],
    [
      "[main]\n[kvdb]\nhost=\n",
      undefined,
      [
        /nothing in the file tells which version of Zato it is of; taken for 3\.2 or 3\.3/,
        /override/,
      ],
    ],
  ] as const) {
    const { parameters } = setUp(text, { told });
    const { status, out, err } = await run(shell, "kvdb.sh", "check", parameters, { env });
    assert.deepEqual([status, err], [3, ""]);
    const said = warningsOf(out);
    assert.equal(said.length, warnings.length, out);
    for (const [index, each] of warnings.entries()) assert.match(said[index] ?? "", each);
    assert.doesNotMatch(out, /s3cr3t/);
  }
});
