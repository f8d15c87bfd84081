import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import test from "node:test";
import {
  asBytes,
  bytes,
  find,
  identity,
  inPairs,
  isRoot,
  newDirectory,
  random,
  run,
  shells,
  type Parameters,
} from "../../support/editShells.ts";

const script = "hosts-entries.sh";
const entries = "127.0.0.1 redis1\n127.0.0.1 redis2";

function setUp(text: string): {
  directory: string;
  file: string;
  of: (owner: string, lines?: string) => Parameters;
} {
  const directory = newDirectory();
  mkdirSync(join(directory, "etc"));
  const file = join(directory, "etc", "hosts");
  writeFileSync(file, text, "latin1");
  return {
    directory,
    file,
    of: (owner, lines = entries) => ({ FILE: file, OWNER: owner, ENTRIES: lines }),
  };
}

const lockOf = (file: string): string =>
  join(dirname(file), `.${basename(file)}.pulumi-redis-ha.lock`);

function block(owner: string, lines = entries, note = ""): string {
  return `# BEGIN ${owner} (Pulumi; do not edit${note})\n${lines}\n# END ${owner}\n`;
}
const note = "; no newline before";

const files: readonly (readonly [string, string])[] = [
  ["a usual file", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"],
  ["an empty file", ""],
  ["one newline", "\n"],
  ["no final newline", "127.0.0.1 localhost"],
  ["CRLF", "127.0.0.1 localhost\r\n10.0.0.1 a\r\n"],
  ["CRLF, no final newline", "127.0.0.1 localhost\r\n10.0.0.1 a"],
  ["a carriage return at the end", "127.0.0.1 localhost\n10.0.0.1 a\r"],
  ["one CRLF line without its \\n", "127.0.0.1 localhost\r"],
  [
    "non-ASCII and tabs",
    asBytes("127.0.0.1\tlocalhost\t# Größe 🚀 \u0085\n\t10.0.0.1\tbücher \n\n\n"),
  ],
  [
    "bytes that are no UTF-8",
    Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1))
      .join("")
      .replace("\n", "") + "\n",
  ],
  [
    "the same name with the same address",
    "127.0.0.1 localhost REDIS1 # redis2\n#10.0.0.1 redis1\n127.0.0.1 xredis1 redis1x\n",
  ],
  [
    "a block of something else",
    "# BEGIN ANSIBLE MANAGED BLOCK\n10.0.0.1 a\n# END ANSIBLE MANAGED BLOCK\n",
  ],
];

for (const shell of shells) {
  test(`files, ${shell.name}`, async (t) => {
    await inPairs(files, async ([name, text]) => {
      await t.test(name, async () => {
        const { directory, file, of } = setUp(text);
        const before = identity(file);
        const check = await run(shell, script, "check", of("prh/dev"));
        assert.deepEqual([check.status, check.err, identity(file)], [3, "", before]);
        const apply = await run(shell, script, "apply", of("prh/dev"));
        assert.deepEqual([apply.status, apply.err], [0, ""]);
        const newline =
          text.split("\n")[0]?.endsWith("\r") === true && text.includes("\n") ? "\r\n" : "\n";
        const unfinished = text !== "" && !text.endsWith("\n");
        const expected = block("prh/dev", entries, unfinished ? note : "").replaceAll(
          "\n",
          newline,
        );
        assert.equal(bytes(file), text + (unfinished ? newline : "") + expected);

        const applied = identity(file);
        const again = await run(shell, script, "apply", of("prh/dev"));
        assert.deepEqual(
          [again.out, again.err, identity(file)],
          [`${file}: unchanged\n`, "", applied],
        );

        const changed = await run(shell, script, "apply", of("prh/dev", "127.0.0.1 redis9"));
        assert.equal(changed.status, 0);
        assert.equal(
          bytes(file),
          text +
            (unfinished ? newline : "") +
            expected.replaceAll(entries.replace("\n", newline), "127.0.0.1 redis9"),
        );

        const remove = await run(shell, script, "remove", of("prh/dev"));
        assert.deepEqual([remove.status, remove.err, bytes(file)], [0, "", text]);
        const removed = identity(file);
        const twice = await run(shell, script, "remove", of("prh/dev"));
        assert.deepEqual([twice.status, twice.err, identity(file)], [0, "", removed]);
        assert.deepEqual(
          [readdirSync(join(directory, "etc")), existsSync(lockOf(file))],
          [["hosts"], false],
        );
      });
    });
  });

  test(`what others change stays, ${shell.name}`, async () => {
    const { file, of } = setUp("127.0.0.1 localhost");
    await run(shell, script, "apply", of("a"));
    await run(shell, script, "apply", of("b"));
    writeFileSync(
      file,
      `10.0.0.1 top\n${bytes(file).replace("redis2\n# END a\n", "redis2 # mine\n10.9.9.9 redis1\n# END a\n10.0.0.2 between\n")}10.0.0.3 end`,
    );
    // The block of a was edited inside: replaced as a whole, in its place.
    await run(shell, script, "apply", of("a", "127.0.0.1 redis3"));
    assert.equal(
      bytes(file),
      `10.0.0.1 top\n127.0.0.1 localhost\n${block("a", "127.0.0.1 redis3", note)}10.0.0.2 between\n${block("b")}10.0.0.3 end`,
    );
    await run(shell, script, "remove", of("b"));
    await run(shell, script, "remove", of("a"));
    assert.equal(bytes(file), "10.0.0.1 top\n127.0.0.1 localhost\n10.0.0.2 between\n10.0.0.3 end");
  });

  test(`refusals, ${shell.name}`, async () => {
    const cases: readonly (readonly [string, string, RegExp, Partial<Parameters>?])[] = [
      [
        "no end",
        `a\n# BEGIN o (Pulumi; do not edit)\n127.0.0.1 x\n`,
        /line 2: the block of o has no line # END o; complete or delete it by hand/,
      ],
      [
        "another block begins in ours",
        `# BEGIN o (Pulumi; do not edit)\n${block("p")}# END o\n`,
        /line 1: the block of o has no line # END o before line 2/,
      ],
      [
        "another block ends in ours",
        "# BEGIN o (Pulumi; do not edit)\n# END p\n# END o\n",
        /line 1: the block of o has no line/,
      ],
      [
        "no beginning",
        "127.0.0.1 x\n# END o\n",
        /line 2: an end of the block of o without its beginning/,
      ],
      ["twice", block("o") + block("o"), /line 5: a second block of o \(the first is in line 1\)/],
      [
        "mapped elsewhere",
        "10.0.0.1 a\n10.0.0.2\tb Redis2 # c\n",
        /line 2: redis2 is already mapped to "10\.0\.0\.2", .*delete or change that line.*\("10\.0\.0\.2\?b Redis2 # c"\)/,
      ],
      [
        "mapped elsewhere before a block that never ends",
        "10.0.0.5 redis1\n# BEGIN x (Pulumi; do not edit)\n",
        /line 1: redis1 is already mapped to "10\.0\.0\.5"/,
      ],
      [
        "mapped elsewhere before another's block",
        `10.0.0.5 redis1\n${block("x", "127.0.0.1 y")}`,
        /line 1: redis1 is already mapped to "10\.0\.0\.5"/,
      ],
      [
        "mapped elsewhere in another's block",
        block("x", "10.0.0.5 redis1"),
        /line 2: redis1 is already mapped .*in the block of x\)/,
      ],
      [
        "mapped elsewhere behind ours",
        `${block("o")}10.0.0.5 redis1\n`,
        /line 5: redis1 is already mapped/,
      ],
      [
        "mapped elsewhere behind ours, to IPv6",
        `${block("o")}127.0.0.1 a\n::1 b redis1`,
        /line 6: redis1 is already mapped to "::1"/,
      ],
      [
        "mapped elsewhere, parted by a form feed",
        "10.0.0.5\fredis1\n",
        /line 1: redis1 is already mapped .*\("10\.0\.0\.5\?redis1"\)/,
      ],
      [
        "what a terminal would obey",
        `\u001b[2J${"x".repeat(500)} redis1\n`,
        /^[ -~\n]{0,700}line 1: redis1 [ -~\n]{0,700}$/,
      ],
      [
        "mapped elsewhere, in a block that never ends",
        "# BEGIN p (Pulumi; do not edit)\n10.0.0.2 redis1\n",
        /line 2: redis1 is already mapped/,
      ],
      [
        "an entry without a name",
        "",
        /ENTRIES: line 1 is not address name/,
        { ENTRIES: "127.0.0.1" },
      ],
      ["an entry with a comment", "", /ENTRIES: line 1 is not/, { ENTRIES: "127.0.0.1 x # y" }],
      ["two addresses", "", /ENTRIES: x has two addresses/, { ENTRIES: "127.0.0.1 x\n10.0.0.1 X" }],
      ["no entries", "", /ENTRIES is empty/, { ENTRIES: "" }],
      ["a bad owner", "", /OWNER must consist of/, { OWNER: "a b" }],
      ["NUL", "a\0", /NUL/],
      ["a relative path", "", /FILE must be an absolute path/, { FILE: "hosts" }],
      ["no such file", "", /no such file/, { FILE: "/nowhere/hosts" }],
      ["a directory", "", /not a regular file/, { FILE: "/dev" }],
    ];
    await inPairs(cases, async ([name, text, message, changes = {}]) => {
      const { directory, file, of } = setUp(text);
      const before = identity(file);
      for (const action of ["check", "apply"] as const) {
        const parameters: Record<string, string> = { ...of("o") };
        for (const [key, value] of Object.entries(changes))
          if (value !== undefined) parameters[key] = value;
        const result = await run(shell, script, action, parameters);
        assert.equal(result.status, 1, name);
        assert.match(result.err, message, name);
      }
      assert.deepEqual(
        [identity(file), readdirSync(join(directory, "etc"))],
        [before, ["hosts"]],
        name,
      );
    });
  });

  test(`mode, owner and symbolic link stay, ${shell.name}`, async () => {
    const { directory, file, of } = setUp("127.0.0.1 localhost\n");
    chmodSync(file, 0o664);
    if (isRoot) chownSync(file, 1234, 2345);
    const link = join(directory, "link");
    symlinkSync("etc/hosts", link);
    const { mode, uid, gid } = statSync(file);
    for (const action of ["apply", "remove"] as const) {
      assert.equal((await run(shell, script, action, { ...of("o"), FILE: link })).status, 0);
      const now = statSync(file);
      assert.deepEqual(
        [now.mode, now.uid, now.gid, lstatSync(link).isSymbolicLink()],
        [mode, uid, gid, true],
      );
    }
  });

  test(
    `a mount point is written in place, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async (t) => {
      const { directory, file, of } = setUp("");
      const disk = join(directory, "disk");
      mkdirSync(disk);
      if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", disk]).status !== 0) {
        t.skip("cannot mount");
        return;
      }
      const text = "127.0.0.1 localhost\n10.0.0.1 " + "x".repeat(5000);
      const source = join(disk, "source");
      writeFileSync(source, text);
      try {
        if (spawnSync("mount", ["--bind", source, file]).status !== 0) {
          t.skip("cannot bind");
          return;
        }
        const inode = statSync(file).ino;
        assert.equal((await run(shell, script, "apply", of("o"))).status, 0);
        assert.equal(bytes(file), `${text}\n${block("o", entries, note)}`);
        await run(shell, script, "apply", of("o", "127.0.0.1 r"));
        assert.equal(bytes(file), `${text}\n${block("o", "127.0.0.1 r", note)}`);
        assert.equal((await run(shell, script, "remove", of("o"))).status, 0);
        assert.deepEqual(
          [bytes(file), statSync(file).ino, readdirSync(join(directory, "etc"))],
          [text, inode, ["hosts"]],
        );

        // A full disk: what was written so far is undone.
        const almost = text.padEnd(8190, "x");
        writeFileSync(source, almost);
        spawnSync("dd", ["if=/dev/zero", `of=${join(disk, "fill")}`, "bs=4096"]);
        const full = await run(shell, script, "apply", of("o"));
        assert.equal(full.status, 1);
        assert.match(full.err, /cannot be written \(disk full\?\); it is as it was/);
        assert.equal(bytes(file), almost);
        assert.equal(existsSync(lockOf(file)), false);
      } finally {
        spawnSync("umount", [file]);
        spawnSync("umount", [disk]);
      }
    },
  );

  test(
    `without the rights: sudo, or a message, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async () => {
      const { directory, file, of } = setUp("127.0.0.1 localhost\n");
      const through = [find("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"];
      const calls = join(directory, "calls");
      writeFileSync(calls, "");
      chmodSync(calls, 0o666);
      for (const path of [file, join(directory, "etc")]) chownSync(path, 65534, 65534);
      const lock = (): void => {
        chmodSync(file, 0o444);
        chmodSync(join(directory, "etc"), 0o555);
      };
      chmodSync(join(directory, ".."), 0o755);
      lock();
      const noSudo = "sudo() { return 1; }";
      for (const action of ["check", "apply"] as const) {
        const result = await run(shell, script, action, of("o"), { through, prelude: noSudo });
        assert.equal(result.status, 1);
        assert.match(
          result.err,
          /needs root, .*\n.*\nsudo tee -a .*hosts <<'END'\n# BEGIN o \(Pulumi; do not edit\)\n127\.0\.0\.1 redis1\n127\.0\.0\.1 redis2\n# END o\nEND\n/,
        );
      }
      assert.equal(bytes(file), "127.0.0.1 localhost\n");
      // Stands in for more rights: it gives the owner back what the test took away.
      const sudo = `sudo() { echo "$1 $2" >>${calls}; [ "$2" != true ] || return 0; shift; chmod u+w ${file} ${join(directory, "etc")}; "$@"; }`;
      const apply = await run(shell, script, "apply", of("o"), { through, prelude: sudo });
      assert.deepEqual(
        [apply.status, apply.err, bytes(file)],
        [0, "", `127.0.0.1 localhost\n${block("o")}`],
      );
      lock();
      // Right already: no rights are needed.
      const again = await run(shell, script, "apply", of("o"), { through, prelude: noSudo });
      assert.deepEqual([again.status, again.out], [0, `${file}: unchanged\n`]);
      const remove = await run(shell, script, "remove", of("o"), { through, prelude: noSudo });
      assert.equal(remove.status, 1);
      assert.match(remove.err, /Delete this block by hand/);
      assert.equal(
        (await run(shell, script, "remove", of("o"), { through, prelude: sudo })).status,
        0,
      );
      assert.equal(bytes(file), "127.0.0.1 localhost\n");
      assert.equal(bytes(calls), "-n true\n-n sh\n-n true\n-n sh\n");
    },
  );

  test(`a holder of the lock that died, and one that lives, ${shell.name}`, async () => {
    const { directory, file, of } = setUp("127.0.0.1 localhost\n");
    const killed = await run(shell, script, "apply", of("o"), { prelude: "cp() { kill -9 $$; }" });
    assert.equal(killed.signal, "SIGKILL", killed.err);
    assert.equal(existsSync(lockOf(file)), true);
    const apply = await run(shell, script, "apply", of("o"));
    assert.deepEqual(
      [apply.status, apply.err, readdirSync(join(directory, "etc"))],
      [0, "", ["hosts"]],
    );

    mkdirSync(lockOf(file));
    const orphan = await run(shell, script, "remove", of("o"));
    assert.deepEqual([orphan.status, orphan.err, existsSync(lockOf(file))], [0, "", false]);

    const birth = readFileSync("/proc/self/stat", "utf8").replace(/.*\) /, "").split(" ")[19] ?? "";
    const space = readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "");
    mkdirSync(join(lockOf(file), `${process.pid}.${birth}.${space}`), { recursive: true });
    try {
      // Each look at the clock is a second.
      const looks = join(directory, "looks");
      const prelude = `date() { echo x >>${looks}; wc -l <${looks}; }\nsleep() { :; }`;
      const waited = await run(shell, script, "apply", of("o"), { prelude });
      assert.equal(waited.status, 1);
      assert.match(
        waited.err,
        new RegExp(`waiting for the lock since \\d+ s; process ${process.pid} is at work on it`),
      );
      assert.match(
        waited.err,
        new RegExp(
          `waited \\d+ s for the lock \\S+lock, held by process ${process.pid}; .*delete that directory`,
        ),
      );
      assert.equal(existsSync(lockOf(file)), true);
    } finally {
      rmSync(lockOf(file), { recursive: true });
    }
  });

  test(`twelve at once, where each takes long: all wait for as long as the lock changes hands, ${shell.name}`, async () => {
    const { directory, file, of } = setUp("127.0.0.1 localhost\n");
    const owners = Array.from({ length: 12 }, (_, index) => `prh/stack-${index}`);
    // Longer, all of them together, than anybody waited once.
    const results = await Promise.all(
      owners.map((owner) =>
        run(shell, script, "apply", of(owner), { prelude: 'cp() { sleep 1; command cp "$@"; }' }),
      ),
    );
    for (const result of results) assert.equal(result.status, 0, result.err);
    for (const owner of owners) assert.ok(bytes(file).includes(`# END ${owner}\n`), owner);
    assert.deepEqual(readdirSync(join(directory, "etc")), ["hosts"]);
  });

  test(`nobody else's files make it wait or lead it elsewhere, ${shell.name}`, async () => {
    const { directory, file, of } = setUp("127.0.0.1 localhost\n");
    const victim = join(directory, "victim");
    mkdirSync(victim);
    writeFileSync(join(victim, "new"), "kept");
    const former = `/tmp/pulumi-redis-ha${file.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(-120)}.lock`;
    mkdirSync(former);
    try {
      symlinkSync(victim, join(former, "999999999"));
      mkdirSync(join(former, String(process.pid)));
      const { status, err } = await run(shell, script, "apply", of("o"));
      assert.deepEqual([status, err, bytes(join(victim, "new"))], [0, "", "kept"]);
    } finally {
      rmSync(former, { recursive: true });
    }
  });

  test(
    `what keeps root from writing is named, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async (t) => {
      const { directory, file, of } = setUp("127.0.0.1 localhost\n");
      // Not every file system has immutable files.
      const disk = mkdtempSync(join(tmpdir(), "prh-immutable-"));
      const immutable = join(disk, "hosts");
      writeFileSync(immutable, bytes(file));
      const refused = async (path: string, message: RegExp) => {
        for (const action of ["check", "apply"] as const) {
          const { status, err } = await run(shell, script, action, { ...of("o"), FILE: path });
          assert.equal(status, 1);
          assert.match(err, message);
          assert.doesNotMatch(err, /needs root|sudo/);
        }
      };
      try {
        for (const flag of ["i", "a"]) {
          if (spawnSync("chattr", [`+${flag}`, immutable]).status !== 0)
            t.diagnostic("no chattr here");
          else await refused(immutable, /is immutable or append-only: see lsattr/);
          spawnSync("chattr", [`-${flag}`, immutable]);
        }
      } finally {
        rmSync(disk, { recursive: true });
      }
      const etc = join(directory, "etc");
      if (spawnSync("mount", ["--bind", etc, etc]).status !== 0) {
        t.diagnostic("cannot mount");
        return;
      }
      try {
        assert.equal(spawnSync("mount", ["-o", "remount,bind,ro", etc]).status, 0);
        await refused(file, /is on a file system that is mounted read-only/);
      } finally {
        spawnSync("umount", [etc]);
      }
    },
  );

  test(
    `in somebody else's directory root does what its owner may, whatever is swapped there, ${shell.name}`,
    { skip: !isRoot && "needs root" },
    async (t) => {
      const { directory, file, of } = setUp("127.0.0.1 localhost\n");
      const [etc, secret, rootOnly] = [
        join(directory, "etc"),
        join(directory, "secret"),
        "root-only, not for anybody\n",
      ];
      writeFileSync(secret, rootOnly, { mode: 0o600 });
      chmodSync(join(directory, ".."), 0o755);
      for (const path of [etc, file]) chownSync(path, 65534, 65534);
      const quiet = await run(shell, script, "apply", of("o"));
      assert.deepEqual(
        [quiet.status, quiet.err, statSync(file).uid, bytes(file)],
        [0, "", 65534, `127.0.0.1 localhost\n${block("o")}`],
      );
      const before = identity(secret);
      const intact = () => {
        assert.deepEqual([identity(secret), bytes(secret)], [before, rootOnly]);
        // Whatever comes and goes meanwhile; only what the other one could read may be in there.
        const found = spawnSync("grep", ["-rl", "root-only", etc], { encoding: "utf8" });
        assert.equal(found.stdout, "");
      };

      // A link in place of the file, and of a directory on the way.
      const [link, way] = [join(etc, "link"), join(etc, "way")];
      symlinkSync(secret, link);
      symlinkSync(directory, way);
      for (const path of [link, join(way, "secret")]) {
        for (const action of ["check", "apply", "remove"] as const) {
          const { status, err } = await run(shell, script, action, { ...of("o"), FILE: path });
          assert.equal(status, 1, path);
          assert.match(err, /cannot be read by|no such file|is not a regular file/);
          intact();
        }
      }

      const rounds = Number(process.env.ROUNDS ?? 20);
      t.diagnostic(`${rounds} rounds`);
      const hostile = spawn(
        find("setpriv"),
        [
          ...["--pdeathsig=KILL", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c"],
          `cd ${etc} || exit; while :; do
          for each in .hosts.pulumi-redis-ha.*; do
            [ -e "$each" ] || continue
            ln -sf ${secret} "$each/new"; ln -sf ${directory} "$each/999999.1.1"; rm -rf "$each"; ln -s ${secret} "$each"; rm -rf "$each"; ln -s ${directory} "$each"; rm -rf "$each"
          done
          mv -T hosts kept && ln -s ${secret} hosts; mv -T kept hosts
        done`,
        ],
        { stdio: "ignore" },
      );
      try {
        for (let round = 0; round < rounds; round++) {
          const owner = `o${round % 3}`;
          // How it ends is the hostile one's to say.
          await run(shell, script, round % 2 === 0 ? "apply" : "remove", of(owner), {
            prelude: "most_seconds=2; sleep() { command sleep 0.05; }",
          });
          intact();
        }
      } finally {
        hostile.kill("SIGKILL");
      }
    },
  );

  test(`eight stacks at once, ${shell.name}`, async () => {
    const seed = 20_240_601;
    const below = random(seed);
    const text = "127.0.0.1 localhost\n10.0.0.1 a";
    const { directory, file, of } = setUp(text);
    const owners = Array.from({ length: 8 }, (_, index) => `prh/stack-${index}`);
    for (const round of ["apply", "mixed", "remove"] as const) {
      const results = await Promise.all(
        owners.flatMap((owner) => {
          const action = round === "mixed" ? (below(2) === 0 ? "apply" : "remove") : round;
          return run(shell, script, action, of(owner, `127.0.0.1 redis${below(9)}`));
        }),
      );
      for (const result of results)
        assert.deepEqual([result.status, result.err], [0, ""], `seed ${seed}`);
      if (round === "apply")
        for (const owner of owners)
          assert.ok(bytes(file).includes(`# END ${owner}\n`), `seed ${seed}: ${owner}`);
    }
    assert.deepEqual(
      [bytes(file), readdirSync(join(directory, "etc")), existsSync(lockOf(file))],
      [text, ["hosts"], false],
    );
  });

  test(`stacks come and go in any order, ${shell.name}`, async (t) => {
    const seed = Date.now() % 1_000_000;
    t.diagnostic(`seed ${seed}`);
    const below = random(seed);
    const texts = ["127.0.0.1 a", "127.0.0.1 a\n", "", "10.0.0.1 a\r\n10.0.0.2 b"];
    await inPairs(texts, async (text) => {
      const { file, of } = setUp(text);
      const present = new Set<string>();
      for (let step = 0; step < 14; step++) {
        const owner = `s${below(4)}`;
        const action = present.has(owner) ? "remove" : "apply";
        if (action === "apply") present.add(owner);
        else present.delete(owner);
        assert.equal((await run(shell, script, action, of(owner))).status, 0);
        if (present.size === 0) assert.equal(bytes(file), text, `seed ${seed}`);
      }
      for (const owner of present) await run(shell, script, "remove", of(owner));
      assert.equal(bytes(file), text, `seed ${seed}`);
    });
  });
}
