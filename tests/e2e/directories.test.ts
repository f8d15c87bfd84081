import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ask, isRunning, members, namedMaster, Project } from "../support/project.ts";

const args = { ...members("dir", 22_300), sentinel: { failoverTimeoutMilliseconds: 30_000 } };
const up = (project: Project) => project.tryUp();
const destroy = (project: Project) =>
  project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);

describe("a directory belongs to one deployment", { timeout: 2_400_000 }, () => {
  const one = new Project(args);
  const two = new Project({ ...args, directory: one.redis });
  const master = () => namedMaster("dir1:22350");
  const precious = join(one.redis, "dir1", "precious.txt");

  before(async () => {
    await one.init();
    await two.init();
  });
  after(async () => {
    await two.remove();
    await one.remove();
  });

  for (const [what, name, content, said] of [
    [
      "somebody's file",
      "precious.txt",
      "precious",
      /"\S+dir2" is not allowed on dir2: it is not empty, and of no deployment; in it: precious\.txt\./,
    ],
    [
      "a server's data without a mark",
      "node2/dump.rdb",
      "REDIS",
      /"\S+dir2" is not allowed on dir2: .* a server's data is in it: \S+node2\/dump\.rdb\..* adopt: /,
    ],
  ] as const) {
    it(`one with ${what} is refused before anything is touched, in the preview already`, async () => {
      const file = join(one.redis, "dir2", name);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, content);
      const preview = await one.run("pulumi", "preview", "--stack", one.stack);
      assert.notEqual(preview.status, 0);
      assert.match(preview.output, said);
      const { status, output } = await up(one);
      assert.notEqual(status, 0);
      assert.match(output, said);
      assert.deepEqual(readdirSync(one.redis), ["dir2"]);
      assert.equal(readFileSync(file, "utf8"), content);
      rmSync(one.redis, { recursive: true });
    });
  }

  it("the system's own are refused", async () => {
    one.configure({
      ...args,
      ...members("etc", 22_300),
      nodes: { node1: "etc:22300", node2: "usr:22301", node3: "proc:22302" },
      directory: "/",
    });
    const { status, output } = await up(one);
    one.configure(args);
    assert.notEqual(status, 0);
    assert.match(
      output,
      /hosts\.\w+\.directory: "\/(etc|usr|proc)" is not allowed on \w+: it is the system's/,
    );
  });

  it("an empty one that was there before is taken, and another stack in it is refused, and touches nothing", async () => {
    mkdirSync(join(one.redis, "dir1"), { recursive: true });
    await one.up();
    assert.equal(await ask(await master(), "SET", "key", "value"), "OK");
    const pids = one.pids();
    const { status, output } = await up(two);
    assert.notEqual(status, 0);
    assert.match(
      output,
      /"\S+dir\d" is not allowed on dir\d: it belongs to another deployment \(redis-ha in the stack test of pulumi-redis-ha\), and \w+ \(pid \d+\) still runs on it/,
    );
    await destroy(two);
    assert.deepEqual(one.pids(), pids);
    assert.deepEqual([...pids.values()].map(isRunning), Array(6).fill(true));
    await one.upChangesNothing();
  });

  it("another stack's that does not run is refused, too, unless it is to be adopted; then its data is there", async () => {
    const copy = join(two.directory, "copy");
    await ask(await master(), "SAVE");
    cpSync(one.redis, copy, { recursive: true });
    // A copy of what runs, which has no process of its own.
    for (const host of ["dir1", "dir2", "dir3"])
      for (const each of readdirSync(join(copy, host)))
        if (existsSync(join(copy, host, each, "pid"))) rmSync(join(copy, host, each, "pid"));
    const other = {
      ...members("dir", 22_400),
      sentinel: { failoverTimeoutMilliseconds: 30_000 },
      directory: copy,
    };
    two.configure(other);
    const { status, output } = await up(two);
    assert.notEqual(status, 0);
    assert.match(
      output,
      /it belongs to another deployment .*; a server's data is in it: .*\. Nothing was touched\. Set another directory, or, .* adopt: \["\S+"\]/,
    );
  });

  it("a stack beside it, below the same directory, keeps it when the first goes; what is not ours stays, and is named", async () => {
    two.configure({
      ...members("more", 22_500),
      sentinel: { failoverTimeoutMilliseconds: 30_000 },
      directory: one.redis,
    });
    await two.up();
    writeFileSync(precious, "precious");
    const { output } = await destroy(one);
    assert.match(output, /dir1 stays, with what is not of this deployment: precious\.txt/);
    assert.deepEqual(readdirSync(join(one.redis, "dir1")), ["precious.txt"]);
    assert.equal(readFileSync(precious, "utf8"), "precious");
    assert.ok(!existsSync(join(one.redis, "dir2")));
    rmSync(precious);
    assert.match(String(await ask("more1:22550", "SENTINEL", "CKQUORUM", "redis-ha")), /^OK 3/);
    await destroy(two);
    // It was there before; so was what is above it.
    assert.deepEqual(readdirSync(one.redis), ["dir1"]);
    assert.deepEqual(readdirSync(join(one.redis, "dir1")), []);
  });
});
