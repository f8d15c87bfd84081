import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { sandbox } from "../engine.ts";
import { eventually, type Project } from "../project.ts";
import { run } from "./machine.ts";

/** What a program has to be told: where its machines are to be, and the script that makes them. */
export const told = {
  machines: join(sandbox, "made"),
  script: join(import.meta.dirname, "machine.sh"),
};

/**
 * Tries a program that makes three machines (NUMBER 1 to 3, `generationNUMBER` for another one in
 * its place) and a RedisHa named `cache` on them; a network has to be there.
 */
export function tryMade(project: Project, prepare: () => Promise<unknown>): void {
  const ask = (number: number, port: number, ...words: string[]) =>
    run("redis-cli", "-h", `10.78.0.${100 + number}`, "-p", String(port), ...words);
  const sentinel = (...words: string[]) => ask(3, 36355, "SENTINEL", ...words);
  const replicas = async () => {
    const [host = ""] = (await sentinel("get-master-addr-by-name", "redis-ha")).split("\n");
    const number = Number(host.slice(-1));
    return {
      number,
      port: number * 10_000 + 6300,
      linked: Number(
        /^connected_slaves:(\d+)/m.exec(
          await ask(number, number * 10_000 + 6300, "INFO", "replication"),
        )?.[1],
      ),
    };
  };

  before(async () => {
    await prepare();
    await project.init();
  });
  after(() => project.remove());

  it("the first preview has all that will be created, and says what it could not look at", async () => {
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    assert.match(output, /redis1 can't be looked at before/);
    assert.match(output, /\+ \d+ to create/);
    assert.doesNotMatch(output, /to (delete|update|replace)/);
    assert.doesNotMatch(output, /PRIVATE KEY/);
  });

  it("one update makes them, waits for their sshd and deploys", async () => {
    const { output } = await project.up();
    assert.match(output, /can't be worked on yet, trying again/);
    assert.doesNotMatch(output, /PRIVATE KEY/);
    assert.match(await sentinel("CKQUORUM", "redis-ha"), /^OK 3/);
    assert.deepEqual(await project.output("sentinels"), [
      "redis1:16355",
      "redis2:26355",
      "redis3:36355",
    ]);
    const { number, port } = await replicas();
    assert.equal(await ask(number, port, "SET", "key", "value"), "OK");
    assert.equal(await ask(number, port, "WAIT", "2", "10000"), "2");
    const state = await project.succeed("pulumi", "stack", "export", "--stack", project.stack);
    assert.match(state.output, /"type": "redis-ha:index:RedisHa"/);
    assert.doesNotMatch(state.output, /PRIVATE KEY/);
  });

  it("and the next one changes nothing", async () => {
    await project.upChangesNothing();
  });

  it("a machine that is replaced gets its servers again, and its data from the others", async () => {
    project.configure({ ...told, generation2: "2" });
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    const deletes = Number(/- (\d+) to delete/.exec(output)?.[1] ?? 0);
    assert.equal(deletes, 0, output);
    await project.up();
    await eventually(
      "the new machine's node follows",
      async () => (await replicas()).linked === 2,
      120,
    );
    const { number, port } = await replicas();
    assert.equal(await ask(number, port, "GET", "key"), "value");
    await project.upChangesNothing();
  });

  it("and all of it goes", async () => {
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);
    assert.equal(existsSync(told.machines), false);
    assert.equal(await run("sh", "-c", "ip netns list | grep -c '^p' || :"), "0");
  });
}
