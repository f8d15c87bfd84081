import assert from "node:assert/strict";
import { renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ask, isRunning, members, namedMaster, Project } from "../support/project.ts";
import { server, type Server } from "../support/servers.ts";
import { Writer } from "./writer.ts";

/** The same path with another program, as after an update of a package. */
describe("from Redis 7.0.15 to Redis 8.0.2, and not back", { timeout: 2_400_000 }, () => {
  const topology = members("roll", 24_500);
  const places = [...Object.values(topology.nodes), ...Object.values(topology.sentinels)];
  const sentinels = Object.values(topology.sentinels);
  const project = new Project({});
  const program = join(project.directory, "redis-server");
  const keys = new Map<string, string>();
  let old: Server;
  let present: Server;

  const use = ({ server: path }: Server) => {
    const target = path.includes("/") ? path : join("/usr/bin", path);
    symlinkSync(target, `${program}.new`);
    renameSync(`${program}.new`, program);
  };
  const versions = async () => {
    const said = await Promise.all(places.map((place) => ask(place, "INFO", "server")));
    return said.map((text) => /^redis_version:(.*?)\r?$/m.exec(String(text))?.[1]);
  };
  const assertNothingLost = async () => {
    const master = await namedMaster(sentinels[0] as string);
    for (const [key, value] of keys) assert.equal(await ask(master, "GET", key), value, key);
  };

  before(async () => {
    const say = (line: string) => {
      console.log(line);
    };
    [old, present] = [await server("Redis 7.0.15", say), await server("Redis 8.0.2", say)];
    use(old);
    project.configure({
      ...topology,
      redis: { serverBinary: program, cliBinary: old.cli },
      sentinel: { failoverTimeoutMilliseconds: 30_000 },
    });
    await project.init();
    await project.up();
  });
  after(() => project.remove());

  it("is shown by the preview, process by process", async () => {
    use(present);
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    for (const name of [...Object.keys(topology.nodes), ...Object.keys(topology.sentinels)])
      assert.match(
        output,
        new RegExp(`${name}: Redis 7\\.0\\.15, build [0-9a-f]+ → Redis 8\\.0\\.2, build [0-9a-f]+`),
      );
    assert.deepEqual(new Set(await versions()), new Set(["7.0.15"]));
  });

  it("rolls through all of them, and loses no write", async (t) => {
    const writer = new Writer(sentinels, namedMaster, keys);
    const { output } = await project.up();
    await writer.stop();
    t.diagnostic(
      `${writer.acknowledged} writes acknowledged, ${writer.refused} refused, longest gap ${writer.longestGap} ms`,
    );
    assert.match(output, /node1: runs Redis 7\.0\.15, build [0-9a-f]+ and is to run Redis 8\.0\.2/);
    assert.deepEqual(new Set(await versions()), new Set(["8.0.2"]));
    await assertNothingLost();
    await project.upChangesNothing();
  });

  it("an older program that can't read the data is refused before anything is stopped", async () => {
    const pids = project.pids();
    use(old);
    const { status, output } = await project.run(
      "pulumi",
      "up",
      "--yes",
      "--skip-preview",
      "--stack",
      project.stack,
    );
    assert.notEqual(status, 0);
    assert.match(
      output,
      /refused before anything was changed: .*, and can't read the data here, which a newer server has written/,
    );
    assert.deepEqual(project.pids(), pids);
    assert.ok([...pids.values()].every(isRunning));
    await assertNothingLost();
    use(present);
    await project.upChangesNothing();
  });
});
