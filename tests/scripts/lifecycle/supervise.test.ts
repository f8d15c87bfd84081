import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import {
  type Cluster,
  type ClusterArgs,
  eventually,
  inTurn,
  portsFrom,
  shuffled,
  signal,
  sleep,
  write,
} from "../../support/cluster.ts";
import {
  killedHoldingBack,
  lost,
  noted,
  rewrittenUnderWrites,
  startWriters,
} from "../../support/load.ts";

portsFrom(44_000);

const single: ClusterArgs = { nodes: 1, sentinels: 0 };

function superviseAll(cluster: Cluster): Map<string, ChildProcess> {
  return new Map(cluster.names.map((name) => [name, cluster.supervise(name)]));
}

async function superviseAndUp(cluster: Cluster): Promise<Map<string, ChildProcess>> {
  const parents = superviseAll(cluster);
  await cluster.up();
  return parents;
}

const linked = async (cluster: Cluster, name: string) =>
  (await cluster.ask(name, "INFO", "replication")).includes("master_link_status:up");

describe("host.sh supervise", { concurrency: 4 }, () => {
  inTurn(
    "the processes are children of their parents, and a second update changes nothing",
    {},
    async (cluster) => {
      const parents = await superviseAndUp(cluster);
      const pids = cluster.names.map((name) => cluster.pid(name));
      for (const [name, { exitCode }] of parents) assert.equal(exitCode, null, name);
      for (const name of cluster.names) await cluster.done("update", name);
      assert.deepEqual(
        cluster.names.map((name) => cluster.pid(name)),
        pids,
      );
    },
  );

  inTurn(
    "a server that was killed is started again by its parent, as a replica after a failover",
    {},
    async (cluster) => {
      await superviseAndUp(cluster);
      const keys = await cluster.write("node1", "before");
      await cluster.kill("node2");
      await eventually("node2 is back", () => linked(cluster, "node2"));
      // Its parent does not give it back before the sentinels have moved on.
      signal(cluster.pid("node1"), "SIGSTOP");
      await eventually(
        "failover",
        async () => ![undefined, "", "node1"].includes(await cluster.named("sentinel2")),
      );
      await cluster.kill("node1");
      await eventually("node1 is a replica", () => linked(cluster, "node1"));
      await cluster.verify();
      assert.ok(await cluster.holds(await cluster.named(), keys));
    },
  );

  inTurn(
    "a master that is killed starts where it was, with all that was acknowledged",
    // Not the sentinels' doing; and no disk is too slow for it.
    { downAfter: 60_000, settings: { appendfsync: "always" } },
    async (cluster) => {
      await superviseAndUp(cluster);
      await noted(cluster, "node1");
      const writers = startWriters(cluster);
      await writers.more();
      const pid = cluster.pid("node1");
      await cluster.kill("node1");
      await eventually(
        "its parent has started it again",
        async () => cluster.pid("node1") !== pid && (await cluster.role("node1")) === "master",
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${cluster.log("node1")}${cluster.said("node1")}`);
      });
      await writers.more();
      const { acknowledged } = await writers.stop();
      await cluster.verify();
      assert.equal(await cluster.named(), "node1", cluster.log("node1"));
      assert.deepEqual(await lost(cluster, "node1", acknowledged), []);
    },
  );

  for (const rewritten of [false, true])
    inTurn(
      `a master that is killed while it holds back writes, which the replicas have${rewritten ? ", after a rewrite of its file that took a while" : ""}: one of those is the master`,
      // Not the sentinels' doing.
      { downAfter: 60_000 },
      async (cluster) => {
        await superviseAndUp(cluster);
        if (rewritten) await rewrittenUnderWrites(cluster, "node1");
        await killedHoldingBack(
          cluster,
          "node1",
          () => cluster.kill("node1"),
          (pid) =>
            eventually(
              "its parent has started it again",
              async () => cluster.pid("node1") !== pid && (await cluster.role("node1")) !== "",
            ),
        );
        assert.notEqual(await cluster.named(), "node1");
      },
    );

  const hzOf = async (cluster: Cluster, name: string) =>
    (await cluster.ask(name, "CONFIG", "GET", "hz")).split("\n")[1];

  inTurn(
    "a master that starts where it was has a replica that is not linked try at once, whose hz is as before then",
    { downAfter: 60_000 },
    async (cluster) => {
      await superviseAndUp(cluster);
      await noted(cluster, "node1");
      // No link, however often it tries.
      await cluster.ask("node2", "CONFIG", "SET", "masterauth", "none-such");
      await cluster.ask("node2", "CONFIG", "SET", "hz", "25");
      await cluster.ask("node2", "CLIENT", "KILL", "TYPE", "master");
      await eventually("node2 has no link", async () => !(await linked(cluster, "node2")));
      const sets = async () =>
        Number(
          /^cmdstat_config\|set:calls=(\d+)/m.exec(
            await cluster.ask("node2", "INFO", "commandstats"),
          )?.[1],
        );
      const before = await sets();
      await cluster.kill("node1");
      await eventually(
        "node2 was asked to try, and has its hz again",
        async () => (await sets()) >= before + 2 && (await hzOf(cluster, "node2")) === "25",
      );
      await cluster.ask("node2", "CONFIG", "SET", "masterauth", "");
      await eventually("node2 is linked", () => linked(cluster, "node2"));
      await cluster.verify();
      assert.equal(await cluster.named(), "node1");
    },
  );

  inTurn(
    "an hz of 1 that whoever asked was killed before setting back does not stay; another one does",
    { settings: { hz: "20" } },
    async (cluster) => {
      await superviseAndUp(cluster);
      await cluster.ask("node2", "CONFIG", "SET", "hz", "1");
      await cluster.ask("node3", "CONFIG", "SET", "hz", "33");
      await eventually(
        "node2 has the stack's",
        async () => (await hzOf(cluster, "node2")) === "20",
        90_000,
      );
      assert.equal(await hzOf(cluster, "node3"), "33");
    },
  );

  inTurn(
    "whoever has started a sentinel: its news of the nodes are a second old at most",
    {},
    async (cluster) => {
      await superviseAndUp(cluster);
      const period = async () =>
        /^INFO-PERIOD\n(\d+)/im.exec(await cluster.ask("sentinel1", "SENTINEL", "DEBUG"))?.[1];
      assert.equal(await period(), "1000");
      const pid = cluster.pid("sentinel1");
      await cluster.kill("sentinel1");
      await eventually(
        "its parent has started it again",
        async () => cluster.pid("sentinel1") !== pid && (await period()) === "1000",
      );
      await cluster.verify();
    },
  );

  inTurn("on TERM a master is handed over, then ended with its parent", {}, async (cluster) => {
    const parents = await superviseAndUp(cluster);
    const keys = await cluster.write("node1", "before");
    const parent = parents.get("node1") as ChildProcess;
    const ended = once(parent, "exit");
    parent.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
    assert.notEqual(await cluster.named(), "node1", cluster.said("node1"));
    assert.ok(await cluster.holds(await cluster.named(), keys));
    assert.equal(await cluster.ask("node1", "PING"), "");
    cluster.supervise("node1");
    await eventually("node1 is a replica", () => linked(cluster, "node1"));
    await cluster.verify();
  });

  inTurn(
    "all machines off, and on again in any order: the master has every write, without an update",
    { downAfter: 3000 },
    async (cluster) => {
      const parents = await superviseAndUp(cluster);
      for (const seed of [1, 2]) {
        const master = await cluster.named();
        const keys = await cluster.write(master, `round ${seed}`);
        for (const parent of parents.values()) parent.kill("SIGKILL");
        await cluster.kill(...cluster.names);
        for (const name of shuffled(cluster.names, seed)) {
          parents.set(name, cluster.supervise(name));
          await sleep(200);
        }
        await cluster.verifiedByItself();
        assert.ok(await cluster.holds(await cluster.named(), keys), `seed ${seed}`);
      }
    },
  );

  inTurn(
    "a setting that needs a restart: handed over, and started by the same parent",
    {},
    async (cluster) => {
      const parents = await superviseAndUp(cluster);
      const [pid, keys] = [cluster.pid("node1"), await cluster.write("node1", "before")];
      const { out } = await cluster.done("update", "node1", { settings: { databases: "17" } });
      assert.match(out, /handed over/);
      assert.notEqual(cluster.pid("node1"), pid);
      assert.equal(await cluster.ask("node1", "CONFIG", "GET", "databases"), "databases\n17");
      assert.equal(parents.get("node1")?.exitCode, null);
      assert.ok(await cluster.holds(await cluster.named(), keys));
    },
  );

  inTurn(
    "a setting with which it does not start fails the update; the next one goes on",
    single,
    async (cluster) => {
      const parent = cluster.supervise("node1");
      await cluster.done("create", "node1");
      const keys = await cluster.write("node1", "before");
      const pid = cluster.pid("node1");
      const { status, err } = await cluster.step("update", "node1", {
        settings: { "no-such-directive": "1" },
      });
      assert.equal(status, 1);
      assert.match(err, /refused before anything was changed/);
      assert.equal(cluster.pid("node1"), pid);
      assert.equal(parent.exitCode, null);
      await cluster.done("update", "node1");
      assert.ok(await cluster.holds("node1", keys));
    },
  );

  inTurn(
    "a process that did not start again and again is started at once by the update that mends it",
    single,
    async (cluster) => {
      cluster.supervise("node1");
      await cluster.done("create", "node1");
      const keys = await cluster.write("node1", "before");
      const pids = new Set<number>();
      // As a step of an earlier version, which did not try first, could leave it.
      const good = cluster.file("node1", "settings.conf");
      write(join(cluster.directory("node1"), "settings.conf"), `${good}no-such-directive 1\n`);
      await cluster.kill("node1");
      // The parent's next try is then due in 7 s, longer than an update waits for a start.
      await eventually("four tries", () => pids.add(cluster.pid("node1")).size === 4);
      await cluster.done("update", "node1");
      assert.ok(await cluster.holds("node1", keys));
    },
  );

  inTurn(
    "an update that was killed while it held the process: the parent starts it again",
    single,
    async (cluster) => {
      cluster.supervise("node1");
      await cluster.done("create", "node1");
      for (const after of [30, 100, 200, 300]) {
        const databases = String(17 + after);
        await cluster.step("update", "node1", { settings: { databases } }, (child) =>
          setTimeout(() => signal(-(child.pid ?? 0), "SIGKILL"), after),
        );
        await eventually("it runs", async () => (await cluster.ask("node1", "PING")) === "PONG");
        await cluster.done("update", "node1", { settings: { databases } });
        assert.equal(
          await cluster.ask("node1", "CONFIG", "GET", "databases"),
          `databases\n${databases}`,
        );
      }
    },
  );

  inTurn(
    "delete leaves nothing and the parent waits; what is created then is new",
    single,
    async (cluster) => {
      const parent = cluster.supervise("node1");
      await cluster.done("create", "node1");
      const keys = await cluster.write("node1", "before");
      assert.equal((await cluster.host("delete", cluster.directory("node1"))).status, 0);
      assert.ok(!existsSync(cluster.directory("node1")));
      assert.equal(await cluster.ask("node1", "PING"), "");
      await cluster.done("create", "node1");
      assert.equal(await cluster.role("node1"), "master");
      assert.ok(!(await cluster.holds("node1", keys)));
      const ended = once(parent, "exit");
      parent.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    },
  );
});
