import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { Redis } from "ioredis";
import { ask, checkout, eventually, isRunning, members, Project } from "../support/project.ts";

const isSoak = process.env.ROUNDS !== undefined;
/** The same again: SEED=… npm test -- model. */
const seed = Number(process.env.SEED ?? (isSoak ? Date.now() % 1_000_000 : 7));
/** `up`s, with some actions before each of them. */
const rounds = isSoak ? 20 : 2;
const prefix = "model";

/** mulberry32: the same numbers again for the same seed, from 0 to below 1. */
function numbers(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe(
  `changes, kills, stops, restarts and \`up\` in random order, SEED=${seed}`,
  {
    timeout: 2_400_000,
  },
  () => {
    const topology = members("model", 24_700);
    const names = [...Object.keys(topology.nodes), ...Object.keys(topology.sentinels)];
    const nodes = Object.values(topology.nodes);
    const sentinels = Object.values(topology.sentinels);
    const random = numbers(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const one = <T>(items: readonly T[]): T => items[below(items.length)] as T;
    const project = new Project({});
    const placeOf = (name: string) =>
      ({ ...topology.nodes, ...topology.sentinels })[name] as string;

    /** What there has to be. */
    const model = {
      /** Directives of the nodes. */
      directives: { databases: "16", "maxmemory-samples": "5" } as Record<string, string>,
      downAfterMilliseconds: 3000,
      /** Acknowledged, and replicated to somebody at least. */
      keys: new Map<string, string>(),
      /** What we have ended: one at a time, unless it is all of it. */
      down: new Set<string>(),
      /** Sentinels' identities. */
      ids: new Map<string, string>(),
    };

    const configure = () => {
      project.configure({
        ...topology,
        redis: { directives: model.directives },
        sentinel: {
          downAfterMilliseconds: model.downAfterMilliseconds,
          failoverTimeoutMilliseconds: 20_000,
        },
      });
    };
    const infoOf = async (place: string, section: string) =>
      String(await ask(place, "INFO", section));
    const hostScript = (name: string) =>
      join(project.redis, placeOf(name).split(":")[0] as string, "host.sh");
    const directoryOf = (name: string) =>
      join(project.redis, placeOf(name).split(":")[0] as string, name);
    const masters = async () => {
      const infos = await Promise.all(
        nodes.map(async (place) =>
          /^role:master/m.test(await infoOf(place, "replication").catch(() => "")) ? [place] : [],
        ),
      );
      return infos.flat();
    };

    /** Writes some; what was acknowledged and somebody else has counts. */
    async function write(count: number): Promise<string> {
      const [master, ...others] = await masters();
      if (master === undefined || others.length > 0) return "nobody to write to";
      const client = new Redis(Number(master.split(":")[1]), "127.0.0.1", {
        retryStrategy: () => null,
      });
      client.on("error", () => undefined);
      try {
        const written = new Map<string, string>();
        for (let index = 0; index < count; index++) {
          const key = `${prefix}:${model.keys.size + index}`;
          await client.set(key, `${seed} ${key}`);
          written.set(key, `${seed} ${key}`);
        }
        const linked = (await client.info("replication")).match(/^slave\d+:.*state=online/gm) ?? [];
        const have = linked.length === 0 ? 0 : await client.wait(linked.length, 5000);
        if (have < 1 || have < linked.length) return `${count} written, replicated to ${have}`;
        for (const [key, value] of written) model.keys.set(key, value);
        return `${count} written`;
      } catch (error) {
        return String(error);
      } finally {
        client.disconnect();
      }
    }

    /** All of those that run are linked: another one may go without taking the last copy along. */
    const isLinked = async () => {
      const infos = await Promise.all(
        nodes.map((place) => infoOf(place, "replication").catch(() => "")),
      );
      return (
        infos.filter((text) => /^role:master/m.test(text)).length === 1 &&
        infos.filter((text) => /^master_link_status:up/m.test(text)).length === 2
      );
    };

    const actions: Record<string, () => Promise<string>> = {
      "a live setting": async () => {
        model.directives["maxmemory-samples"] = String(3 + below(8));
        configure();
        return Promise.resolve(`maxmemory-samples ${model.directives["maxmemory-samples"]}`);
      },
      "a setting that takes a restart": async () => {
        model.directives.databases = String(16 + below(5));
        configure();
        return Promise.resolve(`databases ${model.directives.databases}`);
      },
      "a setting of the sentinels": async () => {
        model.downAfterMilliseconds = 3000 + 500 * below(4);
        configure();
        return Promise.resolve(`down-after ${model.downAfterMilliseconds}`);
      },
      "a kill": async () => {
        if (model.down.size > 0 || !(await isLinked())) return "not now";
        const name = one(names);
        project.kill(name);
        model.down.add(name);
        return name;
      },
      "a stop": async () => {
        if (model.down.size > 0 || !(await isLinked())) return "not now";
        const name = one(names);
        const { status, output } = await project.run(
          "sh",
          hostScript(name),
          "stop",
          directoryOf(name),
        );
        model.down.add(name);
        return `${name}: ${status} ${output.trim()}`;
      },
      "a start": async () => {
        const [name] = model.down;
        if (name === undefined) return "not now";
        const { status, output } = await project.run(
          "sh",
          hostScript(name),
          "start",
          directoryOf(name),
        );
        if (status === 0) model.down.delete(name);
        return `${name}: ${status} ${output.trim()}`;
      },
      "all killed": async () => {
        if (model.down.size > 0 || !(await isLinked())) return "not now";
        for (const name of names) project.kill(name);
        for (const name of names) model.down.add(name);
        return Promise.resolve("all");
      },
      "a switchover": async () => {
        const { status, output } = await project.run("node", `${checkout}/cli/switchover.ts`);
        return `${status} ${status === 0 ? (output.trim().split("\n").at(-1) ?? "") : ""}`;
      },
      "some writes": () => write(1 + below(200)),
      "an `up` that is killed": async () => {
        const child = project.start("pulumi", [
          ...["up", "--yes", "--skip-preview", "--stack", project.stack],
        ]);
        const ended = new Promise((resolve) => child.on("close", resolve));
        const ms = 1500 + below(6000);
        await new Promise((resolve) => setTimeout(resolve, ms));
        try {
          process.kill(-(child.pid as number), "SIGKILL");
        } catch {
          // It was quicker.
        }
        await ended;
        await project.run("pulumi", "cancel", "--yes", "--stack", project.stack);
        return `after ${ms} ms`;
      },
    };

    async function check(): Promise<void> {
      await project.healthy();
      await project.upChangesNothing();
      const [master = "", ...others] = await masters();
      assert.deepEqual(others, [], "one master");
      for (const sentinel of sentinels) {
        const said = await ask(sentinel, "SENTINEL", "get-master-addr-by-name", "redis-ha");
        assert.equal((said as string[]).join(":"), master, `${sentinel} names`);
        const fields = (await ask(sentinel, "SENTINEL", "MASTER", "redis-ha")) as string[];
        assert.equal(
          fields[fields.indexOf("down-after-milliseconds") + 1],
          String(model.downAfterMilliseconds),
        );
        const id = String(await ask(sentinel, "SENTINEL", "MYID").catch(() => "none"));
        assert.equal(id, model.ids.get(sentinel) ?? id, `${sentinel} is who it was`);
        model.ids.set(sentinel, id);
      }
      const keys = [...model.keys.keys()];
      for (const place of nodes) {
        for (const [directive, value] of Object.entries(model.directives))
          assert.equal(
            ((await ask(place, "CONFIG", "GET", directive)) as string[])[1],
            value,
            `${directive} of ${place}`,
          );
        if (keys.length === 0) continue;
        await eventually(`${place} has all ${keys.length} keys`, async () => {
          const values = (await ask(place, "MGET", ...keys)) as (string | null)[];
          const missing = keys.filter((key, index) => values[index] !== model.keys.get(key));
          if (missing.length > 0)
            throw new Error(`${place} lacks ${missing.length}, such as ${missing[0]}`);
          return true;
        });
      }
      const pids = project.pids();
      assert.deepEqual([...pids.keys()].sort(), [...names].sort());
      assert.ok([...pids.values()].every(isRunning));
    }

    before(async () => {
      configure();
      await project.init();
      await project.up();
      await check();
    });
    after(() => project.remove());

    for (let round = 1; round <= rounds; round++)
      it(`round ${round}`, async (t: TestContext) => {
        const log: string[] = [];
        try {
          for (let left = 2 + below(4); left > 0; left--) {
            const what = one(Object.keys(actions));
            log.push(`${what}: ${await (actions[what] as () => Promise<string>)()}`);
          }
          const began = Date.now();
          await project.up();
          model.down.clear();
          log.push(`up: ${((Date.now() - began) / 1000).toFixed(1)} s`);
          await check();
          log.push(`${await write(50)}, ${model.keys.size} keys in all`);
        } finally {
          for (const line of log) t.diagnostic(line.replaceAll("\n", " | ").slice(0, 400));
        }
      });
  },
);
