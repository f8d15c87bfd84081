import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { Redis } from "ioredis";
import {
  type Cluster,
  type ClusterArgs,
  eventually,
  inTurn,
  portsFrom,
} from "../../support/cluster.ts";

portsFrom(48_000);

/** Long enough that the sentinels do nothing of their own during a test. */
const patient: ClusterArgs = { downAfter: 60_000 };

/** A replication PING between two of the saves would make the later one the further one. */
const saving: ClusterArgs = {
  ...patient,
  appendOnly: false,
  settings: { "repl-ping-replica-period": "3600" },
};

const nodesOf = (cluster: Cluster): string[] => cluster.nodes.map(({ name }) => name);

async function assertHolds(cluster: Cluster, ...writes: Record<string, string>[]): Promise<void> {
  for (const node of nodesOf(cluster))
    for (const keys of writes)
      await eventually(`${node} holds ${Object.keys(keys)[0]}`, () => cluster.holds(node, keys));
}

const save = async (cluster: Cluster, ...nodes: string[]): Promise<void> => {
  for (const node of nodes) assert.equal(await cluster.ask(node, "SAVE"), "OK");
};

const appends = async (cluster: Cluster, node: string): Promise<string> =>
  (await cluster.ask(node, "CONFIG", "GET", "appendonly")).split("\n")[1] ?? "";

describe("the file that holds the data", { concurrency: 4 }, () => {
  inTurn(
    "appendOnly turned on while all are down: started from the snapshot, then written to",
    { ...patient, appendOnly: false },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, ...nodesOf(cluster));
      await cluster.kill(...nodesOf(cluster));
      cluster.args.appendOnly = true;
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      await assertHolds(cluster, keys);
      for (const node of nodesOf(cluster)) {
        assert.equal(await appends(cluster, node), "yes");
        assert.equal(cluster.file(node, "persistence"), "on\n");
      }
      const more = await cluster.write(await cluster.named(), "more");
      await cluster.kill(...nodesOf(cluster));
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      await assertHolds(cluster, keys, more);
    },
  );

  inTurn(
    "appendOnly turned on while only the master is down: no key lost",
    { ...saving },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, "node1");
      const more = await cluster.write("node1", "more");
      await cluster.kill("node1");
      cluster.args.appendOnly = true;
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      await assertHolds(cluster, keys, more);
    },
  );

  inTurn(
    "nothing but a snapshot in each directory, a restored backup: its keys, and an append-only file",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, ...nodesOf(cluster));
      await cluster.kill(...cluster.names);
      for (const name of cluster.names) {
        for (const file of readdirSync(cluster.directory(name))) {
          if (file !== "dump.rdb") rmSync(join(cluster.directory(name), file), { recursive: true });
        }
      }
      for (const name of cluster.names) await cluster.done("update", name);
      await cluster.verify();
      await assertHolds(cluster, keys);
      for (const node of nodesOf(cluster)) assert.equal(await appends(cluster, node), "yes");
    },
  );

  inTurn(
    "appendOnly turned off while all are down: the file is read once more, then put aside",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill(...nodesOf(cluster));
      cluster.args.appendOnly = false;
      for (const round of ["first", "second"]) {
        for (const node of nodesOf(cluster)) await cluster.done("update", node);
        await cluster.verify();
        await assertHolds(cluster, keys);
        for (const node of nodesOf(cluster)) {
          assert.equal(await appends(cluster, node), "no", round);
          assert.ok(!existsSync(join(cluster.directory(node), "appendonlydir")), round);
        }
        // A snapshot of a master without replicas does not say how far it is.
        await save(cluster, ...nodesOf(cluster));
        await cluster.kill(...nodesOf(cluster));
      }
    },
  );

  inTurn(
    "turned off and on again while it runs: a stale file never wins",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      for (const appendOnly of [false, true, false]) {
        cluster.args.appendOnly = appendOnly;
        const pid = cluster.pid("node1");
        for (const node of nodesOf(cluster)) await cluster.done("update", node);
        assert.equal(cluster.pid("node1"), pid);
        for (const node of nodesOf(cluster))
          assert.equal(await appends(cluster, node), appendOnly ? "yes" : "no");
      }
      const more = await cluster.write("node1", "more");
      await save(cluster, ...nodesOf(cluster));
      await cluster.kill(...nodesOf(cluster));
      cluster.args.appendOnly = true;
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      await assertHolds(cluster, keys, more);
    },
  );

  inTurn(
    "turned off while it waits to be told its role: whoever waits with it does not turn it on again",
    { nodes: 1, sentinels: 0 },
    async (cluster) => {
      await cluster.done("create", "node1");
      const keys = await cluster.write("node1", "key");
      assert.equal((await cluster.host("stop", cluster.directory("node1"))).status, 0);
      await cluster.done("update", "node1");
      const unplaced = join(cluster.directory("node1"), "unplaced");
      assert.ok(existsSync(unplaced));
      cluster.args.appendOnly = false;
      await cluster.done("update", "node1");
      assert.equal(await cluster.ask("node1", "REPLICAOF", "NO", "ONE"), "OK");
      await eventually("it has its role", () => !existsSync(unplaced));
      assert.equal(await appends(cluster, "node1"), "no");
      assert.equal((await cluster.host("stop", cluster.directory("node1"))).status, 0);
      await cluster.done("update", "node1");
      assert.ok(await cluster.holds("node1", keys));
    },
  );

  inTurn(
    "a directory's name with a space in it is found",
    { ...patient, settings: { appenddirname: '"my dir"' } },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill(...nodesOf(cluster));
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      assert.equal(await cluster.named(), "node1");
      await assertHolds(cluster, keys);
    },
  );

  inTurn(
    "two files and no record of which one was in use: refused, and both named",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, "node1");
      await cluster.kill("node1");
      rmSync(join(cluster.directory("node1"), "persistence"));
      const { err } = await cluster.step("update", "node1");
      assert.match(err, /is not repaired/);
      assert.match(err, /there are both dump\.rdb and an append-only file/);
      rmSync(join(cluster.directory("node1"), "dump.rdb"));
      await cluster.done("update", "node1");
      await cluster.verify();
      await assertHolds(cluster, keys);
    },
  );
});

describe("a snapshot that is older than what others hold", { concurrency: 4 }, () => {
  inTurn(
    "the master was killed and would start from it: another one is promoted first",
    { ...saving },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, "node1");
      const more = await cluster.write("node1", "more");
      await cluster.kill("node1");
      await cluster.done("update", "node1");
      assert.equal(await cluster.role("node1"), "slave");
      await cluster.verify();
      await assertHolds(cluster, keys, more);
    },
  );

  inTurn(
    "all were off, and a replica saved later than the master: its data survives",
    { ...saving },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, ...nodesOf(cluster));
      const more = await cluster.write("node1", "more");
      await save(cluster, "node3");
      await cluster.kill(...nodesOf(cluster));
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      assert.equal(await cluster.named(), "node3");
      await assertHolds(cluster, keys, more);
    },
  );

  inTurn(
    "… and while that one is not back, nobody is the master, and verify says what is missing",
    { ...saving, limits: { verifySeconds: 5 } },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await save(cluster, ...nodesOf(cluster));
      const more = await cluster.write("node1", "more");
      await save(cluster, "node3");
      await cluster.kill(...nodesOf(cluster));
      for (const node of ["node1", "node2"]) await cluster.done("update", node);
      const { status, err } = await cluster.lifecycle("verify", "node1");
      assert.equal(status, 1);
      assert.match(
        err,
        /node1 was the master and started from a snapshot, and nobody can tell whether node3 holds more/,
      );
      assert.deepEqual(await Promise.all(["node1", "node2"].map((node) => cluster.role(node))), [
        "slave",
        "slave",
      ]);
      await cluster.done("update", "node3");
      cluster.args.limits = {};
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.verify();
      await assertHolds(cluster, keys, more);
    },
  );
});

describe("sentinels that would choose a replica without the data", { concurrency: 4 }, () => {
  inTurn(
    "two of three have lost all, and one of them has the better priority: not asked, and verify says what would happen and what to do",
    { ...patient, limits: { verifySeconds: 25 } },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill(...nodesOf(cluster));
      for (const node of ["node1", "node2"]) cluster.loseData(node);
      for (const node of nodesOf(cluster)) await cluster.done("update", node);
      await cluster.ask("node2", "CONFIG", "SET", "slave-priority", "50");
      const { status, err } = await cluster.lifecycle("verify", "node1");
      assert.equal(status, 1);
      assert.match(
        err,
        /would promote node2 \(with a priority of 50 and an offset of \d\), but the data is with node3\. Set replica-priority to 0/,
      );
      assert.ok(await cluster.holds("node3", keys));
      await cluster.ask("node2", "CONFIG", "SET", "slave-priority", "0");
      cluster.args.limits = {};
      await cluster.verify();
      assert.equal(await cluster.named(), "node3");
      await assertHolds(cluster, keys);
    },
  );
});

/**
 * Takes every place that a server has for clients but those who are connected; gives what ends
 * that.
 */
async function fill(cluster: Cluster, node: string): Promise<() => Promise<void>> {
  const client = new Redis({
    host: "127.0.0.1",
    port: cluster.member(node).port,
    retryStrategy: () => null,
  });
  client.on("error", () => undefined);
  await client.config("SET", "maxclients", "1");
  assert.match(await cluster.ask(node, "PING"), /max number of clients/);
  return async () => {
    await client.config("SET", "maxclients", "10000");
    client.disconnect();
  };
}

describe("an error reply is no answer", { concurrency: 4 }, () => {
  inTurn(
    "replicas without a place for clients: the master, killed and without its files, waits for them",
    patient,
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      const free = await Promise.all(["node2", "node3"].map((node) => fill(cluster, node)));
      await cluster.kill("node1");
      cluster.loseData("node1");
      await cluster.done("update", "node1");
      assert.match(
        cluster.log("node1"),
        /starting as wait: .* it has no data, and nobody can tell whether node2 node3 has some/,
      );
      assert.equal(await cluster.role("node1"), "slave");
      for (const each of free) await each();
      await cluster.verify();
      await assertHolds(cluster, keys);
    },
  );

  inTurn(
    "a master without a place for clients is not failed over",
    { ...patient, limits: { verifySeconds: 5 } },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      const free = await fill(cluster, "node1");
      const { status, err } = await cluster.lifecycle("verify", "node2");
      assert.equal(status, 1);
      assert.match(err, /node1 gives no answer: ERR max number of clients reached/);
      await free();
      assert.equal(await cluster.named(), "node1");
      assert.equal(await cluster.role("node1"), "master");
      await assertHolds(cluster, keys);
    },
  );

  const said: Record<
    string,
    { make: (cluster: Cluster) => Promise<() => Promise<unknown>>; text: RegExp }
  > = {
    "a script that runs": {
      make: async (cluster) => {
        const client = new Redis({
          host: "127.0.0.1",
          port: cluster.member("node2").port,
          retryStrategy: () => null,
        });
        client.on("error", () => undefined);
        await client.config("SET", "lua-time-limit", "1");
        const running = client.call("EVAL_RO", "while true do end", "0").catch(() => undefined);
        await eventually("busy", async () =>
          (await cluster.ask("node2", "PING")).startsWith("BUSY"),
        );
        return async () => {
          await cluster.ask("node2", "SCRIPT", "KILL");
          await running;
          client.disconnect();
        };
      },
      text: /BUSY/,
    },
    "a password that is wanted": {
      make: async (cluster) => {
        const client = new Redis({
          host: "127.0.0.1",
          port: cluster.member("node2").port,
          retryStrategy: () => null,
        });
        client.on("error", () => undefined);
        await client.config("SET", "requirepass", "secret");
        return async () => {
          await client.config("SET", "requirepass", "");
          client.disconnect();
        };
      },
      text: /NOAUTH/,
    },
    "nothing within the limit": {
      make: async (cluster) => {
        const pid = cluster.pid("node2");
        process.kill(pid, "SIGSTOP");
        await Promise.resolve();
        return () => Promise.resolve(process.kill(pid, "SIGCONT"));
      },
      text: /no answer within 2 s/,
    },
  };
  for (const [name, { make, text }] of Object.entries(said)) {
    inTurn(
      `${name}: told as what it is, and the master without files waits`,
      patient,
      async (cluster) => {
        await cluster.up();
        const keys = await cluster.write("node1", "key");
        const end = await make(cluster);
        try {
          const { status, out } = await cluster.lifecycle("check", "node1");
          assert.equal(status, 1);
          assert.match(out, /^node2 gives no answer: /);
          assert.match(out, text);
          // The only other one that could tell is gone.
          await cluster.kill("node1", "node3");
          cluster.loseData("node1");
          await cluster.done("update", "node1");
          assert.match(
            cluster.log("node1"),
            /starting as wait: .* nobody can tell whether node2 node3 has some/,
          );
        } finally {
          await end();
        }
        await cluster.done("update", "node3");
        await cluster.verify();
        await assertHolds(cluster, keys);
      },
    );
  }
});
