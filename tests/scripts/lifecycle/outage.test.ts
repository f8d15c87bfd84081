import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
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
} from "../../support/cluster.ts";

portsFrom(51_000);

/** In the soak, six times the orders. */
const seeds = process.env.ROUNDS === undefined ? [1] : [1, 2, 3, 4, 5, 6];
const supervised: ClusterArgs = { downAfter: 1000, limits: { outageSeconds: 3 } };

/** The processes' parents, as services and containers have them. */
class Machines {
  readonly #cluster: Cluster;
  readonly #parents = new Map<string, ChildProcess>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  on(names: readonly string[]): void {
    for (const name of names) this.#parents.set(name, this.#cluster.supervise(name));
  }

  /** A power cut: no parent starts anything again, nothing is told to anybody. */
  async off(...names: string[]): Promise<void> {
    const parents = names.map((name) => this.#parents.get(name));
    for (const parent of parents) if (parent?.pid) signal(parent.pid, "SIGKILL");
    await eventually("the parents are off", () =>
      parents.every((parent) => parent?.signalCode !== null),
    );
    await this.#cluster.kill(...names);
  }
}

/** Waits until what a node holds now is in its note. */
async function noted(cluster: Cluster, ...names: string[]): Promise<void> {
  const offset = async (name: string) =>
    Number(/master_repl_offset:(\d+)/.exec(await cluster.ask(name, "INFO", "replication"))?.[1]);
  for (const name of names) {
    const wanted = await offset(name);
    await eventually(
      `${name} has noted that it was at ${wanted}`,
      () => Number(cluster.file(name, "position").split(" ")[2]) >= wanted,
    );
  }
}

/** All that a node had on its disk but for what the stack has put there. */
function loseDisk(cluster: Cluster, name: string): void {
  cluster.loseData(name);
  for (const file of ["position", "written", "persistence", "node.conf", "loaded", "unplaced"])
    rmSync(join(cluster.directory(name), file), { force: true });
}

async function hasMaster(cluster: Cluster, sentinels: readonly string[]): Promise<string> {
  let name = "";
  await eventually(
    "one node is named, and is the master",
    async () => {
      const names = await Promise.all(sentinels.map((each) => cluster.named(each)));
      name = names[0] ?? "";
      return (
        name !== "" &&
        names.every((each) => each === name) &&
        (await cluster.role(name)) === "master"
      );
    },
    120_000,
  ).catch((error: unknown) => {
    const logs = cluster.names.map((each) =>
      `${cluster.log(each)}${cluster.said(each)}`.slice(-1500),
    );
    throw new Error(`${String(error)}\n${logs.join("\n")}`);
  });
  return name;
}

/**
 * All three nodes have `first`, two of them `second`; the other one is off, and so are all at the
 * end.
 */
async function unequal(cluster: Cluster, stale: string) {
  const machines = new Machines(cluster);
  machines.on(cluster.names);
  await cluster.up();
  const first = await cluster.write("node1", "first");
  await noted(cluster, stale);
  await machines.off(stale);
  const second = await cluster.write("node1", "second");
  const others = cluster.nodes.map(({ name }) => name).filter((name) => name !== stale);
  await noted(cluster, ...others);
  await machines.off(...cluster.names.filter((name) => name !== stale));
  return { machines, keys: { ...first, ...second } };
}

/** The machine of node1, the master, goes off, and the sentinels promote another node. */
async function failedOver(cluster: Cluster, machines: Machines) {
  await machines.off("node1");
  const sentinels = cluster.sentinels.map(({ name }) => name);
  await eventually("failover", async () => (await cluster.named()) !== "node1");
  const last = await hasMaster(cluster, sentinels);
  return { sentinels, last, follower: last === "node2" ? "node3" : "node2" };
}

describe("all off, and on again in any order", { concurrency: 2 }, () => {
  for (const seed of seeds) {
    const [stale = "", ahead = ""] = shuffled(["node2", "node3"], seed);

    inTurn(
      `the master's disk is lost: ${ahead} had more than ${stale}, order ${seed}`,
      supervised,
      async (cluster) => {
        const { machines, keys } = await unequal(cluster, stale);
        loseDisk(cluster, "node1");
        machines.on(shuffled(cluster.names, seed));
        assert.equal(await hasMaster(cluster, ["sentinel1", "sentinel2", "sentinel3"]), ahead);
        await cluster.verifiedByItself();
        for (const { name } of cluster.nodes) assert.ok(await cluster.holds(name, keys), name);
      },
    );

    inTurn(
      `the master does not come back: ${ahead} had more than ${stale}, order ${seed}`,
      supervised,
      async (cluster) => {
        const { machines, keys } = await unequal(cluster, stale);
        const back = cluster.names.filter((name) => name !== "node1" && name !== "sentinel1");
        machines.on(shuffled(back, seed));
        assert.equal(await hasMaster(cluster, ["sentinel2", "sentinel3"]), ahead);
        await eventually(`${stale} has all`, () => cluster.holds(stale, keys));
        // And the master of then follows.
        machines.on(["node1", "sentinel1"]);
        await cluster.verifiedByItself();
        assert.equal(await cluster.named(), ahead);
        for (const { name } of cluster.nodes) {
          assert.ok(await cluster.holds(name, keys), name);
          assert.equal(cluster.file(name, "unplaced"), "");
          if (name !== ahead)
            assert.match(await cluster.ask(name, "INFO", "replication"), /slave_priority:100/);
        }
      },
    );

    inTurn(
      `the last master does not come back, a former one does, order ${seed}`,
      supervised,
      async (cluster) => {
        const machines = new Machines(cluster);
        machines.on(cluster.names);
        await cluster.up();
        const first = await cluster.write("node1", "first");
        await noted(cluster, "node1");
        const { sentinels, last, follower } = await failedOver(cluster, machines);
        await eventually(`${follower} follows`, async () =>
          (await cluster.ask(follower, "INFO", "replication")).includes("master_link_status:up"),
        );
        const second = await cluster.write(last, "second");
        await noted(cluster, follower);
        await machines.off(last, follower, ...sentinels);
        machines.on(shuffled(["node1", follower, ...sentinels], seed));
        assert.equal(await hasMaster(cluster, sentinels), follower);
        machines.on([last]);
        await cluster.verifiedByItself();
        for (const { name } of cluster.nodes)
          assert.ok(await cluster.holds(name, { ...first, ...second }), name);
      },
    );
  }

  // Its note is two seconds old, and each takes it when its own second is over.
  inTurn(
    "off within seconds of a failover, its note of that behind a replica's: the master is again",
    supervised,
    async (cluster) => {
      const machines = new Machines(cluster);
      machines.on(cluster.names);
      await cluster.up();
      const first = await cluster.write("node1", "first");
      await noted(cluster, ...cluster.nodes.map(({ name }) => name));
      const before = (name: string) => cluster.file(name, "position");
      const early = new Map(["node2", "node3"].map((name) => [name, before(name)]));
      const { sentinels, last, follower } = await failedOver(cluster, machines);
      const epoch = (note = "") => Number(note.split(" ")[0]);
      await eventually(
        `${follower} has noted the failover`,
        () => epoch(before(follower)) > epoch(early.get(follower)),
      );
      await machines.off(follower);
      const second = await cluster.write(last, "second");
      await machines.off(last, ...sentinels);
      writeFileSync(join(cluster.directory(last), "position"), early.get(last) ?? "");
      // Both wait before anybody is named.
      machines.on([last, follower]);
      for (const name of [last, follower])
        await eventually(`${name} waits`, async () => (await cluster.role(name)) === "slave");
      machines.on(["node1", ...sentinels]);
      assert.equal(await hasMaster(cluster, sentinels), last);
      await cluster.verifiedByItself();
      for (const { name } of cluster.nodes)
        assert.ok(await cluster.holds(name, { ...first, ...second }), name);
    },
  );

  inTurn(
    "sentinels that have lost their state name a former master: the others give up nothing for it",
    supervised,
    async (cluster) => {
      const machines = new Machines(cluster);
      machines.on(cluster.names);
      await cluster.up();
      await cluster.write("node1", "first");
      await noted(cluster, "node1");
      const { sentinels, last } = await failedOver(cluster, machines);
      const keys = await cluster.write(last, "second");
      await noted(cluster, last);
      await machines.off(...cluster.names.filter((name) => name !== "node1"));
      for (const name of sentinels)
        rmSync(join(cluster.directory(name), "sentinel.conf"), { force: true });
      machines.on([...sentinels, "node1"]);
      assert.equal(await hasMaster(cluster, sentinels), "node1");
      machines.on([last]);
      await eventually(`${last} says why it does not follow`, () =>
        /have lost their state: .* later epoch than theirs/.test(cluster.said(last)),
      );
      // As it says: the other one is ended, and this one is the master.
      await machines.off("node1", last, ...sentinels);
      for (const name of sentinels)
        rmSync(join(cluster.directory(name), "sentinel.conf"), { force: true });
      machines.on([last]);
      await eventually(`${last} answers`, async () => (await cluster.role(last)) === "slave");
      assert.ok(await cluster.holds(last, keys));
    },
  );
});
