import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { describe } from "node:test";
import { Redis } from "ioredis";
import {
  type Cluster,
  type ClusterArgs,
  eventually,
  inTurn,
  isGone,
  portsFrom,
  signal,
  sleep,
} from "../../support/cluster.ts";
import { killedHoldingBack, lost, noted, startWriters } from "../../support/load.ts";

portsFrom(40_000);

const single: ClusterArgs = { nodes: 1, sentinels: 0 };

/** Waits until a server that was killed runs again, as another process. */
async function back(cluster: Cluster, name: string, pid: number): Promise<void> {
  await eventually(
    `${name} runs again`,
    async () => cluster.pid(name) !== pid && (await cluster.role(name)) !== "",
  );
}

/** One parent and one server of each directory, who are what the files say. */
async function onlyOne(cluster: Cluster, ...names: string[]): Promise<void> {
  for (const name of names) {
    // One that has nothing to do any more ends by itself.
    await eventually(`one parent of ${name}`, () => cluster.supervisors(name).length === 1);
    assert.deepEqual(cluster.supervisors(name), [cluster.supervisor(name)], name);
    assert.deepEqual(cluster.servers(name), [cluster.pid(name)], name);
  }
}

describe("a parent of our own", { concurrency: 4 }, () => {
  inTurn(
    "whoever is killed is started again, and nothing that was acknowledged is lost",
    // Not the sentinels' doing; and no disk is too slow for it.
    { downAfter: 60_000, settings: { appendfsync: "always" } },
    async (cluster) => {
      await cluster.up();
      await noted(cluster, "node1");
      const writers = startWriters(cluster);
      await writers.more();
      for (const name of ["node1", "node2", "sentinel1"]) {
        const pid = cluster.pid(name);
        await cluster.crash(name);
        await back(cluster, name, pid);
        await writers.more();
      }
      const { acknowledged } = await writers.stop();
      await cluster.verify();
      assert.equal(await cluster.named(), "node1", cluster.log("node1"));
      assert.deepEqual(await lost(cluster, "node1", acknowledged), []);
      await onlyOne(cluster, ...cluster.names);
    },
  );

  inTurn(
    "of a master that is killed while it holds back writes, another one that has them takes the place",
    { downAfter: 60_000 },
    async (cluster) => {
      await cluster.up();
      await killedHoldingBack(
        cluster,
        "node1",
        () => cluster.crash("node1"),
        (pid) => back(cluster, "node1", pid),
      );
      assert.notEqual(await cluster.named(), "node1");
    },
  );

  inTurn(
    "a master that ends again and again: another one that has all of it takes the place",
    // Long before the sentinels would choose one by themselves.
    { downAfter: 300_000, settings: { appendfsync: "always" } },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "before");
      for (let end = 1; end <= 3; end++) {
        await noted(cluster, "node1");
        const pid = cluster.pid("node1");
        await cluster.crash("node1");
        await back(cluster, "node1", pid);
        if (end < 3) assert.equal(await cluster.named(), "node1");
      }
      assert.match(
        cluster.log("node1"),
        /it has ended again and again, and .* has all that this node has/,
      );
      await cluster.verify();
      assert.notEqual(await cluster.named(), "node1");
      assert.ok(await cluster.holds(await cluster.named(), keys));
      await onlyOne(cluster, ...cluster.names);
    },
  );

  inTurn(
    "a master whose data takes long to load: another one that has all of it takes the place at once",
    { downAfter: 300_000, settings: { appendfsync: "always" } },
    async (cluster) => {
      // In µs; while it loads, it answers once in a thousand commands.
      const settings = { "key-load-delay": "100" };
      for (const name of cluster.names)
        await cluster.done("create", name, name === "node1" ? { settings } : {});
      await cluster.verify();
      const client = new Redis({ host: "127.0.0.1", port: cluster.member("node1").port });
      const commands = client.pipeline();
      for (let index = 0; index < 30_000; index++) commands.incr("commands");
      await commands.exec();
      client.disconnect();
      const keys = await cluster.write("node1", "before");
      await noted(cluster, "node1");
      // How long it takes, nobody knows before it was seen.
      const pid = cluster.pid("node1");
      await cluster.crash("node1");
      await back(cluster, "node1", pid);
      await eventually("it is known", () => Number(cluster.file("node1", "loads-in")) > 2);
      await cluster.verify();
      assert.equal(await cluster.named(), "node1");
      await noted(cluster, "node1");
      await cluster.crash("node1");
      await eventually("another one", async () => (await cluster.named()) !== "node1");
      assert.match(
        cluster.log("node1"),
        /loading its data would take some \d+ s, and .* asking for/,
      );
      assert.ok(await cluster.holds(await cluster.named(), keys));
      await cluster.verify();
    },
  );

  inTurn(
    "a parent that was killed: the server goes on, that is found, and the update gives it another one",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      const [pid, parent] = [cluster.pid("node1"), cluster.supervisor("node1")];
      const well = async () => (await cluster.host("well", cluster.directory("node1"))).status;
      assert.equal(await well(), 0);
      signal(parent, "SIGKILL");
      await eventually("the parent has ended", () => isGone(parent));
      assert.equal(await cluster.role("node1"), "master");
      assert.equal(await well(), 1);
      await cluster.done("update", "node1");
      assert.equal(await well(), 0);
      assert.equal(cluster.pid("node1"), pid);
      await onlyOne(cluster, "node1");
      // It is not its child, and is started again all the same.
      await cluster.crash("node1");
      await back(cluster, "node1", pid);
      await onlyOne(cluster, "node1");
    },
  );

  inTurn(
    "a server that never had one, as of an earlier version, gets it without a restart",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      const pid = cluster.pid("node1");
      signal(cluster.supervisor("node1"), "SIGKILL");
      rmSync(`${cluster.directory("node1")}.supervisor`);
      for (const file of ["serving", "written"])
        rmSync(`${cluster.directory("node1")}/${file}`, { force: true });
      await cluster.done("update", "node1", { settings: { "tcp-keepalive": "77" } });
      assert.equal(cluster.pid("node1"), pid);
      await onlyOne(cluster, "node1");
    },
  );

  inTurn(
    "there are never two, whoever is killed when, and however many begin at once",
    { nodes: 1, sentinels: 1 },
    async (cluster) => {
      await cluster.done("create", "node1");
      await cluster.done("create", "sentinel1");
      const keys = await cluster.write("node1", "before");
      for (const after of [0, 10, 20, 40, 60, 80, 120, 200]) {
        const parents = cluster.supervisors("node1");
        if (after % 20 === 0) for (const parent of parents) signal(parent, "SIGKILL");
        if (after % 40 === 0) await cluster.crash("node1");
        await cluster.step("update", "node1", {}, (child) =>
          setTimeout(() => signal(-(child.pid ?? 0), "SIGKILL"), after),
        );
        const several = await Promise.all([
          cluster.step("update", "node1"),
          cluster.host("start", cluster.directory("node1")),
          cluster.step("update", "node1"),
        ]);
        assert.deepEqual(
          several.map(({ status }) => status),
          [0, 0, 0],
          several.map(({ err }) => err).join("\n"),
        );
        await onlyOne(cluster, "node1");
      }
      assert.ok(await cluster.holds("node1", keys));
    },
  );

  inTurn(
    "a parent that no step has written down does nothing, and ends; so does one in whose place another is",
    single,
    async (cluster) => {
      await cluster.done("create", "node1");
      const directory = cluster.directory("node1");
      const former = cluster.supervisor("node1");
      const strays = Array.from({ length: 3 }, () =>
        cluster.host("supervise", directory, directory, "own"),
      );
      const pid = cluster.pid("node1");
      await cluster.crash("node1");
      await back(cluster, "node1", pid);
      for (const { status, out, err } of await Promise.all(strays))
        assert.deepEqual([status, out, err], [0, "", ""]);
      assert.equal(cluster.supervisor("node1"), former);
      await onlyOne(cluster, "node1");
      // As after a step that took the former one for dead.
      rmSync(`${directory}.supervisor`);
      await cluster.done("update", "node1");
      assert.notEqual(cluster.supervisor("node1"), former);
      const taken = cluster.pid("node1");
      await cluster.crash("node1");
      await back(cluster, "node1", taken);
      await eventually("the former one has ended", () => isGone(former));
      await onlyOne(cluster, "node1");
    },
  );

  inTurn(
    "what is ended by command stays so: killed, stopped, retired, deleted",
    single,
    async (cluster) => {
      const directory = cluster.directory("node1");
      const nobody = async (what: string) => {
        await eventually(
          `${what}: no server, and nobody who would start it`,
          () => cluster.servers("node1").length === 0 && cluster.supervisors("node1").length === 0,
        );
        await sleep(1500);
        assert.deepEqual([cluster.servers("node1"), cluster.supervisors("node1")], [[], []], what);
      };
      await cluster.done("create", "node1");
      for (const word of ["kill", "stop"]) {
        assert.equal((await cluster.host(word, directory)).status, 0);
        await nobody(word);
        assert.equal((await cluster.host("start", directory)).status, 0);
        await onlyOne(cluster, "node1");
      }
      // One that is down all the same, and one whose parent is about to start it.
      await cluster.kill("node1");
      assert.equal((await cluster.host("stop", directory)).status, 0);
      await nobody("stop of one that is down");
      assert.equal((await cluster.host("start", directory)).status, 0);
      await cluster.crash("node1");
      assert.equal((await cluster.host("delete", directory)).status, 0);
      await nobody("delete");
      assert.ok(!existsSync(`${directory}.supervisor`));
    },
  );

  inTurn("it ends by itself where the directory is gone", single, async (cluster) => {
    await cluster.done("create", "node1");
    const parent = cluster.supervisor("node1");
    rmSync(cluster.directory("node1"), { recursive: true });
    signal(cluster.servers("node1")[0] ?? 0, "SIGKILL");
    await eventually("it has ended", () => isGone(parent));
  });
});
