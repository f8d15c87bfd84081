import assert from "node:assert/strict";
import { describe } from "node:test";
import { type Cluster, eventually, inTurn, portsFrom, shuffled } from "../../support/cluster.ts";

portsFrom(56_000);

/** All that can be in the soak, some of it where it has to be quick. */
const some = <T>(all: readonly T[], count: number, seed: number): readonly T[] =>
  process.env.ROUNDS === undefined ? shuffled(all, seed).slice(0, count) : all;

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, index) =>
    permutations(items.filter((_, each) => each !== index)).map((rest) => [first, ...rest]),
  );
}

/**
 * Has the nodes end one after the other, each with more than the one before, the master last, then
 * everything else; gives what each of them had more than those before it.
 */
async function allOff(
  cluster: Cluster,
  round: number,
): Promise<{ batches: Record<string, string>[]; ended: string[] }> {
  const master = await cluster.named();
  const batches: Record<string, string>[] = [];
  const replicas = cluster.nodes.map(({ name }) => name).filter((name) => name !== master);
  const ended = [...replicas, master];
  for (const node of ended) {
    batches.push(await cluster.write(master, `round${round}-${node}`));
    if (node === master) continue;
    await cluster.kill(node);
    const left = ended.length - 2 - ended.indexOf(node);
    await eventually(
      `${master} has ${left} replicas`,
      async () =>
        (await cluster.ask(master, "INFO", "replication")).match(/^slave\d+:/gm)?.length ===
        (left || undefined),
    );
  }
  await cluster.kill(...cluster.names);
  return { batches, ended };
}

/** @param lost whether the disk of the last replica that ended is lost, too. */
async function comesBack(
  cluster: Cluster,
  orders: readonly (readonly string[])[],
  lost = false,
): Promise<void> {
  await cluster.up();
  for (const [round, order] of orders.entries()) {
    const { batches, ended } = await allOff(cluster, round);
    const gone = lost ? ended.at(-2) : undefined;
    if (gone !== undefined) cluster.loseData(gone);
    const said: string[] = [];
    const step = async (name: string) => {
      const { out, err } = await cluster.step("update", name);
      said.push(`--- ${name}\n${out}${err}`);
    };
    for (const name of order) await step(name);
    // As the next `up` does.
    for (const name of cluster.names) await step(name);
    await cluster.verify();
    for (const { name } of cluster.nodes)
      for (const keys of batches)
        assert.ok(
          await cluster.holds(name, keys),
          `${name} does not hold ${Object.keys(keys)[0]}; ended ${ended.join(", ")}; back ${order.join(", ")}; lost ${gone}\n${said.join("")}`,
        );
  }
}

// Without a parent that notes how far a node is; what that makes possible is in outage.test.ts.
describe("everything was off, and is started by hand in some order", { concurrency: 2 }, () => {
  const three = ["node1", "node2", "node3"];
  const sentinels = ["sentinel1", "sentinel2", "sentinel3"];
  const orders = permutations(three).flatMap((order) => [
    [...order, ...sentinels],
    [...sentinels, ...order],
  ]);
  inTurn(
    "three nodes with unequal data: the most advanced is what all have",
    { downAfter: 10_000 },
    (cluster) => comesBack(cluster, some(orders, 1, 5)),
  );
  inTurn("… the disk of a replica is lost", { downAfter: 10_000 }, (cluster) =>
    comesBack(cluster, some(orders, 1, 6), true),
  );
  inTurn(
    "five nodes and five sentinels, in random orders",
    { downAfter: 10_000, nodes: 5, sentinels: 5 },
    (cluster) =>
      comesBack(
        cluster,
        some([21, 22, 23, 24, 25, 26], 1, 8).map((seed) => shuffled(cluster.names, seed)),
      ),
  );
});
