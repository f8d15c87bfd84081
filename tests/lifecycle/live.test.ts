import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Cluster, type ClusterArgs, portsFrom, shells, withCluster } from "./machine.ts";

portsFrom(43_000);

const single: ClusterArgs = { nodes: 1, sentinels: 0 };

function inEachShell(name: string, args: ClusterArgs, run: (cluster: Cluster) => Promise<void>): void {
  for (const shell of shells) test(`${name}, ${shell.name}`, () => withCluster(shell, args, run));
}

const value = async (cluster: Cluster, key: string) => (await cluster.ask("node1", "CONFIG", "GET", key)).split("\n")[1] ?? "";

describe("settings of a running server", { concurrency: 6 }, () => {
  for (const [directive, wanted, shown] of [
    ["maxmemory", "100mb", "104857600"],
    ["maxmemory-policy", "allkeys-lru", "allkeys-lru"],
    ["save", "900 1\n300 10", "900 1 300 10"],
    ["save", '""', ""],
    ["client-output-buffer-limit", "replica 512mb 128mb 60\npubsub 64mb 16mb 90", undefined],
    ["timeout", "77", "77"],
  ] as const) {
    inEachShell(`${directive} ${JSON.stringify(wanted)} is set without a restart, and there after one`, single, async (cluster) => {
      await cluster.done("create", "node1", {
        settings: { [directive]: directive === "timeout" ? "5" : wanted.replace(/^[^\n]*/, directive === "maxmemory" ? "50mb" : "$&") },
      });
      await cluster.done("update", "node1", { settings: {} });
      await cluster.done("update", "node1", { settings: { appendfsync: "everysec" } });
      const pid = cluster.pid("node1");
      await cluster.done("update", "node1", { settings: { appendfsync: "everysec", [directive]: wanted } });
      assert.equal(cluster.pid("node1"), pid);
      const now = await value(cluster, directive);
      if (shown !== undefined) assert.equal(now, shown);
      await cluster.host("stop", cluster.directory("node1"));
      await cluster.done("update", "node1", { settings: { appendfsync: "everysec", [directive]: wanted } });
      assert.equal(await value(cluster, directive), now);
    });
  }

  inEachShell("what was removed goes back to the server's default, by a restart", single, async (cluster) => {
    await cluster.done("create", "node1", { settings: { maxmemory: "100mb" } });
    const pid = cluster.pid("node1");
    await cluster.done("update", "node1");
    assert.notEqual(cluster.pid("node1"), pid);
    assert.equal(await value(cluster, "maxmemory"), "0");
  });

  inEachShell("a change of which only a part can be set at once is made by a restart, all of it", single, async (cluster) => {
    await cluster.done("create", "node1", { settings: { maxmemory: "100mb", databases: "16" } });
    const pid = cluster.pid("node1");
    await cluster.done("update", "node1", { settings: { maxmemory: "200mb", databases: "17" } });
    assert.notEqual(cluster.pid("node1"), pid);
    assert.deepEqual([await value(cluster, "maxmemory"), await value(cluster, "databases")], ["209715200", "17"]);
  });

  inEachShell("an option of the sentinels is set on the running one", { nodes: 1, sentinels: 1 }, async (cluster) => {
    await cluster.done("create", "node1");
    await cluster.done("create", "sentinel1");
    const pid = cluster.pid("sentinel1");
    const before = cluster.file("sentinel1", "sentinel.conf");
    await cluster.done("update", "sentinel1", { settings: { "master-reboot-down-after-period": "5000" } });
    assert.equal(cluster.pid("sentinel1"), pid);
    assert.match(cluster.file("sentinel1", "sentinel.conf"), /^sentinel master-reboot-down-after-period redis-ha 5000$/m);
    const idOf = (text: string) => /^sentinel myid .*$/m.exec(text)?.[0];
    assert.equal(idOf(cluster.file("sentinel1", "sentinel.conf")), idOf(before));
  });
});
