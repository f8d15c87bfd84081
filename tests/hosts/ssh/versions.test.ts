import assert from "node:assert/strict";
import { cpSync, globSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { server } from "../../support/servers.ts";
import { makeNetwork, NamespaceMachine, privateKeyFile } from "../../support/ssh/namespaces.ts";
import { hostNames, MachinesStack } from "../../support/ssh/stack.ts";
import { Writers } from "../../support/writers.ts";

/** The same path with another program on each machine, as after an update of a package. */
describe("from Redis 7.0.15 to Redis 8.0.2 over SSH, and not back", { timeout: 2_400_000 }, () => {
  const stack = new MachinesStack(
    (name, number) => new NamespaceMachine(name, number),
    privateKeyFile,
    "/var/lib/redis-ha",
  );
  const { project, sentinels } = stack;
  /** As the machines have it, which share this directory's file system. */
  const program = "/var/lib/programs/redis-server";
  const config = stack.config.bind(stack, {
    redis: { serverBinary: program, cliBinary: "/usr/bin/redis-cli" },
    sentinel: { failoverTimeoutMilliseconds: 30_000 },
  });
  const versions = async () => {
    const said = await Promise.all(
      (["node", "sentinel"] as const).flatMap((kind) =>
        hostNames.map((name) => stack.ask(kind, name, "INFO", "server")),
      ),
    );
    return new Set(said.map((text) => /^redis_version:([\d.]+)/m.exec(text)?.[1]));
  };
  /** Puts one in the other's place, on all machines. */
  const use = (target: string) => {
    for (const machine of stack.all) {
      const place = join(machine.directory, "var", "programs");
      symlinkSync(target, join(place, "new"));
      renameSync(join(place, "new"), join(place, basename(program)));
    }
  };
  const present = "8.0.2/redis-server";
  const old = "/usr/bin/redis-server";

  before(async () => {
    await makeNetwork();
    const found = await server("Redis 8.0.2", console.log);
    for (const machine of stack.all) {
      await machine.make();
      // Where the servers' user gets to it, and without the paths of the cache.
      const place = join(machine.directory, "var", "programs", dirname(present));
      mkdirSync(place, { recursive: true });
      cpSync(join(dirname(found.server), "lib"), join(place, "lib"), { recursive: true });
      const lib = join(dirname(program), dirname(present), "lib");
      const [loader = ""] = globSync(join(place, "lib", "ld-linux*"));
      writeFileSync(
        join(place, basename(present)),
        `#!/bin/sh\nexec ${lib}/${basename(loader)} --library-path ${lib} ${lib}/redis-server "$@"\n`,
        { mode: 0o755 },
      );
    }
    use(old);
    stack.knowNames();
    await project.init();
    project.configure(config());
    await project.up();
  });
  after(async () => {
    Writers.endAll();
    await project.remove();
    for (const machine of stack.all) await machine.off();
  });

  it("is shown by the preview, process by process", async () => {
    assert.deepEqual(await versions(), new Set(["7.0.15"]));
    use(present);
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    for (const name of ["node1", "node2", "node3", "sentinel1", "sentinel2", "sentinel3"])
      assert.match(
        output,
        new RegExp(`${name}: Redis 7\\.0\\.15, build [0-9a-f]+ → Redis 8\\.0\\.2, build [0-9a-f]+`),
      );
    assert.deepEqual(await versions(), new Set(["7.0.15"]));
  });

  it("is rolled through all of them by one hand-over, with four writers running: nothing lost", async (t) => {
    const report = await Writers.during(sentinels, async () => {
      const { output } = await project.up();
      assert.equal(new Set(output.match(/handed over to node\d/g)).size, 1, output);
    });
    t.diagnostic(`rolled in ${report}`);
    assert.deepEqual(await versions(), new Set(["8.0.2"]));
    await project.upChangesNothing();
  });

  it("an older program is refused then, and everything runs on", async () => {
    use(old);
    const { status, output } = await stack.up();
    assert.notEqual(status, 0);
    assert.match(output, /Redis 7\.0\.15 is not allowed: node\d, the master, has data of Redis 8/);
    assert.deepEqual(await versions(), new Set(["8.0.2"]));
    use(present);
    await project.upChangesNothing();
  });
});
