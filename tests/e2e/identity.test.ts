import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  ask,
  checkout,
  hostsBesidesStacks,
  isRunning,
  killForGood,
  members,
  namedMaster,
  Project,
} from "../support/project.ts";

/** A program whose RedisHa has that name and those options. */
const program = (
  name: string,
  options: string,
  args: object,
) => `import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from ${JSON.stringify(join(checkout, "components", "redisHa.ts"))};
const { rootStackResource } = pulumi;
class Platform extends pulumi.ComponentResource {}
const platform = new Platform("test:index:Platform", "platform");
export const redis = new RedisHa(${JSON.stringify(name)}, ${JSON.stringify(args)}, ${options});
void [rootStackResource, platform];
`;

const projectFile = (name: string) =>
  `name: ${name}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.ts\n`;

describe("a deployment stays what it is", { timeout: 2_400_000 }, () => {
  const hosts = hostsBesidesStacks();
  const project = new Project(
    {},
    { "Pulumi.yaml": projectFile("one"), "package.json": '{ "type": "module" }' },
  );
  const serverConf = join(project.directory, "server.conf");
  const original = "[kvdb]\nhost=\nport=\nredis_sentinels=\n";
  writeFileSync(serverConf, original);
  const args = {
    ...members("same", 22_100),
    sentinel: { failoverTimeoutMilliseconds: 30_000 },
    zato: { serverConfs: [serverConf] },
  };
  const write = (name: string, options: string, its: object = args) => {
    writeFileSync(join(project.directory, "index.ts"), program(name, options, its));
  };
  write("cache", "{}");
  const home = join(project.directory, "home");
  const state = join(home, ".local", "state");
  symlinkSync(join(checkout, "node_modules"), join(project.directory, "node_modules"));
  mkdirSync(home);
  Object.assign(project.environment, {
    HOME: home,
    XDG_STATE_HOME: undefined,
    PULUMI_HOME: process.env.PULUMI_HOME,
  });
  const place = () => join(state, "redis-ha", "one.test");
  /** Directory of each process to its pid. */
  const pids = () =>
    new Map(
      readdirSync(place(), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith("/pid"))
        .map((file) => [file, Number(readFileSync(join(place(), file), "utf8").split(" ")[0])]),
    );
  const master = () => namedMaster("same1:22150");
  let before_: Map<string, number>;

  before(() => project.init());
  after(async () => {
    const running = existsSync(place()) ? [...pids().values()].filter(isRunning) : [];
    await project.remove();
    for (const pid of running.filter(isRunning)) killForGood(pid);
  });

  it("previews its places before it is created", async () => {
    const { output } = await project.succeed(
      "pulumi",
      "preview",
      "--diff",
      "--stack",
      project.stack,
    );
    assert.match(output, /redis-ha\/one\.test\/cache-same1\/host\.sh create /);
  });

  it("is created where its names say", async () => {
    await project.up();
    before_ = pids();
    assert.deepEqual(
      [...before_.keys()].sort(),
      ["node1", "node2", "node3", "sentinel1", "sentinel2", "sentinel3"]
        .map((name) => `cache-same${name.slice(-1)}/${name}/pid`)
        .sort(),
    );
    for (let index = 0; index < 100; index++)
      await ask(await master(), "SET", `key${index}`, String(index));
    await project.upChangesNothing();
  });

  for (const [what, change] of [
    ["the stack is renamed", () => project.rename("other")],
    [
      "the component is renamed, with an alias",
      () => {
        write("sessions", '{ aliases: [{ name: "cache" }] }');
      },
    ],
    [
      "the component is put below another one, with an alias",
      () => {
        write(
          "sessions",
          '{ parent: platform, aliases: [{ name: "sessions", parent: rootStackResource }] }',
        );
      },
    ],
    [
      "the project is renamed",
      async () => {
        await project.rename("organization/two/other");
        writeFileSync(join(project.directory, "Pulumi.yaml"), projectFile("two"));
      },
    ],
    [
      "HOME and XDG_STATE_HOME are others",
      () => {
        project.environment.HOME = join(project.directory, "elsewhere");
        project.environment.XDG_STATE_HOME = join(project.directory, "elsewhere", "state");
      },
    ],
  ] as const) {
    it(`when ${what}: nothing that runs changes`, async () => {
      await change();
      await project.upChangesNothing("--diff");
      assert.deepEqual(pids(), before_);
      assert.deepEqual([...pids().values()].map(isRunning), Array(6).fill(true));
    });
  }

  it("is found again, with all of its data, after all of it was killed", async () => {
    for (const pid of before_.values()) killForGood(pid);
    await project.up();
    for (let index = 0; index < 100; index++)
      assert.equal(await ask(await master(), "GET", `key${index}`), String(index));
    assert.deepEqual([...pids().keys()], [...before_.keys()]);
    await project.upChangesNothing();
  });

  it("stays where it is when another directory is set: that is refused, and nothing is touched", async () => {
    const kept = readFileSync(join(project.directory, "index.ts"), "utf8");
    write("sessions", "{ parent: platform }", {
      ...args,
      directory: join(project.directory, "moved"),
    });
    const running = pids();
    const { status, output } = await project.tryUp();
    assert.notEqual(status, 0);
    assert.match(
      output,
      /hosts\.same\d\.directory: another one is not allowed: what runs there was created in ".*cache-same\d"/,
    );
    assert.ok(!existsSync(join(project.directory, "moved")));
    assert.deepEqual(pids(), running);
    writeFileSync(join(project.directory, "index.ts"), kept);
    await project.upChangesNothing();
  });

  it("leaves nothing when it is destroyed", async () => {
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);
    assert.ok(!existsSync(state), "the state directory was not there before");
    assert.equal(readFileSync(serverConf, "utf8"), original);
    assert.equal(hostsBesidesStacks(), hosts);
    assert.doesNotMatch(readFileSync("/etc/hosts", "utf8"), /same1$/m);
  });
});
