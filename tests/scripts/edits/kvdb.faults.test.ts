import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  bytes,
  find,
  identity,
  inPairs,
  isRoot,
  newDirectory,
  run,
  shells,
  type Parameters,
} from "../../support/editShells.ts";

interface Refusal {
  readonly name: string;
  readonly text?: string;
  readonly wanted?: string;
  readonly message: RegExp;
}

const refusals: readonly Refusal[] = [
  { name: "stanza missing", text: "[a]\nhost=1\n", message: /has no \[kvdb\]/ },
  { name: "empty file", text: "", message: /has no \[kvdb\]/ },
  { name: "stanza in another case", text: "[KVDB]\nhost=1\n", message: /has no \[kvdb\]/ },
  {
    name: "stanza only in a comment and a nested one",
    text: "#[kvdb]\n[a]\n[[kvdb]]\nhost=1\n",
    message: /has no \[kvdb\]/,
  },
  {
    name: "stanza twice",
    text: '[kvdb]\nhost=1\n[a]\n["kvdb"]\n',
    message: /line 4: a second \[kvdb\] \(the first is in line 1\)/,
  },
  {
    name: "key twice",
    text: '[kvdb]\nhost=1\n\n"host" = 2\n',
    message: /line 4: a second host in \[kvdb\] \(the first is in line 2\)/,
  },
  {
    name: "unterminated triple quotes",
    text: '[kvdb]\nhost=1\n[a]\nx="""\n[b]\n',
    message: /line 4: .*never closes/,
  },
  {
    name: "text after triple quotes",
    text: "[kvdb]\nhost=1\n[a]\nx='''\n''' y\n",
    message: /line 5: text after the closing/,
  },
  {
    name: "text after triple quotes on one line",
    text: "[kvdb]\nhost=1\nx='''a''' y\n",
    message: /line 3: text after the closing/,
  },
  {
    name: "header not closed",
    text: "[kvdb\nhost=1\n",
    message: /line 1: a section header that is not closed/,
  },
  {
    name: "header with text behind",
    text: "[kvdb]\nhost=1\n[a] b\n",
    message: /line 3: a section header/,
  },
  {
    name: "header with unequal brackets",
    text: "[kvdb]\nhost=1\n[[a]\n",
    message: /line 3: .*2 \[ and 1 \]/,
  },
  {
    name: "nested too deep",
    text: "[kvdb]\nhost=1\n[[[a]]]\n",
    message: /line 3: .*nested too deep: at most 2/,
  },
  {
    name: "a line that is nothing",
    text: "[kvdb]\nhost=1\nsecret-text\n",
    message: /line 3: neither key = value/,
  },
  { name: "a line without a key", text: "[kvdb]\n=1\n", message: /line 2: neither key = value/ },
  {
    name: "multi-line present value",
    text: '[kvdb]\nhost="""\n"""\n',
    message: /line 2: the value of host is a multi-line one/,
  },
  {
    name: "quotes that do not match",
    text: '[kvdb]\nhost="a\n',
    message: /line 2: the value of host has quotes that do not match, or an empty element/,
  },
  {
    name: "section where the key is wanted",
    text: "[kvdb]\nerrors=1\n[[host]]\n",
    message: /line 3: a section \[\[host\]\]/,
  },
  {
    name: "bytes that are not UTF-8",
    text: "[kvdb]\nhost=1\n# \xe9\n",
    message: /line 3: bytes that are not UTF-8/,
  },
  {
    name: "a second key elsewhere",
    text: "[kvdb]\nhost=1\n[a]\nx=1\n'x' = 2\n",
    message: /line 5: a second x in \[a\] \(the first is in line 4\)/,
  },
  {
    name: "a second key at the top",
    text: "x=1\nx=2\n[kvdb]\nhost=1\n",
    message: /line 2: a second x \(the first is in line 1\)/,
  },
  {
    name: "a second section elsewhere",
    text: "[a]\n[kvdb]\nhost=1\n[a]\n",
    message: /line 4: a second \[a\] \(the first is in line 1\)/,
  },
  {
    name: "a second nested section",
    text: "[a]\n[[b]]\n[[b]]\n[kvdb]\n",
    message: /line 3: a second \[\[b\]\] in \[a\]/,
  },
  {
    name: "a section beside a key of that name",
    text: "[kvdb]\ndb=0\n[[db]]\n",
    message: /line 3: \[\[db\]\] is a key and a section at once \(the first is in line 2\)/,
  },
  {
    name: "an open quote elsewhere",
    text: "[kvdb]\nhost=1\n[a]\nx='y\n",
    message: /line 4: the value of x has quotes that do not match/,
  },
  {
    name: "an empty element elsewhere",
    text: "[kvdb]\nhost=1\n[a]\ny=a,,b\n",
    message: /line 4: .*empty element in a list/,
  },
  {
    name: "a password",
    text: "[kvdb]\nhost=1\npassword=secret-text\n",
    message: /line 3: \[kvdb\] has a password, and this deployment has none: .*Empty it/,
  },
  {
    name: "a password, where a reference may be emptied",
    text: "[kvdb]\npassword = 'secret-text'\n",
    wanted: "password!=",
    message: /line 2: \[kvdb\] has a password/,
  },
  {
    name: "another database",
    text: "[kvdb]\nhost=1\ndb=5\n",
    message: /line 3: db is not 0, .*set db=0/,
  },
  { name: "NUL", text: "[kvdb]\nhost=\0\n", message: /NUL bytes/ },
  {
    name: "UTF-16",
    text: Buffer.from("\ufeff[kvdb]\nhost=1\n", "utf16le").toString("latin1"),
    message: /NUL bytes \(UTF-16/,
  },
  {
    name: "UTF-16 mark alone",
    text: "\xff\xfe[kvdb]\nhost=1\n",
    message: /line 1: the file is UTF-16/,
  },
  {
    name: "wanted: comment in the value",
    wanted: "host=a # secret-text",
    message: /WANTED: the value of host would not be read back/,
  },
  { name: "wanted: quotes", wanted: 'host="secret-text', message: /WANTED: the value of host/ },
  {
    name: "wanted: empty element",
    wanted: "host=a,,secret-text",
    message: /WANTED: the value of host/,
  },
  { name: "wanted: blanks", wanted: "host= a", message: /WANTED: the value of host/ },
  { name: "wanted: twice", wanted: "host=a\nhost?=b", message: /WANTED: host is there twice/ },
  {
    name: "wanted: no key",
    wanted: "host=a\nsecret-text",
    message: /WANTED: line 2 is not key=value/,
  },
  { name: "wanted: nothing", wanted: "", message: /WANTED is empty/ },
];

const plain = "[kvdb]\nhost=a # c\nport=1\n";

function setUp(
  text = plain,
  wanted = "host=redis1",
): { directory: string; file: string; parameters: Parameters } {
  const directory = newDirectory();
  mkdirSync(join(directory, "conf"));
  const file = join(directory, "conf", "server.conf");
  writeFileSync(file, text, "latin1");
  return {
    directory,
    file,
    parameters: { FILE: file, STORE: join(directory, "store"), WANTED: wanted },
  };
}

for (const shell of shells) {
  test(`refusals, ${shell.name}`, async (t) => {
    await inPairs(refusals, async ({ name, text, wanted, message }) => {
      await t.test(name, async () => {
        const { directory, file, parameters } = setUp(text, wanted);
        const before = identity(file);
        for (const action of ["check", "apply"] as const) {
          const result = await run(shell, "kvdb.sh", action, parameters);
          assert.equal(result.status, 1);
          assert.match(result.err, message);
          assert.doesNotMatch(result.out + result.err, /secret-text/);
          assert.equal(result.out, "");
        }
        assert.equal(identity(file), before);
        assert.deepEqual(
          [readdirSync(directory), readdirSync(join(directory, "conf"))],
          [["conf"], ["server.conf"]],
        );
      });
    });
  });

  test(`files that are none, ${shell.name}`, async () => {
    const { directory, file, parameters } = setUp();
    symlinkSync("loop", join(directory, "loop"));
    symlinkSync("nowhere", join(directory, "dangling"));
    const cases: readonly (readonly [Parameters, RegExp])[] = [
      [{ ...parameters, FILE: join(directory, "none") }, /no such file/],
      [{ ...parameters, FILE: join(directory, "dangling") }, /no such file/],
      [{ ...parameters, FILE: join(file, "below") }, /no such file/],
      [{ ...parameters, FILE: directory }, /not a regular file/],
      [{ ...parameters, FILE: "/dev/null" }, /not a regular file/],
      [{ ...parameters, FILE: join(directory, "loop") }, /too many levels/],
      [{ ...parameters, FILE: "server.conf" }, /FILE must be an absolute path/],
      [{ ...parameters, STORE: "store" }, /STORE must be an absolute path/],
      [
        { ...parameters, STORE: join(file, "store") },
        /cannot be written, as .*server\.conf is not a writable directory/,
      ],
      [{ ...parameters, STANZA: "" }, /STANZA must be/],
    ];
    for (const [bad, message] of cases)
      for (const action of ["check", "apply"] as const) {
        const result = await run(shell, "kvdb.sh", action, bad);
        assert.equal(result.status, 1, result.out);
        assert.match(result.err, message);
      }
    assert.equal(bytes(file), plain);
  });

  test(`without the rights, ${shell.name}`, { skip: !isRoot && "needs root" }, async () => {
    const { directory, file, parameters } = setUp();
    const options = {
      through: [find("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"],
    };
    const store = { ...parameters, STORE: join(directory, "mine", "store") };
    mkdirSync(join(directory, "mine"));
    chownSync(join(directory, "mine"), 65534, 65534);
    const refused = async (message: RegExp): Promise<void> => {
      for (const action of ["check", "apply"] as const) {
        const result = await run(shell, "kvdb.sh", action, store, options);
        assert.match(result.err, message);
        assert.equal(result.status, 1);
      }
      assert.equal(bytes(file), plain);
    };
    chmodSync(join(directory, ".."), 0o755);
    chmodSync(file, 0o600);
    await refused(/cannot be read by/);
    chmodSync(file, 0o644);
    await refused(/cannot be written by/);
    chmodSync(file, 0o666);
    await refused(/conf: cannot be written by .* copy beside it/);
    chmodSync(join(directory, "conf"), 0o777);
    const result = await run(shell, "kvdb.sh", "apply", store, options);
    assert.match(result.err, /owner or mode would change/);
    assert.equal(bytes(file), plain);
    assert.deepEqual(readdirSync(join(directory, "conf")), ["server.conf"]);
  });

  test(
    `a mount point and a full disk, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async (t) => {
      const { directory, file, parameters } = setUp();
      const disk = join(directory, "disk");
      mkdirSync(disk);
      if (
        spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=755", "none", disk]).status !== 0
      ) {
        t.skip("cannot mount");
        return;
      }
      try {
        const big = `[kvdb]\nhost=a\n[x]\ny=${"z".repeat(40_000)}\n`;
        const full = join(disk, "server.conf");
        writeFileSync(full, big);
        const onDisk: Parameters = { ...parameters, FILE: full };
        const before = identity(full);
        const apply = await run(shell, "kvdb.sh", "apply", onDisk);
        assert.equal(apply.status, 1);
        assert.match(apply.err, /disk full\?\); .* is untouched/);
        assert.deepEqual(
          [identity(full), bytes(full), readdirSync(disk), existsSync(onDisk.STORE ?? "")],
          [before, big, ["server.conf"], false],
        );

        writeFileSync(join(disk, "server.conf"), "x".repeat(65_536));
        const inStore = await run(shell, "kvdb.sh", "apply", {
          ...parameters,
          STORE: join(disk, "store"),
        });
        assert.equal(inStore.status, 1);
        assert.match(inStore.err, /disk full\?\); .* is untouched/);
        assert.equal(bytes(file), plain);
        assert.deepEqual(readdirSync(join(directory, "conf")), ["server.conf"]);
      } finally {
        spawnSync("umount", [disk]);
      }
      const source = join(directory, "source");
      writeFileSync(source, plain);
      if (spawnSync("mount", ["--bind", source, file]).status !== 0) {
        t.skip("cannot bind");
        return;
      }
      try {
        for (const action of ["check", "apply"] as const) {
          const result = await run(shell, "kvdb.sh", action, parameters);
          assert.equal(result.status, 1);
          assert.match(result.err, /is a mount point/);
        }
        assert.equal(bytes(file), plain);
      } finally {
        spawnSync("umount", [file]);
      }
    },
  );

  test(`a rename that fails, ${shell.name}`, async () => {
    const { directory, file, parameters } = setUp();
    const prelude = `mv() { case "$3" in ${file}) echo "mv: x: Device or resource busy" >&2; return 1;; esac; command mv "$@"; }`;
    const result = await run(shell, "kvdb.sh", "apply", parameters, { prelude });
    assert.equal(result.status, 1);
    assert.match(result.err, /cannot be replaced \(Device or resource busy\); it is untouched/);
    assert.deepEqual(
      [bytes(file), readdirSync(join(directory, "conf")), existsSync(join(directory, "store"))],
      [plain, ["server.conf"], false],
    );
  });

  test(`mode, owner and symbolic link stay, ${shell.name}`, async () => {
    const { directory, file, parameters } = setUp();
    chmodSync(file, 0o640);
    if (isRoot) chownSync(file, 1234, 2345);
    const link = join(directory, "link");
    symlinkSync("link2", link);
    symlinkSync("conf/server.conf", join(directory, "link2"));
    const { mode, uid, gid } = statSync(file);
    for (const action of ["apply", "remove"] as const) {
      const result = await run(shell, "kvdb.sh", action, { ...parameters, FILE: link });
      assert.deepEqual([result.status, result.err], [0, ""]);
      if (action === "apply") assert.equal(statSync(join(directory, "store")).mode & 0o777, 0o700);
      if (action === "apply")
        for (const name of readdirSync(join(directory, "store")))
          assert.equal(statSync(join(directory, "store", name)).mode & 0o777, 0o600);
      const now = statSync(file);
      assert.deepEqual([now.mode, now.uid, now.gid], [mode, uid, gid]);
      assert.equal(lstatSync(link).isSymbolicLink(), true);
      assert.equal(bytes(file), action === "apply" ? plain.replace("=a", "=redis1") : plain);
    }
  });

  test(`killed at every rename and fsync, ${shell.name}`, async () => {
    const original = "[kvdb]\nhost = a # c\nport =\n[x]";
    const first = "host=redis1\nport?=1\nnew=n";
    const second = "host=redis2\nother=o";
    // Each rename, before and after; and in between, at each fsync.
    const points = [
      ...[1, 2, 3, 4].flatMap((call) =>
        ["before", "after"].map((when) => ({ program: "mv", call, when })),
      ),
      ...[1, 2, 3, 4].map((call) => ({ program: "sync", call, when: "before" })),
    ];
    let killed = 0;
    await inPairs(points, async ({ program, call, when }) => {
      for (const scenario of ["first", "second", "remove"] as const) {
        const { directory, file, parameters } = setUp(original, first);
        if (scenario !== "first") await run(shell, "kvdb.sh", "apply", parameters);
        const count = join(directory, "count");
        const prelude = `${program}() {
    echo x >>${count}
    n=$(($(wc -l <${count})))
    [ $n != ${call} ] || [ ${when} = after ] || { kill -9 $$; exit 1; }
    command ${program} "$@"
    ended=$?
    [ $n != ${call} ] || { kill -9 $$; exit 1; }
    return $ended
}`;
        const wanted = scenario === "second" ? second : first;
        const attempt = await run(
          shell,
          "kvdb.sh",
          scenario === "remove" ? "remove" : "apply",
          { ...parameters, WANTED: wanted },
          { prelude },
        );
        if (attempt.signal === "SIGKILL") killed++;
        // Whatever it was killed in: complete, never half.
        const versions = [
          original,
          "[kvdb]\nhost = redis1 # c\nport = 1\nnew = n\n[x]",
          "[kvdb]\nhost = redis2 # c\nport =\nother = o\n[x]",
        ];
        assert.ok(versions.includes(bytes(file)), bytes(file));

        if (scenario !== "remove" && call % 2 === 0) {
          const again = await run(shell, "kvdb.sh", "apply", { ...parameters, WANTED: second });
          assert.deepEqual([again.status, again.err], [0, ""]);
          assert.equal(bytes(file), versions[2]);
        }
        const remove = await run(shell, "kvdb.sh", "remove", parameters);
        assert.deepEqual(
          [remove.status, remove.err],
          [0, ""],
          `${scenario} ${program} ${call} ${when}`,
        );
        assert.equal(bytes(file), original, `${scenario} ${program} ${call} ${when}`);
        assert.deepEqual(readdirSync(join(directory, "conf")), ["server.conf"]);
        assert.equal(existsSync(join(directory, "store")), false);
      }
    });
    assert.ok(killed >= 20, `only ${killed} runs were killed`);
  });

  test(`what others change stays, ${shell.name}`, async () => {
    const { directory, file, parameters } = setUp(
      "[kvdb]\nhost=a\nport=1 # c\nerrors=0\n[x]\ny=1\n",
      "host=redis1\nport=2\nerrors=1\nnew=n\nnewer=m",
    );
    assert.equal((await run(shell, "kvdb.sh", "apply", parameters)).status, 0);
    const edited = bytes(file);
    assert.equal(edited, "[kvdb]\nhost=redis1\nport=2 # c\nerrors=1\nnew=n\nnewer=m\n[x]\ny=1\n");
    // A value of ours, a comment of ours, an added key of ours, a line taken out, and the rest of
    // the file.
    writeFileSync(
      file,
      "# top\n" +
        edited
          .replace("=redis1", "=theirs")
          .replace("=2 # c", " =  2  # why")
          .replace("newer=m", "newer=k")
          .replace("errors=1\n", "")
          .replace("y=1", "y=2\n[z]\nhost=9"),
    );
    const remove = await run(shell, "kvdb.sh", "remove", parameters);
    assert.equal(remove.status, 0);
    assert.equal(
      bytes(file),
      "# top\n[kvdb]\nhost=theirs\nport =  1  # why\nnewer=k\n[x]\ny=2\n[z]\nhost=9\n",
    );
    assert.match(remove.err, /line 3: host was changed by somebody else since; left as it is/);
    assert.match(remove.err, /newer was changed/);
    assert.match(remove.err, /errors is no longer in \[kvdb\]/);
    assert.doesNotMatch(remove.err, /port|theirs/);
    assert.equal(existsSync(join(directory, "store")), false);
    const twice = await run(shell, "kvdb.sh", "remove", parameters);
    assert.deepEqual([twice.status, twice.err], [0, ""]);
  });

  test(`apply sets what somebody changed, and the first original comes back, ${shell.name}`, async () => {
    const { file, parameters } = setUp(plain, "host=redis1\nport?=7");
    await run(shell, "kvdb.sh", "apply", parameters);
    writeFileSync(file, bytes(file).replace("redis1", "theirs"));
    await run(shell, "kvdb.sh", "apply", parameters);
    assert.equal(bytes(file), "[kvdb]\nhost=redis1 # c\nport=1\n");
    await run(shell, "kvdb.sh", "remove", parameters);
    assert.equal(bytes(file), plain);
  });

  test(`changed wishes, ${shell.name}`, async () => {
    const original = '[kvdb]\nhost =\nport =   # c\nerrors = "x"';
    const { directory, file, parameters } = setUp(original, "");
    const steps: readonly (readonly [string, string])[] = [
      ["host?=a\nport=1\nnew=n", '[kvdb]\nhost = a\nport = 1   # c\nerrors = "x"\nnew = n'],
      ["host?=b\nport=\nerrors=y", "[kvdb]\nhost = b\nport =   # c\nerrors = y"],
      ["port=22\nnew=n\nnewer=", '[kvdb]\nhost =\nport = 22   # c\nerrors = "x"\nnew = n\nnewer ='],
      ["errors=", "[kvdb]\nhost =\nport =   # c\nerrors = "],
    ];
    for (const [wanted, expected] of steps) {
      const result = await run(shell, "kvdb.sh", "apply", { ...parameters, WANTED: wanted });
      assert.deepEqual([result.status, result.err, bytes(file)], [0, "", expected]);
    }
    await run(shell, "kvdb.sh", "remove", parameters);
    assert.equal(bytes(file), original);
    assert.equal(existsSync(join(directory, "store")), false);
  });

  test(`a file that is gone, two files and two stanzas in one store, ${shell.name}`, async () => {
    const { directory, file, parameters } = setUp("[kvdb]\nhost=a\n[broker]\nhost=b\n");
    const other = join(directory, "conf", "server_conf");
    writeFileSync(other, plain);
    // Both names become the same file name in the store.
    const twin = join(directory, "conf", "server conf");
    writeFileSync(twin, "[kvdb]\nhost=twin\n");
    const all = [
      parameters,
      { ...parameters, STANZA: "broker" },
      { ...parameters, FILE: other },
      { ...parameters, FILE: twin },
    ];
    for (const each of all) assert.equal((await run(shell, "kvdb.sh", "apply", each)).status, 0);
    assert.equal(readdirSync(join(directory, "store")).length, 4);
    renameSync(file, join(directory, "moved"));
    const gone = await run(shell, "kvdb.sh", "remove", parameters);
    assert.equal(gone.status, 0);
    assert.match(gone.err, /is gone, so there is nothing to put back/);
    renameSync(join(directory, "moved"), file);
    for (const each of all) assert.equal((await run(shell, "kvdb.sh", "remove", each)).status, 0);
    assert.deepEqual(
      [bytes(file), bytes(other), bytes(twin)],
      ["[kvdb]\nhost=redis1\n[broker]\nhost=b\n", plain, "[kvdb]\nhost=twin\n"],
    );
    assert.equal(existsSync(join(directory, "store")), false);
  });

  test(`secrets stay off the command line and the messages, ${shell.name}`, async () => {
    const { directory, file, parameters } = setUp(plain, "host=s3cr3t-%(x)s\nport=1");
    const seen = join(directory, "seen");
    const prelude = [
      "awk",
      "cat",
      "cp",
      "mv",
      "sed",
      "tr",
      "wc",
      "sync",
      "ls",
      "rm",
      "mkdir",
      "tail",
      "cksum",
    ]
      .map((program) => `${program}() { { echo "$*"; env; } >>${seen}; command ${program} "$@"; }`)
      .join("\n");
    for (const action of ["check", "apply", "remove"] as const) {
      const result = await run(shell, "kvdb.sh", action, parameters, {
        prelude,
        env: { WANTED: "x", STORE: "x" },
      });
      assert.equal(result.status, action === "check" ? 3 : 0, result.err);
      assert.doesNotMatch(result.out + result.err, /s3cr3t/);
      if (action === "check")
        assert.match(result.out, /^warning: .*the value of host contains %\(/m);
      assert.equal(result.err, "");
    }
    assert.doesNotMatch(readFileSync(seen, "latin1"), /s3cr3t/);
    assert.equal(bytes(file), plain);
  });
}
