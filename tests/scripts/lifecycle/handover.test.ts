import assert from "node:assert/strict";
import { describe, type TestContext } from "node:test";
import type { Located } from "../../../components/redis/lifecycleParameters.ts";
import { lost, startWriters } from "../../support/load.ts";
import {
  type Cluster,
  eventually,
  inTurn,
  masterName,
  portsFrom,
  signal,
  withoutPause,
} from "../../support/cluster.ts";

portsFrom(46_000);

/** A setting that only a restart brings into force. */
const change = { settings: { databases: "17" } };
const changed = async (cluster: Cluster, node: string): Promise<boolean> =>
  (await cluster.ask(node, "CONFIG", "GET", "databases")).endsWith("17");

/** Writes were allowed by somebody: a pause that ended by itself looks the same from outside. */
async function assertAllowed(cluster: Cluster, node: string): Promise<void> {
  assert.match(
    await cluster.ask(node, "INFO", "commandstats"),
    /^cmdstat_client\|unpause:calls=1,/m,
  );
}

async function handOverUnderLoad(
  cluster: Cluster,
  report: (message: string) => void,
): Promise<void> {
  await cluster.up();
  const writers = startWriters(cluster);
  await writers.more();
  const { out, took } = await cluster.done("update", "node1", change);
  await writers.more();
  const { acknowledged, refused, gap } = await writers.stop();
  assert.match(out, /handed over to node[23]/);
  const master = await cluster.named();
  assert.notEqual(master, "node1");
  report(
    `${acknowledged.length} writes acknowledged, ${refused} refused, longest gap ${gap} ms, update took ${took} ms`,
  );
  if (took > 8000) report(out + cluster.log("node1").slice(-4000));
  assert.deepEqual(await lost(cluster, master, acknowledged), []);
  assert.ok(await changed(cluster, "node1"));
  await cluster.verify();
}

describe("hand-over under load", { concurrency: 1 }, () => {
  const handOver = (cluster: Cluster, t: TestContext) =>
    handOverUnderLoad(cluster, (text) => t.diagnostic(text));
  // A busy machine may keep a server waiting for a second: no failover is wanted then.
  const patient = { downAfter: 5000 };
  inTurn("four writers, no acknowledged write lost", patient, handOver);
  const version = withoutPause;
  inTurn("… by a server without CLIENT PAUSE WRITE", { ...patient, version }, handOver);
});

describe("hand-over", { concurrency: 6 }, () => {
  inTurn(
    "once it is verified no sentinel takes the former master for a master, and could insist on that later",
    {},
    async (cluster) => {
      await cluster.up();
      for (const databases of ["17", "18"]) {
        await cluster.done("update", await cluster.named(), { settings: { databases } });
        await cluster.verify();
        for (const { name } of cluster.sentinels) {
          const lines = (await cluster.ask(name, "SENTINEL", "slaves", masterName)).split("\n");
          const roles = lines.filter((_, index) => lines[index - 1] === "role-reported");
          assert.deepEqual(roles, ["slave", "slave"], name);
        }
      }
    },
  );

  // Cut off together with the master, one with older news makes that replica follow the isolated
  // master as soon as the link is back (+fix-slave-config), which then has a good replica again and
  // acknowledges what will be thrown away.
  inTurn(
    "a sentinel that has heard of a replica following somebody else: verified once all have heard otherwise",
    {},
    async (cluster) => {
      await cluster.up();
      const views = () =>
        Promise.all(
          cluster.sentinels.map(async ({ name }) => {
            const lines = (await cluster.ask(name, "SENTINEL", "slaves", masterName)).split("\n");
            return lines.flatMap((line, index) =>
              lines[index - 1] === "master-port" ? [Number(line)] : [],
            );
          }),
        );
      const [one, two] = cluster.nodes as [Located, Located];
      const follow = async ({ host, port }: Located) => {
        assert.match(await cluster.ask("node3", "REPLICAOF", host, String(port)), /^OK/);
      };
      await follow(two);
      await eventually("a sentinel has heard of it", async () =>
        (await views()).some((ports) => ports.includes(two.port)),
      );
      await follow(one);
      await cluster.verify();
      assert.deepEqual(
        await views(),
        cluster.sentinels.map(() => [one.port, one.port]),
      );
    },
  );

  inTurn(
    "no quorum, persistence: restarted in place as the master, no key lost",
    { downAfter: 60_000 },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      await cluster.kill("sentinel1", "sentinel2");
      const { out } = await cluster.done("update", "node1", change);
      assert.match(
        out,
        /no hand-over: the sentinels do not name this node as the master \(a majority says: nothing\)/,
      );
      assert.ok(await changed(cluster, "node1"));
      for (const sentinel of ["sentinel1", "sentinel2"]) await cluster.done("update", sentinel);
      await cluster.verify();
      assert.equal(await cluster.named(), "node1");
      for (const node of ["node1", "node2", "node3"])
        await eventually(`keys on ${node}`, () => cluster.holds(node, keys));
    },
  );

  inTurn(
    "no persistence and nobody to hand over to: refuses to stop, and again",
    { appendOnly: false, settings: { save: '""' } },
    async (cluster) => {
      await cluster.upNodes();
      const keys = await cluster.write("node1", "key");
      const pid = cluster.pid("node1");
      // The second time the files are as wanted already, which must not be taken for the deed.
      for (let round = 0; round < 2; round++) {
        const { status, err } = await cluster.step("update", "node1", {
          settings: { ...cluster.args.settings, ...change.settings },
        });
        assert.equal(status, 1);
        assert.match(err, /refusing to stop: this master has no persistence and cannot hand over/);
        assert.equal(cluster.pid("node1"), pid);
      }
      assert.notEqual((await cluster.host("stop", cluster.directory("node1"))).status, 0);
      await cluster.kill("node2", "node3");
      assert.notEqual((await cluster.host("stop", cluster.directory("node1"))).status, 0);
      assert.equal(await cluster.ask("node1", "SET", "still", "writable"), "OK");
      assert.ok(await cluster.holds("node1", keys));
    },
  );

  inTurn(
    "time-out: writes are allowed again, not only when the pause ends, the process is the same",
    { downAfter: 60_000, settings: { "replica-priority": "0" } },
    async (cluster) => {
      await cluster.up();
      const pid = cluster.pid("node1");
      const { status, err } = await cluster.step("update", "node1", change);
      assert.equal(status, 1);
      assert.match(
        err,
        /hand-over failed, writes are allowed again: the sentinels named no other master within 15 s/,
      );
      await assertAllowed(cluster, "node1");
      assert.equal(cluster.pid("node1"), pid);
      assert.equal(await cluster.ask("node1", "SET", "a", "b"), "OK");
    },
  );

  inTurn(
    "a replica that never catches up: ends by the clock, writes are allowed",
    { downAfter: 60_000, nodes: 2, settings: { "repl-timeout": "600" } },
    async (cluster) => {
      await cluster.up();
      signal(cluster.pid("node2"), "SIGSTOP");
      await cluster.ask("node1", "SET", "a", "b");
      const { status, err } = await cluster.step("update", "node1", change);
      signal(cluster.pid("node2"), "SIGCONT");
      assert.equal(status, 1);
      assert.match(
        err,
        /hand-over failed, writes are allowed again: the replicas did not catch up within 10 s/,
      );
      await assertAllowed(cluster, "node1");
      assert.equal(await cluster.ask("node1", "SET", "a", "c"), "OK");
    },
  );

  inTurn(
    "ended by a signal in the middle: writes are allowed at once",
    { downAfter: 60_000, settings: { "replica-priority": "0" } },
    async (cluster) => {
      await cluster.up();
      const step = cluster.sh(
        [`${cluster.here}/lifecycle.sh`, "handover", cluster.directory("node1")],
        "",
        (child) => setTimeout(() => child.kill("SIGTERM"), 2000),
      );
      assert.notEqual((await step).status, 0);
      assert.equal(await cluster.ask("node1", "SET", "a", "b"), "OK");
    },
  );

  inTurn(
    "killed in the middle, on a server without a pause that ends: the next update allows writes",
    { downAfter: 60_000, version: withoutPause, settings: { "replica-priority": "0" } },
    async (cluster) => {
      await cluster.up();
      let handingOver = 0;
      const step = cluster.sh(
        [`${cluster.here}/lifecycle.sh`, "handover", cluster.directory("node1")],
        "",
        ({ pid = 0 }) => (handingOver = pid),
      );
      await eventually("writes are refused", async () =>
        (await cluster.ask("node1", "SET", "a", "b")).startsWith("NOREPLICAS"),
      );
      signal(-handingOver, "SIGKILL");
      await step;
      assert.match(await cluster.ask("node1", "SET", "a", "b"), /NOREPLICAS/);
      await cluster.done("update", "node1", {});
      assert.equal(await cluster.ask("node1", "SET", "a", "b"), "OK");
    },
  );

  inTurn(
    "delete of the master: hands over, the others go on with every key",
    {},
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "key");
      const { status, out } = await cluster.host("delete", cluster.directory("node1"));
      assert.equal(status, 0);
      assert.match(out, /handed over to/);
      const master = await cluster.named();
      assert.notEqual(master, "node1");
      assert.ok(await cluster.holds(master, keys));
      assert.equal(cluster.log("node1"), "");
    },
  );
});
