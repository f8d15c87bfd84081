import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  type Cluster,
  type ClusterArgs,
  eventually,
  inTurn,
  portsFrom,
  shells,
} from "../../support/cluster.ts";

portsFrom(43_000);

const single: ClusterArgs = { nodes: 1, sentinels: 0 };

const value = async (cluster: Cluster, key: string) =>
  (await cluster.ask("node1", "CONFIG", "GET", key)).split("\n")[1] ?? "";

describe("settings of a running server", { concurrency: 6 }, () => {
  for (const [directive, wanted, shown] of [
    ["maxmemory", "100mb", "104857600"],
    ["maxmemory-policy", "allkeys-lru", "allkeys-lru"],
    ["save", "900 1\n300 10", "900 1 300 10"],
    ["save", '""', ""],
    ["client-output-buffer-limit", "replica 512mb 128mb 60\npubsub 64mb 16mb 90", undefined],
    ["timeout", "77", "77"],
  ] as const) {
    inTurn(
      `${directive} ${JSON.stringify(wanted)} is set without a restart, and there after one`,
      single,
      async (cluster) => {
        await cluster.done("create", "node1", {
          settings: {
            [directive]:
              directive === "timeout"
                ? "5"
                : wanted.replace(/^[^\n]*/, directive === "maxmemory" ? "50mb" : "$&"),
          },
        });
        await cluster.done("update", "node1", { settings: {} });
        await cluster.done("update", "node1", { settings: { appendfsync: "everysec" } });
        const pid = cluster.pid("node1");
        await cluster.done("update", "node1", {
          settings: { appendfsync: "everysec", [directive]: wanted },
        });
        assert.equal(cluster.pid("node1"), pid);
        const now = await value(cluster, directive);
        if (shown !== undefined) assert.equal(now, shown);
        await cluster.host("stop", cluster.directory("node1"));
        await cluster.done("update", "node1", {
          settings: { appendfsync: "everysec", [directive]: wanted },
        });
        assert.equal(await value(cluster, directive), now);
      },
    );
  }

  inTurn(
    "what somebody else has set on it is found, and set back without a restart",
    single,
    async (cluster) => {
      const settings = { settings: { maxmemory: "100mb", save: "900 1" } };
      await cluster.done("create", "node1", settings);
      const pid = cluster.pid("node1");
      const directory = cluster.directory("node1");
      assert.deepEqual((await cluster.host("well", directory)).status, 0);
      await cluster.ask("node1", "CONFIG", "SET", "maxmemory", "5mb");
      await cluster.ask("node1", "CONFIG", "SET", "appendonly", "no");
      const { status, out } = await cluster.host("well", directory);
      assert.equal(status, 3);
      assert.equal(out.trim(), "appendonly maxmemory");
      await cluster.done("update", "node1", settings);
      assert.equal(await value(cluster, "maxmemory"), "104857600");
      assert.equal(await value(cluster, "appendonly"), "yes");
      assert.equal(cluster.pid("node1"), pid);
      assert.equal((await cluster.host("well", directory)).status, 0);
    },
  );

  inTurn(
    "what was removed goes back to the server's default, by a restart",
    single,
    async (cluster) => {
      await cluster.done("create", "node1", { settings: { maxmemory: "100mb" } });
      const pid = cluster.pid("node1");
      await cluster.done("update", "node1");
      assert.notEqual(cluster.pid("node1"), pid);
      assert.equal(await value(cluster, "maxmemory"), "0");
    },
  );

  inTurn(
    "a change of which only a part can be set at once is made by a restart, all of it",
    single,
    async (cluster) => {
      await cluster.done("create", "node1", { settings: { maxmemory: "100mb", databases: "16" } });
      const pid = cluster.pid("node1");
      await cluster.done("update", "node1", { settings: { maxmemory: "200mb", databases: "17" } });
      assert.notEqual(cluster.pid("node1"), pid);
      assert.deepEqual(
        [await value(cluster, "maxmemory"), await value(cluster, "databases")],
        ["209715200", "17"],
      );
    },
  );

  inTurn(
    "an option of the sentinels is set on the running one",
    { nodes: 1, sentinels: 1 },
    async (cluster) => {
      await cluster.done("create", "node1");
      await cluster.done("create", "sentinel1");
      const pid = cluster.pid("sentinel1");
      const before = cluster.file("sentinel1", "sentinel.conf");
      await cluster.done("update", "sentinel1", {
        settings: { "master-reboot-down-after-period": "5000" },
      });
      assert.equal(cluster.pid("sentinel1"), pid);
      assert.match(
        cluster.file("sentinel1", "sentinel.conf"),
        /^sentinel master-reboot-down-after-period redis-ha 5000$/m,
      );
      const idOf = (text: string) => /^sentinel myid .*$/m.exec(text)?.[0];
      assert.equal(idOf(cluster.file("sentinel1", "sentinel.conf")), idOf(before));
    },
  );
});

// As the servers said it when asked: 2.8.19, 6.0.16, 7.0.15, 8.0.2 and Valkey 8.1.1.
const refusals = {
  set: ["OK"],
  restart: [
    "ERR Unsupported CONFIG parameter: databases",
    "ERR Unsupported CONFIG parameter: no-such",
    "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config",
    "ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set protected config",
    "ERR Unknown option or number of arguments for CONFIG SET - 'no-such'",
    "ERR Unknown option 'no-such' for SENTINEL SET",
    "ERR Unknown option or number of arguments for SENTINEL SET 'no-such'",
    "ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig configuration directive in your Sentinel configuration",
    "ERR No such master with that name",
  ],
  refused: [
    "ERR Invalid argument 'nonsense' for CONFIG SET 'maxmemory-policy'",
    "ERR Invalid argument 'nonsense' for CONFIG SET 'maxmemory-policy' - argument must be one of the following: volatile-lru, noeviction",
    "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, noeviction",
    "ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters",
    "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
    "ERR The operating system is not able to handle the specified number of clients, try with 19968",
    "ERR Invalid argument 'x' for SENTINEL SET 'quorum'",
    "ERR Notification script seems non existing or non executable",
  ],
  unknown: [
    "",
    "LOADING Redis is loading the dataset in memory",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "NOAUTH Authentication required.",
    "NOPERM this user has no permissions to run the 'config' command",
    "ERR max number of clients reached",
    "ERR unknown command 'CONFIG'",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "Could not connect to Redis at 127.0.0.1:1: Connection refused",
    "Error: Server closed the connection",
  ],
};

describe("what a reply to CONFIG SET or SENTINEL SET means", () => {
  const script = readFileSync(
    join(import.meta.dirname, "../../../scripts/redis/reload/replies.sh"),
    "utf8",
  );
  for (const { name, path } of shells) {
    test(name, () => {
      for (const [meaning, replies] of Object.entries(refusals)) {
        for (const reply of replies) {
          const found = execFileSync("sh", ["-c", `${script}\njudge_set "$1"`, "sh", reply], {
            env: { PATH: path },
            encoding: "utf8",
          });
          assert.equal(found.trim(), meaning, reply);
        }
      }
    });
  }
});

describe("settings that a running server refuses", { concurrency: 4 }, () => {
  // A server that starts with so many clients takes fewer, one that runs refuses.
  const tooMany = { timeout: "7", maxclients: "2000000" };

  inTurn("nothing is changed, and the server's words are told", single, async (cluster) => {
    await cluster.done("create", "node1", { settings: { timeout: "5", maxclients: "500" } });
    const pid = cluster.pid("node1");
    const { status, out, err } = await cluster.step("update", "node1", { settings: tooMany });
    assert.equal(status, 1, out);
    assert.match(
      err,
      /refused, and nothing is changed: maxclients cannot be 2000000\. The server says: .*not able to handle the specified number/,
    );
    assert.deepEqual(
      [await value(cluster, "timeout"), await value(cluster, "maxclients")],
      ["5", "500"],
    );
    assert.equal(cluster.pid("node1"), pid);
    await cluster.done("update", "node1", { settings: { timeout: "7", maxclients: "500" } });
    assert.equal(await value(cluster, "timeout"), "7");
    assert.equal(cluster.pid("node1"), pid);
  });

  inTurn(
    "one that is busy is not restarted for a setting that it could not be asked to take",
    single,
    async (cluster) => {
      await cluster.done("create", "node1", {
        settings: { timeout: "5", "lua-time-limit": "100" },
      });
      const pid = cluster.pid("node1");
      const script = cluster.ask("node1", "EVAL", "while true do end", "0");
      await eventually("it is busy", async () =>
        (await cluster.ask("node1", "PING")).startsWith("BUSY"),
      );
      const { status, err } = await cluster.step("update", "node1", {
        settings: { timeout: "7", "lua-time-limit": "100" },
      });
      assert.equal(status, 1);
      assert.match(err, /asked to set timeout, the server says: BUSY/);
      assert.equal(cluster.pid("node1"), pid);
      assert.equal(await cluster.ask("node1", "SCRIPT", "KILL"), "OK");
      await script;
      assert.equal(await value(cluster, "timeout"), "5");
    },
  );
});
