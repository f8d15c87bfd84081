import assert from "node:assert/strict";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { sandbox } from "../containers/engine.ts";
import { checkout, eventually, Project } from "../e2e/project.ts";
import { run } from "./machine.ts";
import { makeNetwork } from "./namespaces.ts";

const directory = join(import.meta.dirname, "program");
const program = readFileSync(join(directory, "index.ts"), "utf8").replace("../../..", checkout);
const script = join(directory, "machine.sh");

describe("a program of somebody else's makes its machines in the same update", { timeout: 2_400_000 }, () => {
  const machines = join(sandbox, "made");
  const project = new Project(
    { machines, script },
    {
      "package.json": '{ "type": "module" }',
      "Pulumi.yaml": "name: pulumi-redis-ha\nruntime: nodejs\nmain: index.ts\n",
      "index.ts": program,
    },
  );
  const ask = (number: number, port: number, ...words: string[]) => run("redis-cli", "-h", `10.78.0.${100 + number}`, "-p", String(port), ...words);
  const sentinel = (...words: string[]) => ask(3, 36355, "SENTINEL", ...words);
  const replicas = async () => {
    const [host = ""] = (await sentinel("get-master-addr-by-name", "redis-ha")).split("\n");
    const number = Number(host.slice(-1));
    return {
      number,
      port: number * 10_000 + 6300,
      linked: Number(/^connected_slaves:(\d+)/m.exec(await ask(number, number * 10_000 + 6300, "INFO", "replication"))?.[1]),
    };
  };

  before(async () => {
    await makeNetwork();
    symlinkSync(join(checkout, "node_modules"), join(project.directory, "node_modules"));
    await project.init();
  });
  after(async () => {
    await project.remove();
  });

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
    assert.deepEqual(await project.output("sentinels"), ["redis1:16355", "redis2:26355", "redis3:36355"]);
    const { number, port } = await replicas();
    assert.equal(await ask(number, port, "SET", "key", "value"), "OK");
    assert.equal(await ask(number, port, "WAIT", "2", "10000"), "2");
    const state = await project.succeed("pulumi", "stack", "export", "--stack", project.stack);
    assert.doesNotMatch(state.output, /PRIVATE KEY/);
  });

  it("and the next one changes nothing", async () => {
    await project.upChangesNothing();
  });

  it("a machine that is replaced gets its servers again, and its data from the others", async () => {
    project.configure({ machines, script, generation2: "2" });
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    const deletes = Number(/- (\d+) to delete/.exec(output)?.[1] ?? 0);
    assert.equal(deletes, 0, output);
    await project.up();
    await eventually("the new machine's node follows", async () => (await replicas()).linked === 2, 120);
    const { number, port } = await replicas();
    assert.equal(await ask(number, port, "GET", "key"), "value");
    await project.upChangesNothing();
  });

  it("and all of it goes", async () => {
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);
    assert.equal(existsSync(machines), false);
    assert.equal(await run("sh", "-c", "ip netns list | grep -c '^p' || :"), "0");
  });
});
