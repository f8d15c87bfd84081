import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  bytes,
  find,
  inPairs,
  isRoot,
  newDirectory,
  run,
  shells,
  type Action,
  type Parameters,
  type Shell,
} from "../../support/editShells.ts";

const original =
  "[main]\nx=1\n[kvdb]\nhost=\nport=\npassword=zato+secret://zato.server_conf.kvdb.password\nuse_redis_sentinels=False\n[x]\ny=1\n";
const edited = (host: string) =>
  `[main]\nx=1\n[kvdb]\nhost=${host}\nport=7\npassword=\nuse_redis_sentinels=True\n[x]\ny=1\n`;

/** Two deployments that want the same file. */
function setUp(): {
  directory: string;
  conf: string;
  file: string;
  of: (name: string, owner?: string) => Parameters;
} {
  const directory = newDirectory();
  const conf = join(directory, "conf");
  mkdirSync(conf);
  const file = join(conf, "server.conf");
  writeFileSync(file, original);
  const of = (name: string, owner = `pulumi-redis-ha/p/${name}/zato`): Parameters => ({
    FILE: file,
    STORE: join(directory, name),
    OWNER: owner,
    WANTED: `host?=${name}\nport?=7\npassword!=\nuse_redis_sentinels=True`,
  });
  return { directory, conf, file, of };
}

async function expectStatus(
  shell: Shell,
  action: Action,
  parameters: Parameters,
  status: number,
): Promise<string> {
  const result = await run(shell, "kvdb.sh", action, parameters);
  assert.equal(result.status, status, `${action}: ${result.out}${result.err}`);
  return result.out + result.err;
}

for (const shell of shells) {
  test(`check tells applied from not applied, key by key, ${shell.name}`, async () => {
    const { file, of } = setUp();
    const mine = of("a");
    await expectStatus(shell, "check", mine, 3);
    await expectStatus(shell, "apply", mine, 0);
    assert.equal(bytes(file), edited("a"));
    await expectStatus(shell, "check", mine, 0);
    const drifts: readonly (readonly [string, string, number])[] = [
      ["use_redis_sentinels=True", "use_redis_sentinels=False", 3],
      ["use_redis_sentinels=True\n", "", 3],
      ["password=", "password=zato+secret://x.y", 3],
      ["host=a", "host=", 3],
      // Only where it is empty: what somebody else chose is left.
      ["host=a", "host=theirs", 0],
      ["y=1", "y=2", 0],
    ];
    for (const [from, to, status] of drifts) {
      writeFileSync(file, edited("a").replace(from, to));
      await expectStatus(shell, "check", mine, status);
      if (status === 3) {
        await expectStatus(shell, "apply", mine, 0);
        await expectStatus(shell, "check", mine, 0);
      }
      writeFileSync(file, edited("a"));
    }
    await expectStatus(shell, "remove", mine, 0);
    assert.equal(bytes(file), original);
    await expectStatus(shell, "check", mine, 3);
  });

  test(`one deployment at a time, ${shell.name}`, async () => {
    const { conf, file, of } = setUp();
    const [a, b] = [of("a"), of("b")];
    await expectStatus(shell, "apply", a, 0);
    for (const action of ["check", "apply"] as const) {
      assert.match(
        await expectStatus(shell, action, b, 1),
        /set by another deployment, pulumi-redis-ha\/p\/a\/zato .*Destroy that one first/,
      );
    }
    // The same name elsewhere is somebody else, too: two people, each with a stack of that name.
    await expectStatus(shell, "apply", of("b", "pulumi-redis-ha/p/a/zato"), 1);
    await expectStatus(shell, "remove", b, 0);
    assert.equal(bytes(file), edited("a"));
    // Another name of the same one is not.
    await expectStatus(shell, "check", of("a", "pulumi-redis-ha/p/renamed/zato"), 3);
    await expectStatus(shell, "apply", of("a", "pulumi-redis-ha/p/renamed/zato"), 0);
    assert.match(await expectStatus(shell, "check", b, 1), /p\/renamed\/zato/);
    await expectStatus(shell, "remove", a, 0);
    assert.equal(bytes(file), original);
    assert.deepEqual(readdirSync(conf), ["server.conf"]);
    await expectStatus(shell, "apply", b, 0);
    assert.equal(bytes(file), edited("b"));
    await expectStatus(shell, "remove", b, 0);
    assert.equal(bytes(file), original);
  });

  test(`what a deployment that is gone for good left can be taken over, and it takes nothing away any more, ${shell.name}`, async () => {
    const { conf, file, of } = setUp();
    await expectStatus(shell, "apply", of("a"), 0);
    rmSync(join(conf, ".server.conf.pulumi-redis-ha.kvdb"));
    await expectStatus(shell, "apply", of("b"), 0);
    const now = bytes(file);
    assert.match(
      await expectStatus(shell, "remove", of("a"), 0),
      /set by another deployment by now, pulumi-redis-ha\/p\/b\/zato; left as it is/,
    );
    assert.equal(bytes(file), now);
    await expectStatus(shell, "check", of("b"), 0);
  });

  test(`several at once never mix, ${shell.name}`, async () => {
    const { conf, directory, file, of } = setUp();
    const names = ["a", "b", "c", "d"];
    const results = await Promise.all(
      [...names, ...names].map((name) => run(shell, "kvdb.sh", "apply", of(name))),
    );
    const winners = new Set(
      results.flatMap(({ status }, index) => (status === 0 ? [names[index % names.length]] : [])),
    );
    assert.equal(winners.size, 1, results.map(({ err }) => err).join(""));
    const winner = String([...winners][0]);
    assert.equal(bytes(file), edited(winner));
    for (const { status, err } of results)
      assert.match(err, status === 0 ? /^$/ : /set by another deployment/);
    assert.deepEqual(readdirSync(conf).sort(), [
      ".server.conf.pulumi-redis-ha.kvdb",
      "server.conf",
    ]);
    await expectStatus(shell, "remove", of(winner), 0);
    assert.equal(bytes(file), original);
    assert.deepEqual([readdirSync(conf), readdirSync(directory)], [["server.conf"], ["conf"]]);
  });

  test(`the lock of a dead one is no obstacle, ${shell.name}`, async () => {
    const { conf, of } = setUp();
    const space =
      /\d+/.exec(spawnSync("readlink", ["/proc/self/ns/pid"], { encoding: "utf8" }).stdout)?.[0] ??
      "0";
    mkdirSync(join(conf, ".server.conf.pulumi-redis-ha.lock", `999999.1.${space}`), {
      recursive: true,
    });
    mkdirSync(join(conf, ".server.conf.pulumi-redis-ha.999999"));
    await expectStatus(shell, "apply", of("a"), 0);
    await expectStatus(shell, "remove", of("a"), 0);
    assert.deepEqual(readdirSync(conf), ["server.conf"]);
  });

  test(`warnings are for the operator, ${shell.name}`, async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [
        "[kvdb]\nhost=old.example\nport=6379\n",
        /^warning: .*line 2: host and port name another Redis; .*not moved/m,
      ],
      ["[kvdb]\nhost=a\nport=6379\n", /^warning: .*line 2: host and port name another Redis/m],
      [
        "[kvdb]\nhost=\nunix_socket_path=/x\n",
        /^warning: .*line 3: unix_socket_path names another Redis/m,
      ],
      ["[redis]\n[kvdb]\nhost=\n", /^warning: .*line 1: has a \[redis\], as Zato 4\.1/m],
    ];
    await inPairs(cases, async ([text, message]) => {
      const { file, of } = setUp();
      writeFileSync(file, text);
      assert.match(await expectStatus(shell, "check", of("a"), 3), message);
    });
    const { file, of } = setUp();
    writeFileSync(
      file,
      "[main]\nwork_dir=x\n[hot_deploy]\n[startup_services_first_worker]\n[kvdb]\nhost=a\nport=7\ndb=0\n",
    );
    assert.equal(await expectStatus(shell, "check", of("a"), 3), "");
    const env = { Zato_Config_Server_server__conf_kvdb_host: "s3cr3t" };
    const result = await run(shell, "kvdb.sh", "check", of("a"), { env });
    assert.match(
      result.out,
      /^warning: .*Zato_Config_Server_server__conf_kvdb_host override it: .*Unset them/m,
    );
    assert.doesNotMatch(result.out, /s3cr3t/);
  });

  test(
    `a store that others could change is refused, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async () => {
      const { directory, file, of } = setUp();
      const open = join(directory, "open");
      mkdirSync(join(open, "store"), { recursive: true });
      const parameters = { ...of("a"), STORE: join(open, "store") };
      chmodSync(open, 0o777);
      assert.match(
        await expectStatus(shell, "apply", parameters, 1),
        /no safe place for root to remember things: others than its owner may write in/,
      );
      chmodSync(open, 0o755);
      chownSync(open, 65534, 65534);
      assert.match(
        await expectStatus(shell, "apply", parameters, 1),
        /the user with the number 65534 owns/,
      );
      chownSync(open, 0, 0);
      chownSync(join(open, "store"), 65534, 65534);
      await expectStatus(shell, "apply", parameters, 1);
      assert.equal(bytes(file), original);
    },
  );

  test(
    `root edits in somebody's directory with that one's rights only, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async () => {
      const rounds = Number(process.env.ROUNDS ?? 20);
      const { directory, conf, file, of } = setUp();
      chmodSync(directory, 0o755);
      chmodSync(join(directory, ".."), 0o755);
      // What only root may read or write: as server.conf a valid one, so that nothing but the
      // rights keeps it apart.
      const [secret, precious] = [join(directory, "secret.conf"), join(directory, "precious")];
      writeFileSync(secret, `${original}# root's alone\n`, { mode: 0o600 });
      writeFileSync(precious, "precious\n", { mode: 0o600 });
      for (const path of [conf, file]) chownSync(path, 65534, 65534);
      // Swaps whatever is in its directory for links, all the time, and keeps what it could read of
      // root's.
      const hostile = `cd '${conf}' || exit 1
      while [ ! -e stop ]; do
        cat .server.conf* .server.conf*/* server.conf 2>/dev/null | grep "root's alone" >>loot
        for each in .server.conf.pulumi-redis-ha.[0-9]*; do
          [ -e "$each/new" ] && { ln -sf '${precious}' "$each/new.x"; mv -fT "$each/new.x" "$each/new"; }
          [ -f "$each" ] && { ln -sf '${precious}' x; mv -fT x "$each"; }
        done
        ln -sf '${secret}' y; mv -fT y server.conf
        printf '%s' '${original}' >z; rm -f server.conf; mv -fT z server.conf
      done`;
      const through = [find("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"];
      const attacks = [1, 2].map(() =>
        run(shells[0] as Shell, "kvdb.sh", "check", {}, { through, prelude: `${hostile}\nexit 0` }),
      );
      try {
        for (let round = 0; round < rounds; round++) {
          for (const action of ["apply", "remove"] as const)
            await run(shell, "kvdb.sh", action, of("a"));
          assert.equal(readFileSync(precious, "utf8"), "precious\n", `round ${round}`);
          assert.equal(
            readFileSync(secret, "utf8"),
            `${original}# root's alone\n`,
            `round ${round}`,
          );
        }
      } finally {
        writeFileSync(join(conf, "stop"), "");
        await Promise.all(attacks);
      }
      assert.equal(
        existsSync(join(conf, "loot")) ? readFileSync(join(conf, "loot"), "utf8") : "",
        "",
      );
      assert.equal(
        spawnSync("stat", ["-c", "%u %a", secret, precious], { encoding: "utf8" }).stdout,
        "0 600\n0 600\n",
      );
      for (const name of readdirSync(conf)) rmSync(join(conf, name), { recursive: true });
      writeFileSync(file, original);
      chownSync(file, 65534, 65534);
      await expectStatus(shell, "apply", of("a"), 0);
      assert.equal(bytes(file), edited("a"));
      await expectStatus(shell, "remove", of("a"), 0);
      assert.deepEqual([bytes(file), readdirSync(conf)], [original, ["server.conf"]]);
    },
  );

  test(
    `a link in somebody's directory leads root nowhere, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async () => {
      const { directory, conf, file, of } = setUp();
      for (const path of [directory, join(directory, "..")]) chmodSync(path, 0o755);
      const theirs = join(directory, "theirs");
      mkdirSync(theirs);
      symlinkSync(file, join(theirs, "file"));
      symlinkSync(conf, join(theirs, "conf"));
      mkdirSync(join(theirs, "own"));
      writeFileSync(join(theirs, "own", "server.conf"), original);
      symlinkSync(join(theirs, "own"), join(directory, "link"));
      chmodSync(conf, 0o700);
      for (const path of [theirs, join(theirs, "own"), join(theirs, "own", "server.conf")])
        chownSync(path, 65534, 65534);
      for (const path of [
        join(theirs, "file"),
        join(theirs, "conf", "server.conf"),
        `${theirs}/own/../conf/server.conf`,
      ]) {
        for (const action of ["check", "apply"] as const)
          await expectStatus(shell, action, { ...of("a"), FILE: path }, 1);
        assert.deepEqual([bytes(file), readdirSync(conf)], [original, ["server.conf"]]);
      }
      // One in root's directory may lead to theirs.
      const linked = { ...of("a"), FILE: join(directory, "link", "server.conf") };
      await expectStatus(shell, "apply", linked, 0);
      assert.equal(bytes(join(theirs, "own", "server.conf")), edited("a"));
      assert.equal(statSync(join(theirs, "own", "server.conf")).uid, 65534);
      await expectStatus(shell, "remove", linked, 0);
      assert.deepEqual(
        [bytes(join(theirs, "own", "server.conf")), readdirSync(join(theirs, "own"))],
        [original, ["server.conf"]],
      );
    },
  );
}
