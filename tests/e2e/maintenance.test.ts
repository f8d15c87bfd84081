import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ask, checkout, isRunning, members, namedMaster, Project } from "../support/project.ts";

describe("maintenance on command", { timeout: 2_400_000 }, () => {
  const config = {
    ...members("swi", 22_800),
    sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 30_000 },
  };
  const project = new Project(config);
  const command = (name: string, ...args: string[]) =>
    project.run("node", join(checkout, "cli", `${name}.ts`), ...args);
  const switchover = (...args: string[]) => command("switchover", ...args);

  before(async () => {
    await project.init();
    await project.up();
    assert.equal(await ask("swi1:22800", "SET", "key", "value"), "OK");
  });
  after(() => project.remove());

  it("switchover makes the node of one's choice the master, which `up` leaves there", async () => {
    const { status, output } = await switchover("node3");
    assert.equal(status, 0, output);
    assert.equal(await namedMaster("swi1:22850"), "swi3:22802");
    assert.equal(await ask("swi3:22802", "GET", "key"), "value");
    await project.healthy();
    await project.upChangesNothing();
    assert.equal(await namedMaster("swi1:22850"), "swi3:22802");
  });

  it("switchover without one makes another node than before the master", async () => {
    const { status, output } = await switchover();
    assert.equal(status, 0, output);
    assert.match(await namedMaster("swi1:22850"), /^swi[12]:/);
  });

  it("switchover to a node that there is none of is refused, the present master is left alone, and nothing is touched", async () => {
    const master = await namedMaster("swi1:22850");
    const refused = await switchover("node9");
    assert.notEqual(refused.status, 0);
    assert.match(refused.output, /node9 is no node of the stack: node1, node2, node3/);
    const present = await switchover(master === "swi1:22800" ? "node1" : "node2");
    assert.equal(present.status, 0, present.output);
    assert.match(present.output, /is the master already/);
    assert.equal(await namedMaster("swi1:22850"), master);
  });

  it("a drill that ends more than one process begins only where somebody says so", async () => {
    const found = project.pids();
    const { status, output } = await command("drill", "--all");
    assert.equal(status, 2, output);
    assert.match(output, /all 6 processes are killed at once[^]*npm run drill -- --all --yes/);
    assert.deepEqual(project.pids(), found);
  });

  for (const [what, drill, seen] of [
    ["a switchover", ["--switchover"], /is handed over/],
    ["the loss of a sentinel", ["--process", "sentinel2"], /\+sdown sentinel swi2:22851/],
    ["the loss of a host", ["--host", "swi1"], /\+sdown sentinel swi1:22850/],
    ["the loss of everything", ["--all"], /starting node3 again/],
  ] as const)
    it(`a drill with ${what} leaves nothing stopped, counts what was lost and draws what it saw`, async () => {
      const file = join(project.directory, `${drill.join("")}.svg`);
      const { status, output } = await command("drill", ...drill, "--yes", "--picture", file);
      assert.equal(status, 0, output);
      assert.match(output, seen);
      assert.match(output, /last acknowledged write before[^]*first acknowledged write after/);
      assert.match(output, /all replicas are linked[^]*everything is healthy/);
      assert.match(output, /Drill passed\n[^]* writes +\d{2,} acknowledged, \d+ lost/);
      // Who is killed may take with it what nobody else had yet.
      if (what === "a switchover") assert.match(output, /acknowledged, 0 lost/);
      assert.deepEqual([...project.pids().values()].map(isRunning), Array(6).fill(true));
      const picture = readFileSync(file, "utf8");
      assert.match(picture, /^<svg [^]*<rect class="master"[^]*<rect class="write"[^]*<\/svg>\n$/);
      if (what !== "a switchover") assert.ok(picture.includes('<rect class="silent"'));
    });

  it("a drill that is interrupted starts again what it has ended", async () => {
    const child = project.start("node", [
      ...[join(checkout, "cli", "drill.ts"), "--process", "node1", "--yes"],
      ...["--picture", join(project.directory, "interrupted.svg")],
    ]);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        if (!output.includes("was killed") && (output + text).includes("was killed"))
          child.kill("SIGINT");
        output += text;
      });
    const [status] = (await once(child, "close")) as [number | null];
    assert.equal(status, 130, output);
    assert.match(output, /starting node1 again[^]*The drill was ended by SIGINT/);
    assert.ok(existsSync(join(project.directory, "interrupted.svg")));
    assert.ok(isRunning(project.pids().get("node1") as number));
    await project.healthy();
    await project.upChangesNothing();
  });

  const preview = () => project.run("pulumi", "preview", "--stack", project.stack);
  const refusedUp = async (reason: RegExp) => {
    const { status, output } = await project.run(
      ...(["pulumi", "up", "--yes", "--skip-preview", "--stack", project.stack] as const),
    );
    assert.notEqual(status, 0, output);
    assert.match(output, reason);
    assert.match(output, /paused since \d{4}-\S+Z by \S+@\S+: a test of it's \$\(pause\)/);
    assert.match(output, /npm run resume ends the pause/);
    assert.doesNotMatch(output, /^ +at |serializing/m, "no stack trace");
  };

  it("paused, `up` is quiet where there is nothing to do, and says since when and why", async () => {
    const none = await command("pause");
    assert.equal(none.status, 2, none.output);
    const paused = await command("pause", "a test of it's $(pause)");
    assert.equal(paused.status, 0, paused.output);
    const again = await command("pause", "another reason");
    assert.match(again.output, /a test of it's[^]*It was paused already/);
    const drill = await command("drill", "--yes");
    assert.equal(drill.status, 1, drill.output);
    assert.match(drill.output, /No drill: the deployment is paused since/);
    const status = await command("status");
    assert.equal(status.status, 0, status.output);
    assert.match(status.output, /^This deployment is paused since \d{4}-\S+Z by \S+@\S+: a test/m);
    const { output } = await project.upChangesNothing();
    assert.match(output, /This deployment is paused since .*a test of it's \$\(pause\)\. Until/);
  });

  it("paused, it is refused before anything is touched where a process is dead, which stays so", async () => {
    project.kill("sentinel3");
    const found = project.pids();
    const planned = await preview();
    assert.equal(planned.status, 0, planned.output);
    assert.match(planned.output, /redis-ha-sentinel3-process +update/);
    assert.match(planned.output, /This deployment is paused since/);
    await refusedUp(/Nothing was touched: sentinel3 would be changed/);
    assert.deepEqual(project.pids(), found);
    assert.ok(!isRunning(found.get("sentinel3") as number));
  });

  it("paused, a changed setting is refused by the first step, on every host; one without the mark holds back all of it", async () => {
    // By hand, as its command is typed; not by what is paused.
    const processes =
      await project.output<{ name: string; commands: Record<string, string> }[]>(
        "sentinelProcesses",
      );
    const start = processes.find(({ name }) => name === "sentinel3")?.commands.start ?? "";
    await project.succeed("sh", "-c", start);
    await project.healthy();
    const master = await namedMaster("swi1:22850");
    project.configure({ ...config, redis: { directives: { "slowlog-max-len": "77" } } });
    await refusedUp(/node\d.*process/);
    const marks = ["swi1", "swi2", "swi3"].map((host) => join(project.redis, host, ".paused"));
    rmSync(marks[0] as string);
    await refusedUp(/Nothing was touched: node1, sentinel1 have no mark of that/);
    for (const node of ["swi1:22800", "swi2:22801", "swi3:22802"])
      assert.deepEqual(await ask(node, "CONFIG", "GET", "slowlog-max-len"), [
        "slowlog-max-len",
        "128",
      ]);
    assert.equal(await namedMaster("swi1:22850"), master);
    assert.equal((await command("pause", "once more")).status, 0);
    assert.match(readFileSync(marks[0] as string, "utf8"), /a test of it's/);
  });

  it("resumed, the next `up` does what was held back", async () => {
    const { status, output } = await command("resume");
    assert.equal(status, 0, output);
    assert.match(output, /was paused since .* It is not any more/);
    await project.up();
    for (const node of ["swi1:22800", "swi2:22801", "swi3:22802"])
      assert.deepEqual(await ask(node, "CONFIG", "GET", "slowlog-max-len"), [
        "slowlog-max-len",
        "77",
      ]);
    await project.upChangesNothing();
    assert.match((await command("resume")).output, /was not paused/);
    assert.doesNotMatch((await command("status")).output, /paused/);
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
