import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { redisHaFields } from "../../components/redisHaArgs.ts";
import { RedisHa } from "../../components/redisHa.ts";
import { registered, type Registered, useMocks, valueOf } from "../support/mocks.ts";

describe("the resource graph", () => {
  let redis: RedisHa;
  before(async () => {
    await useMocks();
    const nodeConf = { node2: { "replica-priority": "50" } };
    const sentinelConf = { "notification-script": "/opt/notify", loglevel: "notice" };
    redis = new RedisHa("ha", {
      directory: "/srv/redis",
      hostsFile: "/tmp/hosts",
      redis: { directives: { "replica-priority": "70" }, nodeDirectives: nodeConf },
      sentinel: { directives: sentinelConf },
    });
    for (let left = 200; left > 0 && !find("ha-verified"); left--)
      await new Promise((resolve) => setTimeout(resolve, 10));
  });
  const find = (name: string): Registered | undefined =>
    registered.find((each) => each.name === name);
  const stdin = (name: string) => String(find(name)?.inputs.stdin);

  it("has the components that the documentation names", () => {
    const types = registered
      .filter(({ type }) => type.startsWith("redis-ha:"))
      .map(({ type, name }) => `${type.split(":")[2]} ${name}`);
    assert.deepEqual(types.sort(), [
      "HostsEntries ha-hosts-redis1",
      "LocalHost ha-redis1",
      "LocalHost ha-redis2",
      "LocalHost ha-redis3",
      "RedisHa ha",
      "RedisNode ha-node1",
      "RedisNode ha-node2",
      "RedisNode ha-node3",
      "Sentinel ha-sentinel1",
      "Sentinel ha-sentinel2",
      "Sentinel ha-sentinel3",
      "ZatoKvdbConfig ha-zato",
    ]);
  });

  it("keeps one process for each node and sentinel, in a directory of its own", () => {
    for (const [name, host] of [
      ["node1", "redis1"],
      ["node2", "redis2"],
      ["node3", "redis3"],
      ["sentinel1", "redis1"],
      ["sentinel2", "redis2"],
      ["sentinel3", "redis3"],
    ] as const) {
      const process = find(`ha-${name}-process`);
      assert.equal(
        process?.inputs.create,
        `sh /srv/redis/${host}/host.sh create /srv/redis/${host}/${name}`,
      );
      assert.equal(
        process.inputs.update,
        `sh /srv/redis/${host}/host.sh update /srv/redis/${host}/${name}`,
      );
    }
  });

  it("ends what it has no more in one step for this machine, which knows who stays, and where", () => {
    const members = registered.filter(({ name }) => name.endsWith("-members"));
    assert.deepEqual(
      members.map(({ name, inputs }) => [name, inputs.create]),
      [["ha-redis1-members", "sh /srv/redis/redis1/host.sh members"]],
    );
    assert.equal(
      stdin("ha-redis1-members"),
      `staying_nodes='node1 redis1 127.0.0.1 16300
node2 redis2 127.0.0.1 26300
node3 redis3 127.0.0.1 36300'
staying_sentinels='sentinel1 redis1 127.0.0.1 16355
sentinel2 redis2 127.0.0.1 26355
sentinel3 redis3 127.0.0.1 36355'
places='node1,sentinel1 /srv/redis/redis1
node2,sentinel2 /srv/redis/redis2
node3,sentinel3 /srv/redis/redis3'
beside=1
`,
    );
  });

  it("renders the seed's settings, and no role", () => {
    for (const line of [
      "bind redis2",
      "port 26300",
      "appendonly yes",
      "replica-announce-ip redis2",
    ]) {
      assert.match(stdin("ha-node2-process"), new RegExp(`^${line}$`, "m"));
    }
    assert.doesNotMatch(stdin("ha-node2-process"), /^(replicaof|slaveof) /m);
  });

  it("bounds what a client that hangs with a stopped master can lose, where there are three nodes or more", async () => {
    assert.match(stdin("ha-node1-process"), /^min-replicas-to-write 1$/m);
    assert.match(stdin("ha-node1-process"), /^min_replicas_value=1$/m);
    assert.match(stdin("ha-node1-process"), /^repl-diskless-sync-delay 0$/m);
    // With two, the loss of either would end all writes.
    new RedisHa("two", { nodes: { node1: "redis1:1", node2: "redis2:2" } });
    new RedisHa("own", { redis: { minReplicasToWrite: 0 } });
    for (let left = 200; left > 0 && !find("own-verified"); left--)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (const name of ["two-node1", "own-node1"])
      assert.match(stdin(`${name}-process`), /^min-replicas-to-write 0$/m);
  });

  it("gives a node what is set for it alone", () => {
    assert.match(stdin("ha-node1-process"), /^replica-priority 70$/m);
    assert.match(stdin("ha-node2-process"), /^replica-priority 50$/m);
    assert.doesNotMatch(stdin("ha-node2-process"), /^replica-priority 70$/m);
  });

  it("says that servers run as root, where Pulumi does, and who alone can be promoted", async () => {
    const root = (await valueOf(redis.limitations)).filter((line) => line.includes("run as root"));
    assert.equal(root.length, process.getuid?.() === 0 ? 1 : 0);
    for (const line of root) assert.match(line, /; set local\.user$/);
    const nodeConf = { node2: { "replica-priority": "0" }, node3: { "replica-priority": "0" } };
    const { limitations } = new RedisHa("only", { redis: { nodeDirectives: nodeConf } });
    assert.ok(
      (await valueOf(limitations)).some((line) => line.startsWith("only node1 can be promoted")),
    );
  });

  it("keeps the servers of a user of their own as root, with their settings apart", async (t) => {
    t.mock.method(process as { getuid(): number }, "getuid", () => 0);
    const { limitations, nodes } = new RedisHa("their", { local: { user: "redis-local" } });
    for (let left = 200; left > 0 && !find("their-verified"); left--)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const here = "/var/lib/redis-ha/pulumi-redis-ha.unit/their-redis2";
    const { create, update, delete: end } = find("their-node2-process")?.inputs ?? {};
    assert.deepEqual(
      [create, update],
      [`sh ${here}/machine.sh create node2`, `sh ${here}/machine.sh update node2`],
    );
    assert.match(String(end), new RegExp(`then sh ${here}/machine.sh delete node2;`));
    assert.match(String(find("their-verified")?.inputs.create), /machine\.sh verify node1$/);
    assert.match(
      stdin("their-redis2-scripts"),
      new RegExp(
        `put machine.conf 'user=redis-local\nowner=${here.replaceAll("/", "-")}\nservices=0\n'\nsh ${here}/machine.sh prepare\n$`,
      ),
    );
    assert.match(stdin("their-node2-process"), new RegExp(`^dir "${here}/processes/node2"$`, "m"));
    assert.equal((await valueOf(nodes))[1]?.commands.kill, `sh ${here}/machine.sh kill node2`);
    assert.equal(
      (await valueOf(nodes))[1]?.commands.handover,
      `sh ${here}/machine.sh handover node2`,
    );
    assert.deepEqual(
      (await valueOf(limitations)).filter((line) => line.includes("run as root")),
      [],
    );
  });

  it("renders the seed's options of Sentinel, and nothing that Sentinel owns", () => {
    for (const line of [
      "port 16355",
      "loglevel notice",
      "sentinel notification-script redis-ha /opt/notify",
      "sentinel down-after-milliseconds redis-ha 10000",
      "sentinel parallel-syncs redis-ha 1",
      "sentinel failover-timeout redis-ha 180000",
    ]) {
      assert.match(stdin("ha-sentinel1-process"), new RegExp(`(^|')${line}$`, "m"));
    }
    assert.doesNotMatch(
      stdin("ha-sentinel1-process"),
      /^sentinel (monitor|myid|known-|current-epoch|config-epoch)/m,
    );
  });

  it("writes the three host names into the hosts file once", () => {
    const entries = registered.filter(({ name }) => /^ha-.*-entries$/.test(name));
    assert.equal(entries.length, 1);
    assert.match(
      String(entries[0]?.inputs.stdin),
      /ENTRIES='127\.0\.0\.1 redis1\n127\.0\.0\.1 redis2\n127\.0\.0\.1 redis3'/,
    );
  });

  it("lets a program have two with the same names for their nodes, sentinels and hosts", async () => {
    for (const name of ["first", "second"]) new RedisHa(name);
    for (let left = 200; left > 0 && !find("second-verified"); left--)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const names = registered.map(({ type, name }) => `${type} ${name}`);
    assert.equal(new Set(names).size, names.length);
    assert.notEqual(
      find("first-node1-process")?.inputs.create,
      find("second-node1-process")?.inputs.create,
    );
  });

  it("has every key of Pulumi.yaml in the table of the README, and no other", () => {
    const keys = [
      ...(/^config:\n([^]*?)^\S/m
        .exec(readFileSync("Pulumi.yaml", "utf8"))?.[1]
        ?.matchAll(/^ {2}(\w+):$/gm) ?? []),
    ].map(([, key]) => key);
    const table = [
      ...(
        /## Configuration([^]*?)\n## /.exec(readFileSync("README.md", "utf8"))?.[1] ?? ""
      ).matchAll(/^\| `(\w+)`/gm),
    ].map(([, key]) => key);
    assert.deepEqual(table, keys);
    assert.deepEqual(keys, Object.keys(redisHaFields));
  });

  it("has the defaults that Pulumi.yaml describes", async () => {
    const yaml = readFileSync("Pulumi.yaml", "utf8");
    for (const [name, place] of [
      ["node1", "redis1:16300"],
      ["node2", "redis2:26300"],
      ["node3", "redis3:36300"],
      ["sentinel1", "redis1:16355"],
      ["sentinel2", "redis2:26355"],
      ["sentinel3", "redis3:36355"],
    ]) {
      assert.match(yaml, new RegExp(`^      ${name}: ${place}$`, "m"));
    }
    assert.deepEqual(await valueOf(redis.sentinels), [
      "redis1:16355",
      "redis2:26355",
      "redis3:36355",
    ]);
    assert.equal(
      await valueOf(redis.masterName),
      /masterName:\n.*\n.*\n {4}default: "(.*)"/.exec(yaml)?.[1],
    );
  });
});
