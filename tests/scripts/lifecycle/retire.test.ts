import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { quote } from "../../../hosts/shell.ts";
import {
  type Cluster,
  inTurn,
  isGone,
  masterName,
  portsFrom,
  type Result,
  sleep,
} from "../../support/cluster.ts";
import { lost, startWriters } from "../../support/load.ts";

portsFrom(41_000);

/** What the program is to have from now on: the rest of the cluster leaves. */
class Program {
  readonly cluster: Cluster;
  readonly #had: Pick<Cluster, "nodes" | "sentinels">;

  constructor(cluster: Cluster, leavers: readonly string[]) {
    this.cluster = cluster;
    this.#had = { nodes: [...cluster.nodes], sentinels: [...cluster.sentinels] };
    for (const list of [cluster.nodes, cluster.sentinels]) {
      const stay = list.filter(({ name }) => !leavers.includes(name));
      list.splice(0, list.length, ...stay);
    }
  }

  takeBack(): void {
    for (const list of ["nodes", "sentinels"] as const)
      this.cluster[list].splice(0, this.cluster[list].length, ...this.#had[list]);
  }

  async updateNodes(): Promise<void> {
    for (const { name } of this.cluster.nodes) await this.cluster.done("update", name);
  }

  async updateSentinels(): Promise<string> {
    let said = "";
    for (const { name } of this.cluster.sentinels)
      said += (await this.cluster.done("update", name)).out;
    return said;
  }

  /** Has host.sh look for those that leave. */
  members(): Promise<Result> {
    const { here, nodes, sentinels } = this.cluster;
    const lines = (list: Cluster["nodes"]) =>
      list.map(({ name, host, port }) => `${name} ${host} 127.0.0.1 ${port}`).join("\n");
    const names = [...nodes, ...sentinels].map(({ name }) => name).join(",");
    const text = [
      `staying_nodes=${quote(lines(nodes))}`,
      `staying_sentinels=${quote(lines(sentinels))}`,
      `places=${quote(`${names} ${here}`)}`,
      "beside=1\n",
    ].join("\n");
    return this.cluster.sh([join(here, "host.sh"), "members"], text);
  }
}

async function taken(program: Program): Promise<string> {
  const { status, out, err } = await program.members();
  assert.equal(status, 0, out + err);
  return out + err;
}

describe("what the program no longer has", { concurrency: 3 }, () => {
  inTurn(
    "a master, a replica and two sentinels of five leave under load: handed over, stopped, forgotten, nothing lost",
    // A busy machine may keep a server waiting for a second: no failover is wanted then.
    { nodes: 4, sentinels: 5, downAfter: 5000 },
    async (cluster, t) => {
      await cluster.up();
      const writers = startWriters(cluster);
      await writers.more();
      const pids = ["node1", "node4", "sentinel1", "sentinel4"].map((name) => cluster.pid(name));
      const program = new Program(cluster, ["node1", "node4", "sentinel1", "sentinel4"]);
      await program.updateNodes();
      const said = await taken(program);
      assert.match(said, /node1: handed over to node[23]/);
      assert.ok(pids.every(isGone));
      const forgot = await program.updateSentinels();
      assert.match(forgot, /sentinel2: is to forget: \S+ \S+/);
      const verified = await cluster.lifecycle("verify", "node2");
      assert.equal(verified.status, 0, verified.err);
      await writers.more();
      const { acknowledged, gap } = await writers.stop();
      const master = await cluster.named("sentinel2");
      assert.match(master, /node[23]/);
      assert.deepEqual(await lost(cluster, master, acknowledged), []);
      t.diagnostic(`${acknowledged.length} writes acknowledged, longest gap ${gap} ms`);
      // Nothing is left to do, and what has left is not started again.
      const sentinels = cluster.sentinels.map(({ name }) => cluster.pid(name));
      assert.equal(await taken(program), "");
      assert.equal(await program.updateSentinels(), await program.updateSentinels());
      assert.deepEqual(
        cluster.sentinels.map(({ name }) => cluster.pid(name)),
        sentinels,
      );
      assert.equal((await cluster.host("delete", cluster.directory("node1"))).status, 0);
      assert.ok(!existsSync(cluster.directory("node1")));
    },
  );

  inTurn(
    "taken back after it was stopped it is a replica again, and the sentinels know it again",
    { nodes: 3, sentinels: 3 },
    async (cluster) => {
      await cluster.up();
      const keys = await cluster.write("node1", "before");
      const program = new Program(cluster, ["node1", "sentinel1"]);
      await program.updateNodes();
      await taken(program);
      await program.updateSentinels();
      // By hand it does not start either.
      const started = await cluster.host("start", cluster.directory("node1"));
      assert.notEqual(started.status, 0);
      assert.match(started.err, /node1 has left: it starts again when the program has it again/);
      program.takeBack();
      await program.updateNodes();
      assert.equal(await taken(program), "");
      await program.updateSentinels();
      await cluster.verify();
      assert.notEqual(await cluster.named(), "node1");
      assert.ok(await cluster.holds("node1", keys));
      assert.match(await cluster.ask("node1", "CONFIG", "GET", "replica-priority"), /100/);
      assert.ok(!existsSync(join(cluster.directory("node1"), "retired")));
    },
  );

  inTurn(
    "it stays as it is where a node that is to stay is not linked to the master: it may be the only copy",
    { nodes: 3, sentinels: 3, limits: { readySeconds: 10 } },
    async (cluster) => {
      await cluster.up();
      await cluster.kill("node2");
      const pid = cluster.pid("node3");
      const program = new Program(cluster, ["node3"]);
      const { status, err } = await program.members();
      assert.equal(status, 1);
      assert.match(err, /node3: is to leave, and can't be taken out within 10 s: .* node2\. Mend/);
      assert.ok(!isGone(pid));
      assert.equal(cluster.pid("node3"), pid);
    },
  );

  inTurn(
    "a sentinel that is dead keeps nobody from leaving, and forgets them when it is started",
    { nodes: 3, sentinels: 4 },
    async (cluster) => {
      await cluster.up();
      await cluster.kill("sentinel3");
      const { port } = cluster.member("node3");
      const program = new Program(cluster, ["node3", "sentinel4"]);
      await program.updateNodes();
      await taken(program);
      await program.updateSentinels();
      await cluster.verify();
      assert.doesNotMatch(
        await cluster.ask("sentinel3", "SENTINEL", "replicas", masterName),
        new RegExp(`:${port}$`, "m"),
      );
    },
  );

  inTurn(
    "a sentinel does not forget who has left and still answers",
    { nodes: 3, sentinels: 3 },
    async (cluster) => {
      await cluster.up();
      cluster.args.limits = { readySeconds: 3 };
      const pid = cluster.pid("sentinel1");
      new Program(cluster, ["node3"]);
      const { out } = await cluster.done("update", "sentinel1");
      assert.match(out, /sentinel1: does not forget who has left: who has left still answers/);
      assert.equal(cluster.pid("sentinel1"), pid);
    },
  );

  inTurn(
    "a parent does not start it again, and does once it is taken back",
    { nodes: 2, sentinels: 1 },
    async (cluster) => {
      const parents = cluster.names.map((name) => cluster.supervise(name));
      try {
        await cluster.up();
        const program = new Program(cluster, ["node2"]);
        const pid = cluster.pid("node2");
        // With one node left nobody could take over; the arguments refuse that.
        await taken(program);
        assert.ok(isGone(pid));
        // It would be started within a second.
        await sleep(3000);
        assert.equal(cluster.pid("node2"), 0);
        program.takeBack();
        await program.updateNodes();
        await program.updateSentinels();
        await cluster.verify();
      } finally {
        for (const parent of parents) parent.kill("SIGTERM");
      }
    },
  );
});
