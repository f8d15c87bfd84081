import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import {
  ask,
  eventually,
  isRunning,
  type Members,
  members,
  namedMaster,
  Project,
} from "../support/project.ts";
import { Writers } from "../support/writers.ts";
import { killWhen } from "./kill.ts";

describe("nodes and sentinels that leave", { timeout: 2_400_000 }, () => {
  const all = members("rem", 23_500, 5, 5);
  const numbered = (list: Members, numbers: readonly number[]): Members =>
    Object.fromEntries(
      Object.entries(list).filter(([name]) => numbers.includes(Number(/\d+$/.exec(name)))),
    );
  const having = (numbers: readonly number[], more: Record<string, unknown> = {}) => ({
    nodes: numbered(all.nodes, numbers),
    sentinels: numbered(all.sentinels, numbers),
    sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 10_000 },
    ...more,
  });
  const project = new Project(having([1, 2, 3, 4, 5]));
  const sentinel = (number: number) => all.sentinels[`sentinel${number}`] as string;
  const node = (number: number) => all.nodes[`node${number}`] as string;
  const master = (from = 2) => namedMaster(sentinel(from));
  const directory = (number: number, name: string) => join(project.redis, `rem${number}`, name);
  /** An update under four writers, and what came of it. */
  const under = async (t: TestContext, what: string, work: () => Promise<unknown>) => {
    t.diagnostic(`${what}: ${await Writers.during([sentinel(2), sentinel(3)], work)}`);
    await project.healthy();
    await project.upChangesNothing();
  };
  const counts = async (from: number) => {
    const fields = (await ask(sentinel(from), "SENTINEL", "MASTER", "redis-ha")) as string[];
    return ["num-slaves", "num-other-sentinels", "quorum"].map(
      (name) => fields[fields.indexOf(name) + 1],
    );
  };

  before(async () => {
    await project.init();
    await project.up();
  });
  after(() => {
    Writers.endAll();
    return project.remove();
  });

  it("a pair of a replica and a sentinel, two times, and their hosts: five become three", async (t) => {
    const running = project.pids();
    project.configure(having([1, 2, 3]));
    const preview = await project.run("pulumi", "preview", "--stack", project.stack);
    assert.equal(preview.status, 0, preview.output);
    for (const who of ["node4", "node5", "sentinel4", "sentinel5"])
      assert.match(
        preview.output,
        new RegExp(`${who} \\(rem\\d:\\d+\\) is not in the program any`),
      );
    assert.deepEqual(project.pids(), running);
    await under(t, "five become three", () => project.up());
    assert.deepEqual(await counts(2), ["2", "2", "2"]);
    assert.ok(!existsSync(directory(4, "")) && !existsSync(directory(5, "")));
    for (const [name, pid] of running) {
      const stays = /^(node|sentinel)[123]$/.test(name);
      // A sentinel forgets by a restart; a node goes on.
      if (name.startsWith("node") && stays) assert.equal(project.pids().get(name), pid, name);
      if (!stays) assert.ok(!isRunning(pid), name);
    }
  });

  it("three become five again", async (t) => {
    project.configure(having([1, 2, 3, 4, 5]));
    await under(t, "three become five", () => project.up());
    assert.deepEqual(await counts(4), ["4", "4", "3"]);
  });

  it("the master's node, which was the first, with the sentinel beside it and another pair", async (t) => {
    assert.equal(await master(), node(1));
    project.configure(having([2, 3, 5]));
    await under(t, "the master leaves", () => project.up());
    assert.notEqual(await master(), node(1));
    assert.deepEqual(await counts(5), ["2", "2", "2"]);
    assert.ok(!existsSync(directory(1, "")));
  });

  it("one for another: a node and a sentinel of other names, on other hosts and ports", async (t) => {
    project.configure({
      ...having([2, 3, 5]),
      nodes: { ...numbered(all.nodes, [2, 3]), newnode: "rem1:23600" },
      sentinels: { ...numbered(all.sentinels, [2, 3]), newsentinel: "rem1:23650" },
    });
    await under(t, "one for another", () => project.up());
    assert.deepEqual(await counts(3), ["2", "2", "2"]);
    assert.deepEqual([...project.pids().keys()].sort(), [
      "newnode",
      "newsentinel",
      "node2",
      "node3",
      "sentinel2",
      "sentinel3",
    ]);
  });

  it("another host for a node and a sentinel of the same names, another port for the master", async (t) => {
    const place = await master();
    const [staying = ""] = Object.entries(all.nodes).find(([, each]) => each === place) ?? [];
    const moving = staying === "node2" ? "node3" : "node2";
    project.configure({
      ...having([2, 3]),
      nodes: {
        newnode: "rem1:23600",
        [moving]: "rem5:23605",
        [staying]: place.replace(/:.*/, ":23609"),
      },
      sentinels: { ...numbered(all.sentinels, [2, 3]), newsentinel: "rem5:23655" },
    });
    await under(t, "another host, another port", () => project.up());
    assert.deepEqual(await counts(2), ["2", "2", "2"]);
    assert.ok(!existsSync(directory(1, "newsentinel")));
    assert.ok(!existsSync(directory(Number(moving.at(-1)), moving)));
    assert.equal(project.pids().size, 6);
  });

  it("a sentinel of another name in the same place", async (t) => {
    project.configure({
      ...having([2, 3, 4]),
      sentinels: { ...numbered(all.sentinels, [2, 3]), another: "rem5:23655" },
    });
    await under(t, "renamed, and one for another", () => project.up());
    assert.deepEqual(await counts(2), ["2", "2", "2"]);
  });

  it("an `up` that is killed after something has left goes on with the next one, or takes it back", async (t) => {
    project.configure(having([1, 2, 3, 4, 5]));
    await project.up();
    for (const then of [
      [1, 2, 3, 4, 5],
      [2, 3, 4],
    ] as const) {
      project.configure(having([2, 3, 4]));
      const up = project.start("pulumi", [
        "up",
        "--yes",
        "--skip-preview",
        "--stack",
        project.stack,
      ]);
      await killWhen(up, () => {
        const file = join(directory(1, "node1"), "retired");
        return existsSync(file) && readFileSync(file, "utf8") === "stopped";
      });
      await project.run("pulumi", "cancel", "--yes", "--stack", project.stack);
      project.configure(having(then));
      await under(t, `then ${then.length} members`, () => project.up());
      assert.equal((await counts(2))[0], String(then.length - 1));
    }
  });

  it("what can't be done safely is refused before anything is touched", async () => {
    const running = project.pids();
    const refused = async (config: Record<string, unknown>, reason: RegExp) => {
      project.configure(config);
      const { status, output } = await project.tryUp();
      assert.notEqual(status, 0, output);
      assert.match(output, reason);
      assert.deepEqual(project.pids(), running);
    };
    await refused(having([2]), /nodes: .* is not allowed: at least two nodes/);
    await refused(having([2, 3]), /sentinels: .* is not allowed: an odd number of sentinels/);
    await refused(
      having([2, 3, 4], { nodes: { ...numbered(all.nodes, [2, 3]), other: node(4) } }),
      /nodes\.other: "rem4:\d+" is not allowed: a port that nobody has as long as it comes: node4/,
    );
    await refused(
      having([2, 3, 4], { sentinels: { s7: "rem2:23687", s8: "rem3:23688", s9: "rem4:23689" } }),
      /sentinels: "s7, s8, s9" is not allowed: one, at least, of those that there are/,
    );
    project.configure(having([2, 3, 4]));
    await project.upChangesNothing();
    await eventually("the master is one of them", async () => /rem[234]/.test(await master()));
  });

  it("what is gone for good, directory and all, is left out once it is told to be forgotten", async (t) => {
    for (const name of ["node4", "sentinel4"]) project.kill(name);
    rmSync(directory(4, ""), { recursive: true });
    const without = {
      ...having([2, 3]),
      sentinels: { ...numbered(all.sentinels, [2, 3]), late: "rem3:23660" },
    };
    project.configure(without);
    const { status, output } = await project.run("pulumi", "preview", "--stack", project.stack);
    assert.notEqual(status, 0, output);
    assert.match(output, /(nodes\.node4|sentinels\.sentinel4): .* is known to the others, and/);
    const forget = [node(4), sentinel(4)];
    project.configure({ ...without, forget });
    await under(t, "lost for good", () => project.up());
    assert.deepEqual(await counts(2), ["1", "2", "2"]);
  });

  it("destroy hands nothing over", async () => {
    const { output } = await project.succeed(
      "pulumi",
      "destroy",
      "--yes",
      "--skip-preview",
      "--stack",
      project.stack,
    );
    assert.doesNotMatch(output, /handed over|is to forget|has left/);
    assert.ok(!existsSync(project.redis));
  });
});
