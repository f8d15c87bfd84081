import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { editSettings } from "../../../components/zato/wishes.ts";
import {
  type Action,
  newDirectory,
  run,
  type Parameters,
  type Shell,
  shells,
} from "../../support/editShells.ts";
import { readAsZato, schedulerConfs, secretsConf, serverConfs } from "../../support/zatoConfs.ts";

const deployed = {
  sentinels: ["redis1:16355", "redis2:26355", "redis3:36355"],
  masterName: "redis-ha",
  node: "redis1:16300",
  socketTimeoutSeconds: 0.5,
};

/** A quickstart environment: servers, a scheduler, and what else there is beside them. */
function setUp(version: string, servers = ["server1", "server2"]) {
  const directory = newDirectory();
  const environment = join(directory, "qs-1");
  const repoOf = (name: string) => join(environment, name, "config/repo");
  for (const name of [...servers, "scheduler", "web-admin", "load-balancer"])
    mkdirSync(repoOf(name), { recursive: true });
  const conf = (server: string) => join(repoOf(server), "server.conf");
  const scheduler = join(repoOf("scheduler"), "scheduler.conf");
  for (const server of servers) {
    writeFileSync(conf(server), serverConfs[version] as string);
    writeFileSync(join(repoOf(server), "secrets.conf"), secretsConf);
  }
  writeFileSync(scheduler, schedulerConfs[version] ?? "[bind]\nport=31530\n[odb]\nhost=x\n");
  writeFileSync(join(repoOf("web-admin"), "web-admin.conf"), "{}\n");
  writeFileSync(join(environment, "zato-qs-start.sh"), "#!/bin/sh\n");
  const of = (told?: string, path = environment): Parameters =>
    settingsOf("environments", path, told);
  const settingsOf = (
    place: "environments" | "serverConfs",
    path: string,
    told?: string,
  ): Parameters => {
    const at = { path, store: join(directory, "store"), owner: "o" };
    // As the shell reads it.
    return Object.fromEntries(
      [
        ...editSettings(place, at, deployed, told, true).matchAll(/^(\w+)=(?:'([^']*)'|(.*))$/gm),
      ].map(([, name = "", quoted, plain]) => [name, quoted ?? plain ?? ""]),
    );
  };
  return { directory, environment, conf, scheduler, of, settingsOf, repoOf };
}

const written = /^use_redis_sentinels=True$/m;
const read = (file: string) => readFileSync(file, "utf8");
async function expectStatus(shell: Shell, action: Action, parameters: Parameters, status: number) {
  const result = await run(shell, "kvdb.sh", action, parameters);
  assert.equal(result.status, status, `${action}: ${result.out}${result.err}`);
  return result.out + result.err;
}
/** What is there, names and contents. */
const tree = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .sort()
    .map((file) => [file, read(file)]);

for (const shell of shells) {
  test(`all servers and schedulers of an environment are found, edited and put back, ${shell.name}`, async () => {
    const { directory, environment, conf, scheduler, of } = setUp("3.1");
    const before = tree(environment);
    assert.match(await expectStatus(shell, "check", of(), 3), /tells Zato 3\.0 from 3\.1/);
    assert.deepEqual(tree(environment), before);
    await expectStatus(shell, "apply", of("3.1", `${environment}//`), 0);
    const files = [
      { file: conf("server1"), stanza: "kvdb" },
      { file: conf("server2"), stanza: "kvdb" },
      { file: scheduler, stanza: "broker" },
    ];
    const calls = readAsZato(files.map((each) => ({ version: "3.1", ...each })));
    for (const call of calls) {
      assert.equal(call.master, "redis-ha", JSON.stringify(call));
      assert.equal(call.named?.socket_timeout, 0.5);
    }
    assert.equal(await expectStatus(shell, "check", of("3.1"), 0), "");
    // Somebody changes one back; another server is made.
    writeFileSync(
      conf("server2"),
      read(conf("server2")).replace(written, "use_redis_sentinels=False"),
    );
    await expectStatus(shell, "check", of("3.1"), 3);
    await expectStatus(shell, "apply", of("3.1"), 0);
    assert.match(read(conf("server2")), written);
    mkdirSync(join(environment, "server3/config/repo"), { recursive: true });
    writeFileSync(conf("server3"), serverConfs["3.1"] as string);
    await expectStatus(shell, "check", of("3.1"), 3);
    await expectStatus(shell, "apply", of("3.1"), 0);
    assert.match(read(conf("server3")), written);
    // One goes, comes back, and goes for good.
    renameSync(join(environment, "server3"), join(directory, "server3"));
    await expectStatus(shell, "check", of("3.1"), 0);
    await expectStatus(shell, "apply", of("3.1"), 0);
    renameSync(join(directory, "server3"), join(environment, "server3"));
    await expectStatus(shell, "check", of("3.1"), 0);
    renameSync(join(environment, "server2"), join(directory, "server2"));
    await expectStatus(shell, "remove", { ...of("3.1"), WANTED: "" }, 0).then((said) => {
      assert.match(said, /server2\/config\/repo\/server\.conf: is gone/);
    });
    assert.equal(read(conf("server3")), serverConfs["3.1"]);
    rmSync(join(environment, "server3"), { recursive: true });
    mkdirSync(join(environment, "server2/config/repo"), { recursive: true });
    for (const [name, text] of [
      ["server.conf", serverConfs["3.1"]],
      ["secrets.conf", secretsConf],
    ] as const)
      writeFileSync(join(environment, "server2/config/repo", name), text as string);
    assert.deepEqual(tree(environment), before);
    assert.equal(existsSync(join(directory, "store")), false);
    await expectStatus(shell, "remove", of("3.1"), 0);
  });

  test(`one file that can't be edited keeps all from it, and each reason is said, ${shell.name}`, async () => {
    const { environment, conf, of, repoOf } = setUp("3.3", ["server1", "server2", "server3"]);
    writeFileSync(conf("server1"), "[kvdb\n");
    writeFileSync(conf("server3"), read(conf("server3")).replace("db=0", "db=7"));
    const before = tree(environment);
    const said = await expectStatus(shell, "check", of(), 1);
    assert.match(said, /server1\/config\/repo\/server\.conf: line 1: a section header/);
    assert.match(said, /server3\/config\/repo\/server\.conf: line \d+: db is not 0/);
    assert.deepEqual(tree(environment), before);
    const none = await expectStatus(shell, "check", of(undefined, repoOf("server1")), 1);
    assert.match(none, /no server of Zato is in there.*\/opt\/zato\/env\/qs-1/);
    const refused = setUp("4.1");
    assert.match(
      await expectStatus(shell, "check", refused.of(), 1),
      /of Zato 4\.1\. .*or take its environment out of zato\.environments/,
    );
  });

  test(`a scheduler that does not ask Redis is left alone, ${shell.name}`, async () => {
    const { environment, scheduler, of } = setUp("3.3", ["server1"]);
    const text = read(scheduler);
    await expectStatus(shell, "check", of(), 3);
    await expectStatus(shell, "apply", of(), 0);
    assert.equal(read(scheduler), text);
    await expectStatus(shell, "check", of(), 0);
    await expectStatus(shell, "remove", of(), 0);
    // Of 3.1, and its version is told as 3.3 later, which has none.
    const old = setUp("3.1", ["server1"]);
    await expectStatus(shell, "apply", old.of("3.1"), 0);
    assert.match(read(old.scheduler), written);
    await expectStatus(shell, "check", old.of("3.3"), 3);
    await expectStatus(shell, "apply", old.of("3.3"), 0);
    assert.equal(read(old.scheduler), schedulerConfs["3.1"]);
    await expectStatus(shell, "check", old.of("3.3"), 0);
    assert.ok(existsSync(environment));
  });

  test(`what was listed and is found now, or the other way round, stays edited, ${shell.name}`, async () => {
    const { environment, conf, of, settingsOf, directory } = setUp("3.3");
    const before = tree(environment);
    const listed = settingsOf("serverConfs", conf("server1"));
    // As `up` does it: the new resource is made, then the old one is deleted.
    await expectStatus(shell, "apply", listed, 0);
    await expectStatus(shell, "check", of(), 3);
    await expectStatus(shell, "apply", of(), 0);
    assert.match(
      await expectStatus(shell, "remove", listed, 0),
      /is listed in an environment by now; left as it is/,
    );
    assert.match(read(conf("server1")), written);
    await expectStatus(shell, "check", of(), 0);
    await expectStatus(shell, "apply", listed, 0);
    await expectStatus(shell, "remove", of(), 0);
    assert.match(read(conf("server1")), written);
    assert.doesNotMatch(read(conf("server2")), written);
    await expectStatus(shell, "check", listed, 0);
    await expectStatus(shell, "remove", listed, 0);
    assert.deepEqual(tree(environment), before);
    assert.equal(existsSync(join(directory, "store")), false);
  });

  test(`names in an environment are names only, ${shell.name}`, async () => {
    const { environment, conf, of, directory } = setUp("3.3", ["server 1", "*", "ключ $(id)"]);
    const elsewhere = join(directory, "elsewhere.conf");
    writeFileSync(elsewhere, serverConfs["3.3"] as string);
    const before = tree(environment);
    await expectStatus(shell, "apply", of(), 0);
    for (const name of ["server 1", "*", "ключ $(id)"]) assert.match(read(conf(name)), written);
    await expectStatus(shell, "remove", of(), 0);
    assert.deepEqual(tree(environment), before);
    const hostile = join(environment, "a\nfile b");
    mkdirSync(join(hostile, "config/repo"), { recursive: true });
    writeFileSync(join(hostile, "config/repo/server.conf"), serverConfs["3.3"] as string);
    assert.match(await expectStatus(shell, "check", of(), 1), /a name in there contains a newline/);
    rmSync(hostile, { recursive: true });
    // A link is followed as where a file is listed.
    renameSync(conf("*"), join(directory, "moved.conf"));
    symlinkSync(join(directory, "moved.conf"), conf("*"));
    await expectStatus(shell, "apply", of(), 0);
    assert.match(read(join(directory, "moved.conf")), written);
    assert.equal(read(elsewhere), serverConfs["3.3"]);
  });
}
