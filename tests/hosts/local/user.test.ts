import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { scriptText } from "../../../scripts/bundle.ts";
import { holdsBack } from "../../support/paused.ts";
import {
  checkout,
  eventually,
  isRunning,
  killForGood,
  members,
  Project,
} from "../../support/project.ts";
import { Writers } from "../../support/writers.ts";

// In a sandbox: users are made and removed in /etc/passwd, and all that is shared by the stacks of
// a machine is in /var/lib.
const state = "/var/lib/redis-ha";
const localUser = "redis-local";

/** HOST/NAME of each process to its pid. */
const pids = () =>
  new Map(
    readdirSync(state, { recursive: true, encoding: "utf8" }).flatMap(
      (file): [string, number][] => {
        const [, host, name] = /^[^/]+\/([^/]+)\/processes\/([^/]+)\/pid$/.exec(file) ?? [];
        return host === undefined
          ? []
          : [[`${host}/${name}`, Number(readFileSync(`${state}/${file}`, "utf8").split(" ")[0])]];
      },
    ),
  );

before(() => {
  assert.ok(process.env.SANDBOX, "it is run in a sandbox (tests/sandbox.sh)");
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib"]);
});

const exists = () => spawnSync("id", [localUser]).status === 0;

it("makes that user once, and removes it with the last, where several hosts ask at once", async () => {
  const places = ["1", "2", "3", "4"].map((host) => `/var/lib/places/${host}`);
  const conf = (place: string) =>
    `user=${localUser}\nowner=${place.replaceAll("/", "-")}\nservices=0\n`;
  const all = (action: string) =>
    Promise.all(places.map((place) => promisify(execFile)("sh", [`${place}/machine.sh`, action])));
  for (let round = 0; round < 5; round++) {
    for (const place of places) {
      mkdirSync(place, { recursive: true });
      for (const name of ["host.sh", "machine.sh", "shared.sh"])
        writeFileSync(`${place}/${name}`, scriptText(name));
      writeFileSync(`${place}/machine.conf`, conf(place));
    }
    await all("prepare");
    assert.ok(exists());
    await all("uninstall");
    assert.ok(!exists());
    assert.deepEqual(readdirSync("/var/lib"), ["places"]);
  }
  rmSync("/var/lib/places", { recursive: true });
});

describe(
  "servers on the machine that runs Pulumi, as a user of their own",
  { timeout: 2_400_000 },
  () => {
    const config = {
      ...members("own", 24_500),
      sentinel: { failoverTimeoutMilliseconds: 30_000 },
      directory: "",
    };
    const project = new Project({ ...config, local: { user: localUser } });

    before(() => project.init());
    after(() => {
      Writers.endAll();
      return project.remove();
    });

    const assertTheirs = () => {
      const uid = execFileSync("id", ["-u", localUser], { encoding: "utf8" }).trim();
      const found = pids();
      assert.equal(found.size, 6);
      for (const [name, pid] of found) {
        assert.ok(isRunning(pid), name);
        assert.equal(
          /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1],
          Array(4).fill(uid).join("\t"),
          name,
        );
      }
    };

    it("come up as that user, which is made, with settings that only root can change", async () => {
      await project.up();
      assertTheirs();
      // What that user may write is listed, and nothing below it.
      const writable = execFileSync("su", [
        "-s",
        "/bin/sh",
        localUser,
        "-c",
        `find ${state} -writable -print -name processes -prune 2>/dev/null; true`,
      ]);
      const hosts = ["own1", "own2", "own3"].map(
        (host) => `${state}/pulumi-redis-ha.test/redis-ha-${host}/processes`,
      );
      assert.deepEqual(writable.toString().trim().split("\n").sort(), hosts);
      assert.deepEqual(
        (await project.output<string[]>("limitations")).filter((line) => line.includes("root")),
        [],
      );
    });

    it("are found well, and left alone", async () => {
      const found = pids();
      await project.healthy();
      await project.upChangesNothing();
      assert.deepEqual(pids(), found);
    });

    it("are repaired as that user: one that was killed, and one that was ended by the command of the outputs", async () => {
      const victims = ["redis-ha-own2/sentinel2", "redis-ha-own3/node3"].map(
        (name) => pids().get(name) as number,
      );
      killForGood(victims[0] as number);
      const nodes = await project.output<{ name: string; commands: { kill: string } }[]>("nodes");
      await project.succeed(
        "sh",
        "-c",
        nodes.find(({ name }) => name === "node3")?.commands.kill as string,
      );
      await eventually("both have ended", () => !victims.some(isRunning));
      await project.up();
      assertTheirs();
      await project.healthy();
      await project.upChangesNothing();
    });

    it("are held back from everything while it is paused", async () => {
      const own = { ...config, local: { user: localUser } };
      const found = pids();
      await holdsBack(project, { ...own, redis: { directives: { "tcp-keepalive": "77" } } }, own);
      assert.deepEqual(pids(), found);
    });

    for (const [what, other, said] of [
      [
        "none",
        {},
        /local\.user: none is not allowed: the deployment was created with "redis-local".*keep that/,
      ],
      [
        "another one",
        { local: { user: "nobody" } },
        /local\.user: "nobody" is not allowed: the deployment was created with "redis-local"/,
      ],
    ] as const) {
      it(`stay that user's: ${what} is refused, and nothing is touched`, async () => {
        const found = pids();
        project.configure({ ...config, ...other });
        const { status, output } = await project.tryUp();
        assert.notEqual(status, 0);
        assert.match(output, said);
        assert.deepEqual(pids(), found);
        project.configure({ ...config, local: { user: localUser } });
      });
    }

    it("leave, and their host with them: root takes them out, and they end as that user's", async (t) => {
      const { nodes, sentinels } = config;
      const watching = Object.fromEntries(Object.entries(sentinels).slice(0, 2));
      const user = { local: { user: localUser } };
      project.configure({
        ...config,
        ...user,
        nodes: { ...nodes, node4: "own4:24510" },
        sentinels: { ...watching, sentinel4: "own4:24560" },
      });
      await project.up();
      await project.upChangesNothing();
      const left = ["redis-ha-own4/node4", "redis-ha-own4/sentinel4"].map(
        (name) => pids().get(name) as number,
      );
      await project.succeed("node", `${checkout}/cli/switchover.ts`, "node4");
      project.configure({ ...config, ...user });
      const stay = Object.values(watching);
      t.diagnostic(await Writers.during(stay, () => project.up()));
      await project.upChangesNothing();
      assert.ok(!left.some(isRunning));
      assert.ok(!existsSync(`${state}/pulumi-redis-ha.test/redis-ha-own4`));
      assertTheirs();
      await project.healthy();
    });

    it("leave nothing behind: no process, no directory, no user", async () => {
      const ended = [...pids().values()];
      await project.succeed(
        "pulumi",
        "destroy",
        "--yes",
        "--skip-preview",
        "--stack",
        project.stack,
      );
      assert.ok(!ended.some(isRunning));
      assert.ok(!exists());
      assert.ok(!existsSync(state));
      assert.deepEqual(readdirSync("/var/lib"), []);
    });
  },
);
