import assert from "node:assert/strict";
import { renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  ask,
  checkout,
  eventually,
  isRunning,
  members,
  namedMaster,
  Project,
} from "../support/project.ts";
import { server, type Server } from "../support/servers.ts";
import { Writers } from "../support/writers.ts";

/** The same path with another program, as after an update of a package. */
describe("from Redis 7.0.15 to Redis 8.0.2, and not back", { timeout: 2_400_000 }, () => {
  const topology = members("roll", 24_500);
  const nodes = Object.values(topology.nodes);
  const places = [...nodes, ...Object.values(topology.sentinels)];
  const sentinels = Object.values(topology.sentinels);
  const project = new Project({});
  const program = join(project.directory, "redis-server");
  let old: Server;
  let present: Server;

  const use = ({ server: path }: Server) => {
    const target = path.includes("/") ? path : join("/usr/bin", path);
    symlinkSync(target, `${program}.new`);
    renameSync(`${program}.new`, program);
  };
  const infoOf = async (place: string, section: string, field: string) =>
    new RegExp(`^${field}:(.*?)\r?$`, "m").exec(String(await ask(place, "INFO", section)))?.[1];
  const versions = (of = places) =>
    Promise.all(of.map((place) => infoOf(place, "server", "redis_version")));
  const priorities = () =>
    Promise.all(
      nodes.map(async (place) => {
        const said = (await ask(place, "CONFIG", "GET", "replica-priority")) as string[];
        return Number(said[1]);
      }),
    );
  const look = async () => {
    const master = await namedMaster(sentinels[0] as string);
    return Object.entries(topology.nodes).find(([, place]) => place === master)?.[0];
  };
  const canary = ["--target", "**-node2-process"];

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
  after(async () => {
    Writers.endAll();
    await project.remove();
  });

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

  it("a canary is one replica, which comes after the older ones; a switchover to it is refused", async (t) => {
    assert.equal(await look(), "node1");
    const report = await Writers.during(sentinels, async () => {
      const { output } = await project.up(...canary);
      assert.match(
        output,
        /node2: runs Redis 7\.0\.15, build [0-9a-f]+ and is to run Redis 8\.0\.2/,
      );
      assert.deepEqual(await versions(nodes), ["7.0.15", "8.0.2", "7.0.15"]);
      assert.deepEqual(await priorities(), [100, 1_000_000_100, 100]);
      // It is a matter of a second until the sentinels have heard of that.
      await project.healthy();
      const status = await project.run("node", `${checkout}/cli/status.ts`);
      assert.match(status.output, /node2.* runs Redis 8\.0\.2, the master Redis 7\.0\.15/);
      const chosen = await project.run("node", `${checkout}/cli/switchover.ts`, "node2");
      assert.notEqual(chosen.status, 0);
      assert.match(chosen.output, /not handed over to node2: it runs a newer version than node3/);
      await project.succeed("node", `${checkout}/cli/switchover.ts`);
      assert.equal(await look(), "node3");
    });
    t.diagnostic(`canary, and a switchover to node3: ${report}`);
  });

  it("goes back while the master is of the older version, and takes all from that", async (t) => {
    use(old);
    const report = await Writers.during(sentinels, async () => {
      const { output } = await project.up();
      assert.match(output, /Redis 8\.0\.2 has written what is here/);
    });
    t.diagnostic(`back: ${report}`);
    assert.equal(await look(), "node3");
    assert.deepEqual(new Set(await versions()), new Set(["7.0.15"]));
    assert.deepEqual(await priorities(), [100, 100, 100]);
    const sizes = await Promise.all(nodes.map((place) => ask(place, "DBSIZE")));
    assert.ok(Number(sizes[0]) > 0);
    assert.deepEqual(new Set(sizes).size, 1);
    await project.upChangesNothing();
  });

  it("an `up` takes the rest after a canary: one hand-over, and no write lost", async (t) => {
    use(present);
    await project.up(...canary);
    const report = await Writers.during(sentinels, async () => {
      const { output } = await project.up();
      assert.match(
        output,
        /node1: runs Redis 7\.0\.15, build [0-9a-f]+ and is to run Redis 8\.0\.2/,
      );
      assert.equal(output.match(/handed over to node\d/g)?.length, 1, output);
    });
    t.diagnostic(`the rest: ${report}`);
    assert.notEqual(await look(), "node3");
    assert.deepEqual(new Set(await versions()), new Set(["8.0.2"]));
    assert.deepEqual(await priorities(), [100, 100, 100]);
    await project.upChangesNothing();
  });

  it("an older program is refused then, in the preview already, and everything runs on", async () => {
    const pids = project.pids();
    use(old);
    for (const command of [
      ["preview"],
      ["up", "--yes", "--skip-preview"],
      ["up", "--yes", "--skip-preview", ...canary],
    ]) {
      const { status, output } = await project.run("pulumi", ...command, "--stack", project.stack);
      assert.notEqual(status, 0);
      assert.match(
        output,
        /Redis 7\.0\.15 is not allowed: node\d, the master, has data of Redis 8\.0\.2, .*Nothing was touched/,
      );
    }
    assert.deepEqual(project.pids(), pids);
    assert.ok([...pids.values()].every(isRunning));
    use(present);
    await eventually("nothing to do", async () => {
      await project.upChangesNothing();
      return true;
    });
  });
});
