import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  type Cluster,
  type ClusterArgs,
  eventually,
  freePort,
  installedVersion,
  inTurn,
  masterName,
  listen,
  portsFrom,
  shellsInTurn,
  shuffled,
  signal,
  sleep,
  withCluster,
} from "../../support/cluster.ts";
import { noted } from "../../support/load.ts";

portsFrom(45_000);

/** Long enough that the sentinels do nothing of their own during a test. */
const patient: ClusterArgs = { downAfter: 60_000 };

/** Not so short that a busy machine makes them choose another master by themselves. */
const calm: ClusterArgs = { downAfter: 3000 };

async function assertHolds(
  cluster: Cluster,
  nodes: string[],
  ...writes: Record<string, string>[]
): Promise<void> {
  for (const node of nodes)
    for (const keys of writes)
      await eventually(`${node} holds ${Object.keys(keys)[0]}`, () => cluster.holds(node, keys));
}

const sentinelsOf = (cluster: Cluster): string[] => cluster.sentinels.map(({ name }) => name);
const nodesOf = (cluster: Cluster): string[] => cluster.nodes.map(({ name }) => name);

describe("role at start", { concurrency: 8 }, () => {
  inTurn(
    "sentinels that have to meet tell each other of themselves more often, until they are verified",
    patient,
    async (cluster) => {
      await cluster.up();
      const period = async () =>
        /^PUBLISH-PERIOD\n(\d+)$/m.exec(await cluster.ask("sentinel2", "SENTINEL", "DEBUG"))?.[1];
      assert.equal(await period(), "2000");
      // As if it had just been started, again and again.
      const meetAgain = () => cluster.ask("sentinel1", "SENTINEL", "RESET", masterName);
      await meetAgain();
      const verified = cluster.verify();
      await eventually("more often", async () => {
        await meetAgain();
        return (await period()) === "100";
      });
      await verified;
      assert.equal(await period(), "2000");
    },
  );

  inTurn(
    "one that has no time for a moment is asked again, before a check says that it gives no answer",
    patient,
    async (cluster) => {
      await cluster.up();
      const pid = cluster.pid("sentinel1");
      signal(pid, "SIGSTOP");
      try {
        const checked = cluster.lifecycle("check", "node1");
        // Longer than one answer is waited for.
        await sleep(3000);
        signal(pid, "SIGCONT");
        const { status, out } = await checked;
        assert.equal(out, "leader node1\n");
        assert.equal(status, 0);
        signal(pid, "SIGSTOP");
        const { out: said } = await cluster.lifecycle("check", "node1");
        assert.match(said, /^sentinel1 gives no answer: no answer within 2 s$/m);
      } finally {
        signal(pid, "SIGCONT");
      }
    },
  );

  inTurn(
    "a majority names another node: its replica, though its own file says master",
    // With less, a busy machine is a reason for a second failover.
    { downAfter: 3000 },
    async (cluster) => {
      await cluster.up();
      const before = await cluster.write("node1", "before");
      const master = await cluster.failOver();
      const after = await cluster.write(master, "after");
      assert.doesNotMatch(cluster.file("node1", "node.conf"), /^replicaof/m);
      await cluster.done("update", "node1");
      assert.equal(await cluster.role("node1"), "slave");
      assert.match(
        cluster.log("node1"),
        new RegExp(`starting as replica ${master}: a majority of the sentinels names ${master}`),
      );
      await assertHolds(cluster, ["node1", master], before, after);
      await cluster.verify();
    },
  );

  inTurn("a majority names this node, which has data: master", patient, async (cluster) => {
    await cluster.up();
    const keys = await cluster.write("node1", "key");
    await noted(cluster, "node1");
    await cluster.kill("node1");
    await cluster.done("update", "node1");
    assert.equal(await cluster.role("node1"), "master");
    await assertHolds(cluster, nodesOf(cluster), keys);
    await cluster.verify();
  });

  inTurn(
    "a majority names this node, which is empty as all are: master",
    patient,
    async (cluster) => {
      await cluster.up();
      await noted(cluster, "node1");
      await cluster.kill("node1");
      await cluster.done("update", "node1");
      assert.equal(await cluster.role("node1"), "master");
      await cluster.verify();
    },
  );

  inTurn(
    "a majority names this node, whose disk was lost: failover first, every key survives",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill("node1");
      cluster.loseData("node1");
      await cluster.done("update", "node1");
      assert.equal(await cluster.role("node1"), "slave");
      await cluster.verify();
      await assertHolds(cluster, nodesOf(cluster), keys);
    },
  );

  inTurn(
    "… and an RDB file without keys, whatever bytes are in it, is no data",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill("node1");
      cluster.loseData("node1");
      // REDIS0010, an auxiliary field with the byte that stands before a database elsewhere, end,
      // checksum.
      const file = Buffer.from([
        ...Buffer.from("REDIS0010"),
        0xfa,
        5,
        ...Buffer.from("ctime"),
        0xc2,
        0xfe,
        0xfe,
        0xfe,
        0x65,
        0xff,
        0xfe,
        1,
        2,
        3,
        0xfe,
        5,
        6,
        7,
      ]);
      appendFileSync(join(cluster.directory("node1"), "dump.rdb"), file);
      await cluster.done("update", "node1");
      await cluster.verify();
      await assertHolds(cluster, nodesOf(cluster), keys);
    },
  );

  inTurn(
    "… refuses where nobody can take over, the others' data untouched",
    { ...patient, settings: { "replica-priority": "0" } },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill("node1");
      cluster.loseData("node1");
      const { status, err } = await cluster.step("update", "node1");
      assert.equal(status, 0);
      assert.match(err, /is not repaired/);
      assert.match(
        err,
        /refusing to start: an empty master would wipe the replicas, .* and the sentinels did not fail over/,
      );
      assert.equal(await cluster.ask("node1", "PING"), "");
      await assertHolds(cluster, ["node2", "node3"], keys);
    },
  );

  inTurn(
    "… and the others are down as well: waits, and is not the one whose data counts later",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill(...nodesOf(cluster));
      cluster.loseData("node1");
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      assert.equal(await cluster.role("node1"), "slave");
      await cluster.verify();
      await assertHolds(cluster, nodesOf(cluster), keys);
    },
  );

  inTurn("no majority, one master: its replica", { sentinels: 3 }, async (cluster) => {
    await cluster.upNodes();
    const keys = await cluster.write("node1", "key");
    await cluster.kill("node3");
    await cluster.done("update", "node3");
    assert.match(
      cluster.log("node3"),
      /starting as replica node1: no majority of the sentinels, but node1 is the one master/,
    );
    await assertHolds(cluster, ["node3"], keys);
  });

  inTurn("no majority, two masters: refuses and touches nothing", {}, async (cluster) => {
    await cluster.upNodes();
    const keys = await cluster.write("node1", "key");
    await cluster.ask("node2", "REPLICAOF", "NO", "ONE");
    const other = await cluster.write("node2", "other");
    await cluster.kill("node3");
    const files = [
      "node.conf",
      "loaded",
      "created",
      "settings.conf",
      "appendonlydir/appendonly.aof.1.incr.aof",
      "appendonlydir/appendonly.aof.manifest",
    ];
    const before = cluster.snapshot("node3", ...files);
    const { status, err } = await cluster.step("update", "node3");
    assert.equal(status, 0);
    assert.match(err, /is not repaired/);
    assert.match(
      err,
      /refusing to start: more than one node says it is the master \(node1 node2\)/,
    );
    assert.equal(cluster.snapshot("node3", ...files), before);
    assert.equal(await cluster.ask("node3", "PING"), "");
    assert.deepEqual(
      [await cluster.role("node1"), await cluster.role("node2")],
      ["master", "master"],
    );
    await assertHolds(cluster, ["node1", "node2"], keys);
    await assertHolds(cluster, ["node2"], other);
  });

  inTurn(
    "first creation, nobody there: replica of the initial master, which becomes master though it comes last",
    {},
    async (cluster) => {
      for (const node of ["node2", "node3"]) {
        await cluster.done("create", node);
        assert.equal(await cluster.role(node), "slave");
      }
      assert.match(
        cluster.log("node2"),
        /starting as replica node1: first creation, node1 is the initial master/,
      );
      await cluster.done("create", "node1");
      assert.match(
        cluster.log("node1"),
        /starting as master: first creation, this is the initial master/,
      );
      for (const sentinel of sentinelsOf(cluster)) await cluster.done("create", sentinel);
      await cluster.verify();
      assert.equal(await cluster.named(), "node1");
    },
  );

  inTurn(
    "later, nobody there: waits, never a master by itself; verify makes the last master the master",
    calm,
    async (cluster) => {
      await cluster.up();
      const before = await cluster.write("node1", "before");
      const master = await cluster.failOver();
      await cluster.done("update", "node1");
      const after = await cluster.write(master, "after");
      await cluster.kill(...cluster.names);
      for (const node of ["node1", master]) {
        await cluster.done("update", node);
        assert.match(
          cluster.log(node),
          /starting as wait: no majority of the sentinels, and no other node is master\n/,
        );
      }
      for (let looks = 0; looks < 10; looks++) {
        assert.deepEqual(
          [await cluster.role("node1"), await cluster.role(master)],
          ["slave", "slave"],
        );
        await sleep(200);
      }
      for (const name of cluster.names) await cluster.done("update", name);
      await cluster.verify();
      assert.equal(await cluster.named(), master);
      await assertHolds(cluster, nodesOf(cluster), before, after);
    },
  );

  inTurn("all created at once", {}, async (cluster, { name }) => {
    const order = shuffled(cluster.names, name.length);
    await Promise.all(order.map((each) => cluster.done("create", each)));
    await cluster.verify();
    assert.equal(await cluster.named(), "node1");
    assert.deepEqual(await Promise.all(nodesOf(cluster).map((node) => cluster.role(node))), [
      "master",
      "slave",
      "slave",
    ]);
  });

  inTurn(
    "the initial master created anew on a lost disk, nobody says who is master: waits, wipes nobody",
    {},
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      // In its first seconds nobody has noted how far it is, and nobody could be chosen.
      for (const node of ["node2", "node3"])
        await eventually(`${node} has a note`, () => cluster.file(node, "position") !== "");
      await cluster.kill(...cluster.names);
      rmSync(cluster.directory("node1"), { recursive: true });
      for (const node of ["node2", "node3"]) await cluster.done("update", node);
      await cluster.done("create", "node1");
      assert.match(cluster.log("node1"), /starting as wait/);
      await assertHolds(cluster, ["node2", "node3"], keys);
      for (const sentinel of sentinelsOf(cluster)) await cluster.done("update", sentinel);
      await cluster.verify();
      await assertHolds(cluster, nodesOf(cluster), keys);
    },
  );

  inTurn(
    "first creation beside a node that is too busy to answer: waits, as that one may hold data",
    {},
    async (cluster) => {
      // As a hung server, or a firewall, looks from outside.
      const silent = await listen(cluster.member("node2").port);
      await cluster.done("create", "node1").finally(() => silent.close());
      assert.match(
        cluster.log("node1"),
        /starting as wait: no majority of the sentinels, and no other node is master\n/,
      );
      for (const name of cluster.names.slice(1)) await cluster.done("create", name);
      await cluster.verify();
      assert.equal(await cluster.named(), "node1");
    },
  );

  inTurn(
    "the initial master created anew on a lost disk, the sentinels name it: wipes nobody",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill("node1");
      rmSync(cluster.directory("node1"), { recursive: true });
      await cluster.done("create", "node1");
      await cluster.verify();
      await assertHolds(cluster, nodesOf(cluster), keys);
    },
  );

  inTurn(
    "with data, no majority, and the one master is empty: refuses, its data untouched",
    {},
    async (cluster) => {
      await cluster.upNodes();
      const keys = await cluster.write("node1", "key");
      await cluster.kill("node1", "node3");
      await cluster.ask("node2", "REPLICAOF", "NO", "ONE");
      assert.equal(await cluster.ask("node2", "FLUSHALL"), "OK");
      const files = readdirSync(join(cluster.directory("node1"), "appendonlydir")).map(
        (file) => `appendonlydir/${file}`,
      );
      const before = cluster.snapshot("node1", ...files);
      const { status, err } = await cluster.step("update", "node1");
      assert.equal(status, 0);
      assert.match(err, /is not repaired/);
      assert.match(
        err,
        /refusing to start: node2 says it is the master and is empty, this node has data/,
      );
      assert.equal(cluster.snapshot("node1", ...files), before);
      await cluster.kill("node2");
      await cluster.done("update", "node1");
      await assertHolds(cluster, ["node1"], keys);
    },
  );
});

describe("all six killed and started at once, again and again", { concurrency: 2 }, () => {
  inTurn("the last master's data survives", {}, async (cluster) => {
    await cluster.up();
    const writes = [await cluster.write("node1", "first")];
    for (const seed of [1, 2, 3]) {
      const old = await cluster.named();
      // The old master is not started again before the end: its file still says master.
      const master = await cluster.failOver();
      writes.push(await cluster.write(master, `round${seed}`));
      await cluster.kill(...cluster.names);
      // Where the last master takes longer than this to return, Sentinel itself promotes whoever is
      // there.
      cluster.args.downAfter = 10_000;
      const order = shuffled(cluster.names, seed + cluster.shell.name.length * 100);
      await Promise.all(
        order.map(async (name, index) => {
          await sleep(index * 40 * (seed - 1));
          await cluster.done("update", name);
        }),
      );
      await cluster.verify();
      assert.equal(
        await cluster.named(),
        master,
        `round ${seed}, started ${order.join(", ")}, old master ${old}`,
      );
      await assertHolds(cluster, nodesOf(cluster), ...writes);
      for (const sentinel of sentinelsOf(cluster))
        await cluster.ask(
          sentinel,
          "SENTINEL",
          "SET",
          "redis-ha",
          "down-after-milliseconds",
          "1000",
        );
    }
  });
});

describe("sentinels", { concurrency: 4 }, () => {
  const ids = (text: string) =>
    text
      .match(/^sentinel (myid|current-epoch|config-epoch|leader-epoch|known-\w+|monitor) .*$/gm)
      ?.sort() ?? [];

  inTurn("restarted with another option: keeps myid, epochs, known-*", {}, async (cluster) => {
    await cluster.up();
    await cluster.failOver();
    await cluster.done("update", "node1");
    await cluster.verify();
    const before = ids(cluster.file("sentinel2", "sentinel.conf"));
    assert.equal(before.length, 9, before.join("\n"));
    const pid = cluster.pid("sentinel2");
    await cluster.done("update", "sentinel2", { settings: { "notification-script": "/bin/true" } });
    assert.notEqual(cluster.pid("sentinel2"), pid);
    assert.match(
      cluster.file("sentinel2", "sentinel.conf"),
      /notification-script redis-ha "?\/bin\/true/,
    );
    assert.deepEqual(ids(cluster.file("sentinel2", "sentinel.conf")), before);
    await cluster.kill("sentinel2");
    await cluster.done("update", "sentinel2");
    assert.deepEqual(ids(cluster.file("sentinel2", "sentinel.conf")), before);
    await cluster.verify();
  });

  inTurn(
    "its file lost: the identity that the others know, and it learns the present master, not the initial one",
    calm,
    async (cluster) => {
      await cluster.up();
      const myid = /^sentinel myid (\w+)/m;
      const [, before] = myid.exec(cluster.file("sentinel2", "sentinel.conf")) ?? [];
      const master = await cluster.failOver();
      await cluster.done("update", "node1");
      await cluster.kill("sentinel2");
      rmSync(join(cluster.directory("sentinel2"), "sentinel.conf"));
      await cluster.done("update", "sentinel2");
      assert.equal(await cluster.named("sentinel2"), master);
      assert.match(cluster.log("sentinel2"), /no state of an earlier run/);
      const [, after] = myid.exec(cluster.file("sentinel2", "sentinel.conf")) ?? [];
      assert.ok(before);
      assert.equal(after, before);
      await cluster.verify();
      assert.equal(await cluster.named(), master);
    },
  );

  inTurn(
    "another quorum is told until it is set back; TILT of one is told, and no reason to wait",
    patient,
    async (cluster) => {
      await cluster.up();
      assert.equal(
        await cluster.ask("sentinel2", "SENTINEL", "SET", "redis-ha", "quorum", "3"),
        "OK",
      );
      const { status, out } = await cluster.lifecycle("check", "node1");
      assert.deepEqual([status, out], [1, "sentinel2 has quorum 3, others 2\nleader node1\n"]);
      assert.equal(
        await cluster.ask("sentinel2", "SENTINEL", "SET", "redis-ha", "quorum", "2"),
        "OK",
      );
      const pid = cluster.pid("sentinel3");
      process.kill(pid, "SIGSTOP");
      await sleep(3000);
      process.kill(pid, "SIGCONT");
      await eventually("TILT", async () =>
        /^sentinel_tilt:1/m.test(await cluster.ask("sentinel3", "INFO", "sentinel")),
      );
      const checked = await cluster.lifecycle("check", "node1");
      assert.deepEqual([checked.status, checked.out], [0, "leader node1\n"]);
      const verified = await cluster.lifecycle("verify", "node1");
      assert.equal(verified.status, 0, verified.err);
      assert.match(verified.out, /^sentinel3 is in TILT mode: it watches, but does not act/m);
    },
  );

  inTurn(
    "a master that somebody else has a sentinel watch is still watched after its restart",
    patient,
    async (cluster) => {
      await cluster.up();
      const { port } = cluster.member("node2");
      assert.equal(
        await cluster.ask(
          "sentinel2",
          "SENTINEL",
          "MONITOR",
          "theirs",
          "127.0.0.1",
          String(port),
          "1",
        ),
        "OK",
      );
      assert.equal(
        await cluster.ask(
          "sentinel2",
          "SENTINEL",
          "SET",
          "theirs",
          "down-after-milliseconds",
          "12345",
        ),
        "OK",
      );
      const pid = cluster.pid("sentinel2");
      await cluster.done("update", "sentinel2", {
        settings: { "notification-script": "/bin/true" },
      });
      assert.notEqual(cluster.pid("sentinel2"), pid);
      const theirs = await cluster.ask("sentinel2", "SENTINEL", "MASTER", "theirs");
      assert.match(theirs, new RegExp(`^port\\n${port}$`, "m"));
      assert.match(theirs, /^down-after-milliseconds\n12345$/m);
      await cluster.verify();
    },
  );

  inTurn(
    "a stray replica is named, and forgotten once it is gone and that is asked for",
    { ...patient, limits: { verifySeconds: 5 } },
    async (cluster) => {
      await cluster.up();
      const port = await freePort();
      const master = cluster.member("node1");
      const stray = spawn(
        "redis-server",
        [
          "--port",
          String(port),
          "--replicaof",
          "127.0.0.1",
          String(master.port),
          "--save",
          "",
          "--dir",
          cluster.root,
        ],
        { stdio: "ignore" },
      );
      try {
        const known = async () =>
          (
            await Promise.all(
              sentinelsOf(cluster).map((name) =>
                cluster.ask(name, "SENTINEL", "slaves", "redis-ha"),
              ),
            )
          ).every((said) => said.includes(String(port)));
        await eventually("all sentinels know it", known);
        const { status, err } = await cluster.lifecycle("verify", "node1");
        assert.equal(status, 1);
        assert.match(
          err,
          new RegExp(
            `sentinel1 knows a replica that is not of this deployment, 127\\.0\\.0\\.1:${port} \\(slave\\): it replicates this master\\. Stop it`,
          ),
        );
      } finally {
        stray.kill("SIGKILL");
      }
      const before = sentinelsOf(cluster).map((name) =>
        ids(cluster.file(name, "sentinel.conf")).filter((line) => !line.endsWith(` ${port}`)),
      );
      for (const name of sentinelsOf(cluster))
        await cluster.done("update", name, { forget: [`127.0.0.1:${port}`] });
      cluster.args.limits = {};
      await cluster.done("update", "node1");
      await cluster.verify();
      assert.deepEqual(
        sentinelsOf(cluster).map((name) => ids(cluster.file(name, "sentinel.conf"))),
        before,
      );
    },
  );
});

/** An outgoing connection from that port, as the kernel makes them; node.js can't. */
const outgoing = `import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", int(sys.argv[1])))
s.connect(("127.0.0.1", int(sys.argv[2])))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0")
sys.stdin.read()`;

describe("a port among those of outgoing connections", { concurrency: 4 }, () => {
  inTurn(
    "one of them has it: waited for, however often the server has to be started",
    patient,
    async (cluster) => {
      for (const node of ["node1", "node2"]) await cluster.done("create", node);
      const [held, open] = [cluster.member("node3").port, cluster.member("node1").port];
      const holder = spawn("/usr/bin/python3", ["-c", outgoing, String(held), String(open)], {
        stdio: ["pipe", "ignore", "inherit"],
      });
      try {
        await eventually("it is connected", async () =>
          (await cluster.ask("node1", "CLIENT", "LIST")).includes(`addr=127.0.0.1:${held} `),
        );
        const step = cluster.step("create", "node3");
        await eventually(
          "it was tried five times",
          () => cluster.log("node3").split("Address already in use").length > 5,
        );
        holder.stdin.end();
        const { status, out, err } = await step;
        assert.equal(status, 0, err);
        assert.match(
          out,
          /is held by an outgoing connection of this machine: waiting until that has passed/,
        );
        assert.doesNotMatch(err, /begun anew|not repaired/);
      } finally {
        holder.kill("SIGKILL");
      }
      for (const sentinel of sentinelsOf(cluster)) await cluster.done("create", sentinel);
      await cluster.verify();
    },
  );
});

test("nothing of the steps is left in the directories", async () => {
  assert.ok(installedVersion);
  for (const shell of shellsInTurn()) {
    await withCluster(shell, { nodes: 2, sentinels: 1 }, async (cluster) => {
      await cluster.up();
      for (const name of cluster.names) {
        const left = readdirSync(cluster.directory(name), { recursive: true }).filter((file) =>
          /\.(replies|new)/.test(String(file)),
        );
        assert.deepEqual(left, []);
        assert.ok(!existsSync(`${cluster.directory(name)}.lock`));
      }
    });
  }
});
