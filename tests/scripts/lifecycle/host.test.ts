import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe } from "node:test";
import { quote } from "../../../hosts/shell.ts";
import {
  born,
  type Cluster,
  type ClusterArgs,
  eventually,
  inTurn,
  isGone,
  isRoot,
  listen,
  mountSmall,
  portsFrom,
  signal,
  sleep,
} from "../../support/cluster.ts";

portsFrom(47_000);

const single: ClusterArgs = { nodes: 1, sentinels: 0 };
const files = ["pid", "instance", "parameters", "settings.conf", "node.conf", "loaded", "created"];

/** Where a step waits for a limit of its own, it says so. */
const waited =
  /is not ready after|has not answered for|did not end within|has been at work on it|does not run/;

/** A create that must fail at once, with the reason, and leave nothing behind. */
async function assertRefused(
  cluster: Cluster,
  name: string,
  reason: RegExp,
  changes = {},
): Promise<void> {
  const { status, out, err } = await cluster.step("create", name, changes);
  assert.equal(status, 1, err);
  assert.match(err, reason);
  assert.doesNotMatch(out + err, waited);
  assert.ok(!existsSync(cluster.directory(name)));
  assert.ok(!existsSync(`${cluster.directory(name)}.lock`));
}

/** A process that is none of ours, but may be killed by us if the scripts are wrong. */
async function withForeign(command: string[], run: (pid: number) => Promise<void>): Promise<void> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "ignore" });
  try {
    await run(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
  }
}

describe("host.sh", { concurrency: 6 }, () => {
  inTurn("a second update changes nothing", single, async (cluster) => {
    await cluster.done("create", "node1");
    const before = cluster.snapshot("node1", ...files);
    await cluster.done("update", "node1");
    await cluster.done("create", "node1");
    assert.equal(cluster.snapshot("node1", ...files), before);
    const listing = readdirSync(cluster.directory("node1"), { recursive: true }).filter((file) =>
      /replies|\.new/.test(String(file)),
    );
    assert.deepEqual(listing, []);
  });

  inTurn(
    "a changed setting restarts with the same data; a new instance alone does not",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      await cluster.ask("node1", "SET", "a", "b");
      const pid = cluster.pid("node1");
      await cluster.done("update", "node1", { settings: { databases: "17" } });
      assert.notEqual(cluster.pid("node1"), pid);
      assert.ok(isGone(pid));
      assert.deepEqual(
        [
          await cluster.ask("node1", "GET", "a"),
          await cluster.ask("node1", "CONFIG", "GET", "databases"),
        ],
        ["b", "databases\n17"],
      );
      const second = cluster.pid("node1");
      await cluster.done("update", "node1", { settings: { databases: "17" }, instance: "another" });
      assert.equal(cluster.pid("node1"), second);
      assert.equal(cluster.file("node1", "instance"), "another");
    },
  );

  inTurn("create after a create that was killed at any time", single, async (cluster) => {
    for (const after of [5, 30, 80, 150, 300, 600]) {
      const killed = await cluster.step("create", "node1", {}, (child) =>
        setTimeout(() => signal(-(child.pid ?? 0), "SIGKILL"), after),
      );
      await cluster.done("create", "node1");
      assert.equal(
        await cluster.role("node1"),
        "master",
        `killed after ${after} ms: ${killed.err}`,
      );
      const pid = cluster.pid("node1");
      const { status } = await cluster.host("delete", cluster.directory("node1"));
      assert.equal(status, 0);
      assert.ok(isGone(pid));
      assert.equal(await cluster.ask("node1", "PING"), "");
    }
    assert.deepEqual(
      readdirSync(cluster.here).filter((entry) => entry.startsWith("node1")),
      [],
    );
  });

  inTurn("kill -9, then update: the same data", single, async (cluster) => {
    await cluster.done("create", "node1");
    await cluster.ask("node1", "SET", "a", "b");
    await cluster.kill("node1");
    await cluster.done("update", "node1");
    assert.equal(await cluster.ask("node1", "GET", "a"), "b");
    // Nobody says who is master: it must not say so by itself.
    assert.equal(await cluster.role("node1"), "slave");
  });

  inTurn("variables of whoever calls are not ours", single, async (cluster) => {
    cluster.environment = {
      PARENT: "somebody",
      FIRST_CREATION: "1",
      settings: "/nowhere",
      directory: "/nowhere",
      made: "1",
      pid: "1",
      instance: "x",
      auth: "1",
    };
    await cluster.done("create", "node1");
    writeFileSync(join(cluster.directory("node1"), "credentials"), "somebody's own\n");
    await cluster.done("update", "node1", { settings: { databases: "17" } });
    assert.equal((await cluster.host("stop", cluster.directory("node1"))).status, 0);
    await cluster.done("update", "node1");
    assert.equal(await cluster.role("node1"), "slave");
  });

  inTurn(
    "a stop: no snapshot where the append-only file has all, else one; nothing is lost",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      const stopAndStart = async (prefix: string, appendOnly?: boolean) => {
        cluster.args.appendOnly = appendOnly;
        await cluster.done("update", "node1");
        const keys = await cluster.write("node1", prefix);
        const before = cluster.log("node1").length;
        const { status } = await cluster.host("stop", cluster.directory("node1"));
        assert.equal(status, 0);
        await cluster.done("update", "node1");
        // Nobody says who the master is: it waits, with its data.
        assert.ok(await cluster.holds("node1", keys), prefix);
        await cluster.ask("node1", "REPLICAOF", "NO", "ONE");
        return cluster.log("node1").slice(before);
      };
      const saved = /Saving the final RDB snapshot|DB saved on disk/;
      assert.doesNotMatch(await stopAndStart("with the file"), saved);
      assert.match(await stopAndStart("without", false), saved);
    },
  );

  inTurn("start and stop", single, async (cluster) => {
    await cluster.done("create", "node1");
    const pid = cluster.pid("node1");
    assert.equal((await cluster.host("start", cluster.directory("node1"))).status, 0);
    assert.equal(cluster.pid("node1"), pid);
    rmSync(join(cluster.directory("node1"), "pid"));
    assert.equal((await cluster.host("stop", cluster.directory("node1"))).status, 0);
    assert.ok(isGone(pid), "stopped, though its pid file was lost");
    assert.equal((await cluster.host("stop", cluster.directory("node1"))).status, 0);
    assert.equal((await cluster.host("start", cluster.directory("node1"))).status, 0);
    assert.notEqual(await cluster.role("node1"), "");
  });

  inTurn("a pid file that names a foreign live process: never killed", single, async (cluster) => {
    await cluster.done("create", "node1");
    const ours = cluster.pid("node1");
    const [, birth] = cluster.file("node1", "pid").trim().split(" ");
    await cluster.kill("node1");
    await withForeign(["sleep", "60"], async (foreign) => {
      writeFileSync(join(cluster.directory("node1"), "pid"), `${foreign} ${birth}\n`);
      await cluster.done("update", "node1");
      assert.notEqual(cluster.pid("node1"), foreign);
      assert.notEqual(cluster.pid("node1"), ours);
      writeFileSync(join(cluster.directory("node1"), "pid"), `${foreign} ${birth}\n`);
      const second = await cluster
        .ask("node1", "INFO", "server")
        .then((text) => Number(/process_id:(\d+)/.exec(text)?.[1]));
      assert.equal((await cluster.host("delete", cluster.directory("node1"))).status, 0);
      assert.ok(!isGone(foreign));
      assert.ok(isGone(second), "found by its configuration");
    });
  });

  inTurn("a process that ended and was not reaped counts as gone", single, async (cluster) => {
    await cluster.done("create", "node1");
    await cluster.kill("node1");
    const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const zombie = await new Promise<number>((resolve) =>
        parent.stdout.once("data", (text: Buffer) => resolve(Number(text.toString()))),
      );
      writeFileSync(join(cluster.directory("node1"), "pid"), `${zombie} ${born(zombie)}\n`);
      await eventually("a zombie", () =>
        readFileSync(`/proc/${zombie}/stat`, "utf8").includes(") Z "),
      );
      const { out, err } = await cluster.done("update", "node1");
      assert.doesNotMatch(out + err, waited);
      assert.equal(await cluster.role("node1"), "slave");
    } finally {
      parent.kill("SIGKILL");
    }
  });

  inTurn("a lost pid file: the process is adopted, not doubled", single, async (cluster) => {
    await cluster.done("create", "node1");
    const pid = cluster.pid("node1");
    const before = cluster.file("node1", "pid");
    rmSync(join(cluster.directory("node1"), "pid"));
    await cluster.done("update", "node1");
    assert.equal(cluster.file("node1", "pid"), before);
    assert.ok(!isGone(pid));
  });

  inTurn("port taken by a foreign listener", single, async (cluster) => {
    const server = await listen(cluster.member("node1").port);
    try {
      await assertRefused(
        cluster,
        "node1",
        /ended before it was ready. The last lines of .*\/node1\/log:[^]*Could not create server TCP listening socket/,
      );
    } finally {
      server.close();
    }
  });

  inTurn(
    "port taken by another redis: says whose it is, which stays as it was",
    { nodes: 1, sentinels: 1 },
    async (cluster) => {
      for (const name of ["node1", "sentinel1"]) {
        const { port } = cluster.member(name);
        const directory = join(cluster.root, `other-${name}`);
        mkdirSync(directory);
        writeFileSync(
          join(directory, "other.conf"),
          `port ${port}\nbind 127.0.0.1\ndir ${directory}\nsave ""\n`,
        );
        await withForeign(["redis-server", join(directory, "other.conf")], async (pid) => {
          await eventually(
            "the other answers",
            async () => (await cluster.ask(name, "PING")) === "PONG",
          );
          await cluster.ask(name, "SET", "a", "b");
          await assertRefused(
            cluster,
            name,
            new RegExp(
              `port ${port} on localhost is taken by the server that runs on ${directory}/other\\.conf \\(pid ${pid}\\)`,
            ),
          );
          assert.equal(await cluster.ask(name, "GET", "a"), "b");
          assert.ok(!isGone(pid));
          await cluster.ask(name, "CONFIG", "SET", "requirepass", "secret");
          await assertRefused(
            cluster,
            name,
            new RegExp(`port ${port} on localhost is taken by a server that says: NOAUTH`),
          );
        });
      }
    },
  );

  inTurn(
    "port taken by another redis, which answers before ours has looked",
    single,
    async (cluster) => {
      const { port } = cluster.member("node1");
      const late = join(cluster.root, "late-cli");
      writeFileSync(
        late,
        `#!/bin/sh\ncase "$*" in *"INFO server"*) sleep 1 ;; esac\nexec redis-cli "$@"\n`,
        { mode: 0o755 },
      );
      await withForeign(
        ["redis-server", "--port", `${port}`, "--bind", "127.0.0.1", "--save", ""],
        async () => {
          await eventually(
            "the other answers",
            async () => (await cluster.ask("node1", "PING")) === "PONG",
          );
          await assertRefused(
            cluster,
            "node1",
            new RegExp(`port ${port} on localhost is taken by the server`),
            { cli: late },
          );
        },
      );
    },
  );

  inTurn("directory below a file", single, async (cluster) => {
    writeFileSync(join(cluster.here, "file"), "");
    const { status, err } = await cluster.sh(
      [join(cluster.here, "host.sh"), "create", join(cluster.here, "file", "node1")],
      await cluster.settings("node1"),
    );
    assert.equal(status, 1);
    assert.match(err, /here\/file is no directory/);
  });

  inTurn(
    "directory on a disk that cannot be written",
    single,
    async (cluster) => {
      const disk = join(cluster.root, "disk");
      mountSmall(disk, "ro,size=1m");
      const { status, err } = await cluster.sh(
        [join(cluster.here, "host.sh"), "create", join(disk, "node1")],
        await cluster.settings("node1"),
      );
      assert.equal(status, 1);
      assert.match(err, /\/disk cannot be written/);
    },
    { skip: !isRoot },
  );

  inTurn("server missing", single, async (cluster) => {
    await assertRefused(
      cluster,
      "node1",
      /the program \/nowhere\/redis-server is missing on localhost/,
      { server: "/nowhere/redis-server" },
    );
  });

  for (const [directive, value, said] of [
    [
      "maxmemory-policy",
      "allkeys-lfuu",
      /FATAL CONFIG FILE ERROR[^]*maxmemory-policy allkeys-lfuu/,
    ],
    ["no-such-directive", "1", /FATAL CONFIG FILE ERROR[^]*no-such-directive/],
    ["databases", "0", /FATAL CONFIG FILE ERROR[^]*databases 0/],
    ["save", "900", /FATAL CONFIG FILE ERROR[^]*save 900/],
    ["loadmodule", "nowhere.so", /Can't load module|Module .*nowhere\.so failed to load/],
    [
      "unixsocket",
      "/nowhere/redis.sock",
      /unixsocket \/nowhere\/redis\.sock cannot be made on localhost/,
    ],
  ] as const) {
    inTurn(
      `a bad setting (${directive} ${value}) is refused before anything is touched; the good one again`,
      single,
      async (cluster) => {
        await assertRefused(cluster, "node1", said, { settings: { [directive]: value } });
        await cluster.done("create", "node1");
        await cluster.ask("node1", "SET", "a", "b");
        const before = cluster.snapshot("node1", ...files);
        const { status, err } = await cluster.step("update", "node1", {
          settings: { [directive]: value },
          instance: "another",
        });
        assert.equal(status, 1);
        assert.match(err, said);
        assert.match(err, /refused before anything was changed/);
        assert.equal(await cluster.ask("node1", "GET", "a"), "b");
        assert.equal(cluster.snapshot("node1", ...files), before);
        // Beside it its parent makes its notes, which are new for a moment.
        assert.deepEqual(
          readdirSync(cluster.directory("node1")).filter((file) =>
            /trial|next|conf\.new$/.test(file),
          ),
          [],
        );
        await cluster.done("update", "node1");
        assert.equal(cluster.snapshot("node1", ...files), before);
      },
    );
  }

  inTurn(
    "a bad setting of a master with replicas: nothing is handed over, no node stopped",
    { nodes: 2, sentinels: 1 },
    async (cluster) => {
      await cluster.up();
      const pids = cluster.names.map((name) => cluster.pid(name));
      for (const name of ["node1", "node2"]) {
        const { status, out } = await cluster.step("update", name, {
          settings: { "maxmemory-policy": "allkeys-lfuu" },
        });
        assert.equal(status, 1);
        assert.doesNotMatch(out, /handing over/);
      }
      for (const [option, value, said] of [
        [
          "master-reboot-down-after-period",
          "-1",
          /FATAL CONFIG FILE ERROR[^]*master-reboot-down-after-period/,
        ],
        [
          "notification-script",
          "/nowhere/script",
          /notification-script \/nowhere\/script of redis-ha is no program that can be run on localhost/,
        ],
      ] as const) {
        const { status, err } = await cluster.step("update", "sentinel1", {
          settings: { [option]: value },
        });
        assert.equal(status, 1, option);
        assert.match(err, said);
      }
      assert.deepEqual(
        cluster.names.map((name) => cluster.pid(name)),
        pids,
      );
      assert.equal(await cluster.named(), "node1");
      await cluster.verify();
    },
  );

  inTurn(
    "the trial of settings runs no script, talks to nobody, and touches no file of the process",
    { nodes: 1, sentinels: 1 },
    async (cluster) => {
      const ran = join(cluster.root, "ran");
      const script = join(cluster.root, "script");
      writeFileSync(script, `#!/bin/sh\necho "$@" >>${ran}\n`, { mode: 0o755 });
      const sentinelSettings = { "notification-script": script, "client-reconfig-script": script };
      const nodeSettings = {
        unixsocket: "own.sock",
        dbfilename: "own.rdb",
        "syslog-enabled": "no",
        save: "1 1",
        appendfilename: '"own.aof"',
      };
      for (const [name, settings] of [
        ["node1", nodeSettings],
        ["sentinel1", sentinelSettings],
      ] as const) {
        await cluster.done("create", name, { settings });
        if (name === "node1") {
          await cluster.ask(name, "SET", "a", "b");
          await eventually("its own snapshot is written", () =>
            cluster.log(name).includes("Background saving terminated with success"),
          );
        }
        const staged = join(cluster.directory(name), "settings.conf.next");
        // What its parent notes comes and goes at any time.
        const listing = () =>
          readdirSync(cluster.directory(name))
            .filter((file) => !/^(serving|written|position|load|loads-in)(\.new)?$/.test(file))
            .sort();
        const before = [
          listing(),
          cluster.log(name),
          cluster.snapshot(name, `${name.replace(/\d/, "")}.conf`, "own.sock", "log"),
        ];
        const id = await cluster.ask(name, "INFO", "server");
        rmSync(ran, { force: true });
        writeFileSync(staged, cluster.file(name, "settings.conf"));
        const { status, out, err } = await cluster.lifecycle("trial", name);
        assert.deepEqual([status, out, err], [0, "", ""]);
        rmSync(staged);
        assert.deepEqual(
          [
            listing(),
            cluster.log(name),
            cluster.snapshot(name, `${name.replace(/\d/, "")}.conf`, "own.sock", "log"),
          ],
          before,
        );
        assert.equal(
          /run_id:(\w+)/.exec(await cluster.ask(name, "INFO", "server"))?.[1],
          /run_id:(\w+)/.exec(id)?.[1],
        );
        assert.ok(!existsSync(ran));
      }
    },
  );

  inTurn(
    "files that settings name are meant from the process's directory in its trial, too",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      writeFileSync(
        join(cluster.directory("node1"), "users.acl"),
        "user default on nopass ~* &* +@all\n",
      );
      await cluster.done("update", "node1", { settings: { aclfile: "users.acl" } });
      assert.equal(await cluster.ask("node1", "CONFIG", "GET", "aclfile"), "aclfile\nusers.acl");
      writeFileSync(
        join(cluster.directory("node1"), "bad.acl"),
        "user default on nopass ~* &* +@nonsense\n",
      );
      const pid = cluster.pid("node1");
      const { status, err } = await cluster.step("update", "node1", {
        settings: { aclfile: '"bad.acl"' },
      });
      assert.equal(status, 1);
      assert.match(err, /nonsense/);
      assert.equal(cluster.pid("node1"), pid);
    },
  );

  inTurn(
    "a hung node that nobody can take over from is not killed; it goes on when it is back",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      await cluster.ask("node1", "SET", "a", "b");
      const pid = cluster.pid("node1");
      signal(pid, "SIGSTOP");
      const brief = cluster.done("update", "node1");
      await sleep(6000);
      assert.ok(!isGone(pid));
      signal(pid, "SIGCONT");
      await brief;
      assert.equal(cluster.pid("node1"), pid);

      signal(pid, "SIGSTOP");
      const { status, out, err } = await cluster.step("update", "node1", {
        settings: { databases: "17" },
      });
      assert.equal(status, 1);
      assert.match(
        out,
        /no answer for \d+ s \(it is stopped, as by SIGSTOP, pid \d+\): waiting, up to 15 s; it may come back/,
      );
      assert.match(err, /it is not killed: no other node is known to be the master[^]*kill -CONT/);
      assert.ok(!isGone(pid));
      signal(pid, "SIGCONT");
      await cluster.done("update", "node1");
      assert.equal(cluster.pid("node1"), pid);
      assert.equal(await cluster.ask("node1", "GET", "a"), "b");
    },
  );

  inTurn(
    "a hung node that surely has everything on disk is started anew, and so is a sentinel",
    { nodes: 1, sentinels: 1 },
    async (cluster) => {
      await cluster.done("create", "node1", { settings: { appendfsync: "always" } });
      await cluster.done("create", "sentinel1");
      await cluster.ask("node1", "SET", "a", "b");
      const pids = cluster.names.map((name) => cluster.pid(name));
      for (const pid of pids) signal(pid, "SIGSTOP");
      const steps = await Promise.all([
        cluster.done("update", "node1", { settings: { appendfsync: "always" } }),
        cluster.done("update", "sentinel1"),
      ]);
      for (const { out } of steps) assert.match(out, /no answer for \d+ s [^]*: starting it anew/);
      assert.ok(pids.every(isGone));
      assert.equal(await cluster.ask("node1", "GET", "a"), "b");
    },
  );

  for (const blocked of ["stopped", "computing"] as const) {
    inTurn(
      `a master that is ${blocked} and has an old dump: another is made the master first`,
      { appendOnly: false, downAfter: 3000 },
      async (cluster) => {
        await cluster.up();
        await cluster.write("node1", "old");
        await cluster.ask("node1", "SAVE");
        const keys = await cluster.write("node1", "new");
        const pid = cluster.pid("node1");
        if (blocked === "stopped") signal(pid, "SIGSTOP");
        else {
          await cluster.ask("node1", "CONFIG", "SET", "lua-time-limit", "0");
          void cluster.ask("node1", "EVAL", "while true do end", "0");
          await eventually(
            "it is blocked",
            async () => (await cluster.ask("node1", "PING")) === "",
          );
        }
        const { out } = await cluster.done("update", "node1");
        assert.match(out, /waiting, up to 15 s; it may come back/);
        assert.match(out, /starting it anew; another node is the master/);
        assert.ok(isGone(pid));
        assert.equal(await cluster.role("node1"), "slave");
        await cluster.verify();
        for (const { name } of cluster.nodes) assert.ok(await cluster.holds(name, keys), name);
      },
    );
  }

  inTurn(
    "a hung master without sentinels to make another one is not killed",
    { nodes: 2, sentinels: 1, appendOnly: false },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "new");
      await cluster.kill("sentinel1");
      const pid = cluster.pid("node1");
      signal(pid, "SIGSTOP");
      const { status, err } = await cluster.step("update", "node1", {
        settings: { databases: "17" },
      });
      assert.equal(status, 1);
      assert.match(err, /it is not killed/);
      assert.ok(!isGone(pid));
      signal(pid, "SIGCONT");
      assert.ok(await cluster.holds("node1", keys));
    },
  );

  inTurn(
    "one that has no room for another client answers: it is not started anew",
    single,
    async (cluster) => {
      await cluster.done("create", "node1", { settings: { maxclients: "1" } });
      const pid = cluster.pid("node1");
      let taken = connect(cluster.member("node1").port, "127.0.0.1");
      try {
        // What runs beside the server asks it, too, and may have the one place for a moment.
        await eventually("it has the place", async () => {
          taken.destroy();
          taken = connect(cluster.member("node1").port, "127.0.0.1");
          taken.on("error", () => undefined);
          taken.write("PING\r\n");
          const [said] = (await Promise.race([once(taken, "data"), once(taken, "close")])) as [
            unknown,
          ];
          return String(said) === "+PONG\r\n";
        });
        const { status, err } = await cluster.step("update", "node1", {
          settings: { maxclients: "1", timeout: "7" },
        });
        assert.equal(status, 1);
        assert.match(err, /max number of clients reached/);
        assert.equal(cluster.pid("node1"), pid);
      } finally {
        taken.destroy();
      }
    },
  );

  inTurn(
    "a new address: asked and handed over where it listens, then started where it is to listen",
    { nodes: 2, sentinels: 1 },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "before");
      const pid = cluster.pid("node1");
      const settings = (await cluster.settings("node1")).replaceAll("127.0.0.1", "127.0.0.2");
      const { status, out, err } = await cluster.sh(
        [join(cluster.here, "host.sh"), "update", cluster.directory("node1")],
        settings,
      );
      assert.equal(status, 0, err);
      assert.match(out, /node1: handed over to node2/);
      assert.doesNotMatch(out, /no answer for/);
      assert.ok(isGone(pid));
      assert.equal(await cluster.named(), "node2");
      assert.ok(await cluster.holds("node2", keys));
      assert.match(cluster.file("node1", "parameters"), /^address='?127\.0\.0\.2/m);
      assert.match(cluster.file("node1", "node.conf"), /^bind 127\.0\.0\.2$/m);
      // A step that was killed in between finds what was there before.
      assert.ok(!existsSync(join(cluster.directory("node1"), "parameters.next")));
    },
  );

  inTurn(
    "what cannot be repaired stops nobody else from being started, and is found again",
    { nodes: 2, sentinels: 1 },
    async (cluster) => {
      await cluster.up();
      await cluster.kill(...cluster.names);
      const [manifest = ""] = readdirSync(join(cluster.directory("node2"), "appendonlydir")).filter(
        (file) => file.endsWith(".manifest"),
      );
      const path = join(cluster.directory("node2"), "appendonlydir", manifest);
      const good = readFileSync(path);
      writeFileSync(path, "nonsense\n");
      await cluster.done("update", "node1", { instance: "1" });
      const { status, err } = await cluster.step("update", "node2", { instance: "2" });
      assert.equal(status, 0);
      assert.match(
        err,
        /node2 ended before it was ready\. The last lines of [^]*Invalid AOF manifest file format[^]*node2 is not repaired/,
      );
      assert.equal(cluster.file("node2", "instance"), "an instance");
      await cluster.done("update", "sentinel1", { instance: "3" });
      assert.equal(cluster.file("sentinel1", "instance"), "3");
      // A roll-out stops there, and so does whoever creates it.
      assert.equal(
        (await cluster.step("update", "node2", { settings: { timeout: "5" } })).status,
        1,
      );
      assert.equal((await cluster.step("create", "node2")).status, 1);
      writeFileSync(path, good);
      await cluster.done("update", "node2");
      await cluster.verify();
    },
  );

  inTurn("steps at once on one directory are done one after the other", single, async (cluster) => {
    await Promise.all([1, 2, 3, 4].map(() => cluster.done("create", "node1")));
    assert.equal(cluster.log("node1").match(/starting as/g)?.length, 1);
    const changes = ["17", "18", "19", "20"].map((databases) => ({
      settings: { databases },
      instance: databases,
    }));
    await Promise.all(changes.map((change) => cluster.done("update", "node1", change)));
    const [, databases] = (await cluster.ask("node1", "CONFIG", "GET", "databases")).split("\n");
    assert.equal(cluster.file("node1", "instance"), databases);
    assert.ok(cluster.file("node1", "settings.conf").includes(`databases ${databases}`));
  });

  inTurn(
    "a step that is slow to go on after its hand-over keeps its lock",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      let first = 0;
      const steps = [
        cluster.step("update", "node1", { settings: { databases: "17" } }, ({ pid }) => {
          first = pid as number;
        }),
      ];
      let handing = 0;
      await eventually("it hands over", () => (handing = cluster.handingOver("node1")) !== 0);
      signal(first, "SIGSTOP");
      try {
        await eventually("what hands over has ended", () => isGone(handing));
        steps.push(cluster.step("update", "node1", { settings: { databases: "18" } }));
        // It looks ten times a second whether the lock is still somebody's.
        assert.equal(await Promise.race([steps[1], sleep(3000)]), undefined);
        assert.match(
          readFileSync(`${cluster.directory("node1")}.lock/owner`, "utf8"),
          RegExp(`^${first} `),
        );
      } finally {
        signal(first, "SIGCONT");
      }
      for (const { status, out, err } of await Promise.all(steps))
        assert.equal(status, 0, out + err);
      assert.match(await cluster.ask("node1", "CONFIG", "GET", "databases"), /18/);
    },
  );

  inTurn(
    "a lock left by a killed step, with or without an owner, is taken over by one",
    single,
    async (cluster) => {
      const lock = `${cluster.directory("node1")}.lock`;
      for (const owner of ["4194304 1\n", ""]) {
        mkdirSync(lock);
        writeFileSync(join(lock, "owner"), owner);
        // One that is not taken over is an error after the 60 s for which a step waits.
        await Promise.all([1, 2, 3, 4, 5].map(() => cluster.done("create", "node1")));
        assert.equal(cluster.log("node1").match(/starting as/g)?.length, 1);
        assert.ok(!existsSync(lock));
        await cluster.host("delete", cluster.directory("node1"));
      }
    },
  );

  inTurn(
    "the client is missing: says so, and does not take the server for hung",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      const pid = cluster.pid("node1");
      const settings = (await cluster.settings("node1")).replaceAll("redis-cli", "no-such-cli");
      const { status, err } = await cluster.sh(
        [join(cluster.here, "host.sh"), "update", cluster.directory("node1")],
        settings,
      );
      assert.equal(status, 1);
      assert.match(err, /the program no-such-cli is missing/);
      assert.ok(!isGone(pid));
      await cluster.done("update", "node1");
      assert.equal(cluster.pid("node1"), pid);
    },
  );

  inTurn(
    "uninstall ends and removes everything, undoes edits, and removes the directories that were made, only those",
    { nodes: 2, sentinels: 1 },
    async (cluster) => {
      const kept = join(cluster.root, "kept");
      mkdirSync(kept);
      const hosts = join(kept, "hosts");
      writeFileSync(hosts, "127.0.0.1 localhost");
      const edit = `FILE=${quote(hosts)}\nOWNER='test/dev'\nENTRIES='127.0.0.1 redis1'\n`;
      const applied = await cluster.sh(
        [join(cluster.here, "host.sh"), "apply", "hosts-entries.sh", "hosts"],
        edit,
      );
      assert.equal(applied.status, 0, applied.err);
      assert.match(readFileSync(hosts, "utf8"), /redis1/);
      await cluster.up();
      const pids = cluster.names.map((name) => cluster.pid(name));
      rmSync(join(cluster.directory("node2"), "pid"));
      mkdirSync(`${cluster.directory("node1")}.lock`);
      const { status, err } = await cluster.host("uninstall");
      assert.equal(status, 0, err);
      assert.ok(pids.every(isGone));
      assert.equal(readFileSync(hosts, "utf8"), "127.0.0.1 localhost");
      assert.deepEqual(readdirSync(cluster.root), ["kept"]);

      mkdirSync(join(cluster.root, "stack"));
      await cluster.install();
      assert.equal((await cluster.host("uninstall")).status, 0);
      assert.deepEqual(readdirSync(cluster.root).sort(), ["kept", "stack"]);
    },
  );

  inTurn(
    "full disk: a clear error, the running server untouched; works again when there is space",
    { nodes: 1, sentinels: 1 },
    async (cluster) => {
      mountSmall(cluster.directory("node1"), "size=1m");
      mountSmall(cluster.directory("sentinel1"), "size=1m");
      for (const name of ["node1", "sentinel1"]) {
        await cluster.done("create", name);
        const pid = cluster.pid(name);
        const own = cluster.file(name, name === "node1" ? "node.conf" : "sentinel.conf");
        const full = join(cluster.directory(name), "full");
        try {
          writeFileSync(full, Buffer.alloc(2_000_000));
        } catch {
          // That was the purpose.
        }
        await cluster.done("update", name);
        for (const look of ["check", "verify", "ready"]) {
          const found = await cluster.lifecycle(look, name);
          assert.notEqual(found.status, 0, look);
          assert.match(
            found.out + found.err,
            /^\w+: \S+ on localhost cannot be written: No space left on device\n$/,
            look,
          );
        }
        const setting: Record<string, string> =
          name === "node1" ? { databases: "17" } : { "notification-script": "/bin/true" };
        const { status, out, err } = await cluster.step("update", name, { settings: setting });
        assert.equal(status, 1);
        assert.match(err, /cannot be written: No space left on device/);
        assert.doesNotMatch(out + err, waited);
        assert.equal(cluster.pid(name), pid);
        assert.equal(await cluster.ask(name, "PING"), "PONG");
        await cluster.kill(name);
        const dead = await cluster.step("update", name);
        assert.equal(dead.status, 0);
        assert.doesNotMatch(dead.out + dead.err, waited);
        assert.match(
          dead.err,
          /cannot be started: \S+ cannot be written: No space left on device\n.*is not repaired/,
        );
        assert.equal(cluster.file(name, name === "node1" ? "node.conf" : "sentinel.conf"), own);
        rmSync(full);
        await cluster.done("update", name, { settings: setting });
        assert.equal(await cluster.ask(name, "PING"), "PONG");
        if (name === "sentinel1")
          assert.match(
            cluster.file(name, "sentinel.conf"),
            new RegExp(`${/^sentinel myid .*$/m.exec(own)?.[0]}`),
          );
      }
    },
    { skip: !isRoot },
  );
});
