import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { after, before, describe, it } from "node:test";
import type { RedisHaArgs } from "../../components/index.ts";
import type { Step } from "./automation.ts";
import { ask, checkout, isRunning, members, namedMaster, Project } from "../support/project.ts";

interface Ended {
  changes?: Partial<Record<"create" | "update" | "delete" | "replace" | "same", number>>;
  error?: string;
  /** What the state says that each RedisHa was given. */
  given?: unknown[];
  said: string;
}

describe("by the Automation API, in one process", { timeout: 2_400_000 }, () => {
  const project = new Project({}, { "package.json": '{ "type": "module" }' });
  let embedding: ChildProcess;
  let lines: AsyncIterator<string>;
  let reader: Interface;
  const up = async (step: Step): Promise<Ended> => {
    embedding.stdin?.write(`${JSON.stringify(step)}\n`);
    const line: IteratorResult<string, unknown> = await lines.next();
    return JSON.parse(String(line.value)) as Ended;
  };
  const good: RedisHaArgs = {
    ...members("auto", 22_600),
    directory: join(project.redis, "one"),
    sentinel: { failoverTimeoutMilliseconds: 30_000 },
  };
  const other: RedisHaArgs = {
    ...members("also", 22_700),
    directory: join(project.redis, "two"),
    sentinel: { failoverTimeoutMilliseconds: 30_000 },
  };
  /** What a look finds out, and what the arguments themselves tell. */
  const bad: Record<string, RedisHaArgs> = {
    "by what is on the machine": { ...other, redis: { serverBinary: "/none/redis-server" } },
    "by its arguments": { ...other, sentinel: { quorum: 7 } },
    "by the form of its arguments": { ...other, masterNmae: "x" } as RedisHaArgs,
  };

  before(() => {
    embedding = project.start("node", [join(checkout, "tests", "e2e", "automation.ts")], "pipe");
    reader = createInterface({ input: embedding.stdout as NonNullable<typeof embedding.stdout> });
    lines = reader[Symbol.asyncIterator]();
  });
  after(async () => {
    await up({ components: {} });
    reader.close();
    embedding.stdin?.end();
    await project.remove();
  });

  it("comes up, and changes nothing the second time", async () => {
    assert.equal((await up({ components: { one: good } })).error, undefined);
    const { changes } = await up({ components: { one: good } });
    assert.deepEqual(Object.keys(changes ?? {}), ["same"]);
    assert.equal(await ask(await namedMaster("auto1:22650"), "SET", "key", "value"), "OK");
  });

  for (const [what, args] of Object.entries(bad)) {
    for (const caught of [false, true]) {
      it(`what is refused ${what} fails the update and touches nothing${caught ? ", also where the program catches it" : ""}`, async () => {
        const pids = project.pidsBelow("one");
        const { error, changes } = await up({
          components: { one: { ...args, ...members("auto", 22_600), directory: good.directory } },
          caught,
        });
        assert.equal(changes, undefined, "it fails");
        assert.match(error ?? "", /is not allowed/);
        assert.equal(pids.size, 6);
        assert.deepEqual(project.pidsBelow("one"), pids);
        assert.deepEqual([...pids.values()].map(isRunning), Array(6).fill(true));
      });
    }
  }

  for (const caught of [false, true]) {
    it(`what is refused of the stack's configuration, too${caught ? ", also where the program catches it" : ""}`, async () => {
      const pids = project.pidsBelow("one");
      const { error, changes } = await up({
        components: { one: good },
        config: { "pulumi-redis-ha:masterNmae": "x" },
        caught,
      });
      assert.equal(changes, undefined, "it fails");
      assert.match(
        error ?? "",
        /masterNmae: "masterNmae" is not allowed.*Did you mean masterName\?/s,
      );
      assert.equal(pids.size, 6);
      assert.deepEqual([...pids.values()].map(isRunning), Array(6).fill(true));
    });
  }

  it("after that it changes nothing, and still has its data", async () => {
    const { changes, error, given } = await up({ components: { one: good } });
    assert.equal(error, undefined);
    assert.deepEqual(Object.keys(changes ?? {}), ["same"]);
    assert.equal(await ask(await namedMaster("auto1:22650"), "GET", "key"), "value");
    assert.deepEqual(given, [good]);
  });

  it("settings that the same program makes: shown without them, made with them, and refused before anything is touched", async () => {
    const { changes: shown, error } = await up({
      components: { one: good },
      seconds: "88",
      preview: true,
    });
    assert.equal(error, undefined);
    assert.equal(shown?.delete, undefined);
    assert.equal((await up({ components: { one: good }, seconds: "88" })).error, undefined);
    assert.deepEqual(await ask("auto1:22600", "CONFIG", "GET", "timeout"), ["timeout", "88"]);
    assert.deepEqual(await ask("auto1:22600", "CONFIG", "GET", "min-replicas-max-lag"), [
      "min-replicas-max-lag",
      "88",
    ]);
    assert.match(
      String(await ask("auto1:22650", "SENTINEL", "MASTER", "redis-ha")),
      /down-after-milliseconds,88000,/,
    );
    assert.deepEqual(
      Object.keys((await up({ components: { one: good }, seconds: "88" })).changes ?? {}),
      ["same"],
    );
    const { error: refused } = await up({ components: { one: good }, seconds: "0" });
    assert.match(
      refused ?? "",
      /redis\.minReplicasMaxLagSeconds: 0 is not allowed: a whole number from 1 to 86400\n.*sentinel\.downAfterMilliseconds: 0 is not allowed/s,
    );
    assert.deepEqual(await ask("auto1:22600", "CONFIG", "GET", "timeout"), ["timeout", "88"]);
    assert.equal((await up({ components: { one: good } })).error, undefined);
    assert.deepEqual(await ask("auto1:22600", "CONFIG", "GET", "timeout"), ["timeout", "0"]);
  });

  it("of two in a program, the refused one keeps the other from nothing", async () => {
    const { error } = await up({
      components: { one: good, two: bad["by what is on the machine"] as RedisHaArgs },
    });
    assert.match(error ?? "", /redis\.serverBinary/);
    const { error: changed } = await up({
      components: {
        one: { ...good, redis: { directives: { timeout: "77" } } },
        two: bad["by what is on the machine"] as RedisHaArgs,
      },
    });
    assert.match(changed ?? "", /redis\.serverBinary/);
    assert.deepEqual(await ask("auto1:22600", "CONFIG", "GET", "timeout"), ["timeout", "77"]);
    const { error: both } = await up({
      components: { one: { ...good, redis: { directives: { timeout: "77" } } }, two: other },
    });
    assert.equal(both, undefined);
    assert.match(String(await ask("also1:22750", "SENTINEL", "CKQUORUM", "redis-ha")), /^OK 3/);
  });
});
