import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ask, checkout, members, namedMaster, Project } from "../support/project.ts";

describe("npm run switchover", { timeout: 2_400_000 }, () => {
  const config = {
    ...members("swi", 22_800),
    sentinel: { failoverTimeoutMilliseconds: 30_000 },
  };
  const project = new Project(config);
  const switchover = (...args: string[]) =>
    project.run("node", join(checkout, "cli", "switchover.ts"), ...args);

  before(async () => {
    await project.init();
    await project.up();
    assert.equal(await ask("swi1:22800", "SET", "key", "value"), "OK");
  });
  after(() => project.remove());

  it("makes the node of one's choice the master, which `up` leaves there", async () => {
    const { status, output } = await switchover("node3");
    assert.equal(status, 0, output);
    assert.equal(await namedMaster("swi1:22850"), "swi3:22802");
    assert.equal(await ask("swi3:22802", "GET", "key"), "value");
    await project.healthy();
    await project.upChangesNothing();
    assert.equal(await namedMaster("swi1:22850"), "swi3:22802");
  });

  it("without one it is another node than before", async () => {
    const { status, output } = await switchover();
    assert.equal(status, 0, output);
    assert.match(await namedMaster("swi1:22850"), /^swi[12]:/);
  });

  it("a node that there is none of is refused, the present master is left alone, and nothing is touched", async () => {
    const master = await namedMaster("swi1:22850");
    const refused = await switchover("node9");
    assert.notEqual(refused.status, 0);
    assert.match(refused.output, /node9 is no node of the stack: node1, node2, node3/);
    const present = await switchover(master === "swi1:22800" ? "node1" : "node2");
    assert.equal(present.status, 0, present.output);
    assert.match(present.output, /is the master already/);
    assert.equal(await namedMaster("swi1:22850"), master);
  });

  it("a change of all nodes is one switchover: the master comes last, wherever it is", async () => {
    for (const databases of ["17", "18"]) {
      const master = await namedMaster("swi1:22850");
      project.configure({ ...config, redis: { directives: { databases } } });
      const { output } = await project.up();
      const order = [...output.matchAll(/(node\d)-process updated/g)].map(([, name]) => name);
      assert.equal(order.length, 3, output);
      assert.ok(master.startsWith(`swi${order[2]?.slice(-1)}:`), `${master} ${order.join()}`);
      // Each line of a step is shown again with the next one.
      assert.equal(new Set(output.match(/handed over to \w+/g)).size, 1, output);
      await project.upChangesNothing();
    }
  });
});
