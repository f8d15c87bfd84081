import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from "../../components/redisHa.ts";
import { engineCli, limitationsOf } from "../../hosts/docker/engine.ts";
import { registered, type Registered, useMocks, valueOf } from "../support/mocks.ts";

const hostsOf = (args: object) =>
  Object.fromEntries(["redis1", "redis2", "redis3"].map((host) => [host, { docker: args }]));

describe("the resource graph of containers", () => {
  let redis: RedisHa;
  before(async () => {
    await useMocks();
    redis = new RedisHa("ha", {
      hosts: hostsOf({ engine: "unix:///run/one.sock" }),
      redis: { directives: { maxmemory: "100mb" } },
    });
    await registration("ha-verified");
  });
  const find = (name: string): Registered | undefined =>
    registered.find((each) => each.name === name);
  const container = (name: string) => find(`ha-${name}-container`)?.inputs ?? {};
  const registration = async (name: string) => {
    for (let left = 300; left > 0 && !find(name); left--)
      await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it("has one network and one image on one engine, a volume and a container for each process", () => {
    const count = (type: string) =>
      registered.filter((each) => each.type === `docker:index/${type}`).length;
    assert.deepEqual(
      ["network:Network", "remoteImage:RemoteImage", "volume:Volume", "container:Container"].map(
        count,
      ),
      [1, 1, 6, 6],
    );
  });

  it("publishes each port under its own number, for this machine and for the containers on it, and nowhere else", () => {
    const places = (name: string) =>
      (container(name).ports as { ip: string; internal: number; external: number }[]).map(
        ({ ip, internal, external }) => `${ip}:${external}:${internal}`,
      );
    assert.deepEqual(places("node2"), ["127.0.0.1:26300:26300", "172.30.0.1:26300:26300"]);
    assert.deepEqual(places("sentinel3"), ["127.0.0.1:36355:36355", "172.30.0.1:36355:36355"]);
  });

  it("gives every container every host's name, at an address that it reaches", () => {
    for (const name of ["node1", "sentinel2"]) {
      assert.deepEqual(
        container(name).hosts,
        ["redis1", "redis2", "redis3"].map((host) => ({ host, ip: "172.30.0.1" })),
      );
    }
  });

  it("takes every right away that a server does not need", () => {
    for (const name of ["node1", "node2", "node3", "sentinel1", "sentinel2", "sentinel3"]) {
      const { user, readOnly, capabilities, securityOpts, restart, privileged, networkMode } =
        container(name);
      assert.deepEqual(
        { user, readOnly, capabilities, securityOpts, restart, privileged, networkMode },
        {
          user: "999:999",
          readOnly: true,
          capabilities: { drops: ["ALL"] },
          securityOpts: ["no-new-privileges:true"],
          restart: "unless-stopped",
          privileged: undefined,
          networkMode: undefined,
        },
        name,
      );
    }
  });

  it("limits memory by what the data may take", () => {
    assert.deepEqual([container("node1").memory, container("sentinel1").memory], [264, 64]);
  });

  it("writes the hosts entries where the clients are", () => {
    assert.match(
      String(find("ha-hosts-redis1-entries")?.inputs.stdin),
      /ENTRIES='127\.0\.0\.1 redis1\n127\.0\.0\.1 redis2\n127\.0\.0\.1 redis3'/,
    );
  });

  it("says the same sentinels as every other kind of host", async () => {
    assert.deepEqual(await valueOf(redis.sentinels), [
      "redis1:16355",
      "redis2:26355",
      "redis3:36355",
    ]);
    const [node1] = await valueOf(redis.nodes);
    assert.equal(node1?.commands.kill, "docker -H unix:///run/one.sock kill ha-redis1-node1-unit");
    assert.match(
      node1.commands.handover,
      /^docker -H unix:\/\/\/run\/one.sock exec ha-redis1-node1-unit sh \S+host.sh handover \S+ ""$/,
    );
  });

  it("has no secret, address or path of this machine in the settings of a server", () => {
    const stdin = String(find("ha-node1-process")?.inputs.stdin);
    for (const line of ["bind 0.0.0.0", "protected-mode no", "replica-announce-ip redis1"])
      assert.match(stdin, new RegExp(`^${line}$`, "m"));
    assert.doesNotMatch(stdin, /127\.0\.0\.1 redis/);
  });

  it("makes an engine of its own for each place, and publishes at the machine's address there", async () => {
    const places = Object.entries({ redis1: "10.0.0.1", redis2: "10.0.0.2", redis3: "10.0.0.3" });
    const hosts = Object.fromEntries(
      places.map(([host, address]) => [
        host,
        { docker: { engine: `ssh://root@${address}` }, address },
      ]),
    );
    new RedisHa("three", { hosts, openWithoutPasswords: true });
    await registration("three-verified");
    assert.equal(
      registered.filter(
        ({ type, name }) => type === "docker:index/network:Network" && name.startsWith("three-"),
      ).length,
      3,
    );
    const { ports, hosts: known } = find("three-node2-container")?.inputs ?? {};
    assert.deepEqual(ports, [
      { internal: 26300, external: 26300, ip: "10.0.0.2", protocol: "tcp" },
    ]);
    assert.deepEqual(
      known,
      places.map(([host, ip]) => ({ host, ip })),
    );
  });
});

describe("an engine, an image and settings that are outputs", () => {
  it("end where plain ones do, and one engine stays one", async () => {
    await useMocks();
    const later = <T>(value: T) =>
      pulumi.output(new Promise<T>((resolve) => setTimeout(() => resolve(value), 50)));
    const hosts = hostsOf({
      engine: later("unix:///run/later.sock"),
      image: later("registry.example.com/redis:7"),
    });
    const redis = new RedisHa("later", {
      hosts,
      redis: { directives: { maxmemory: later("200mb") } },
      sentinel: { quorum: later(3) },
      forget: [later("10.0.0.9:6379")],
    });
    const [node1] = await valueOf(redis.nodes);
    assert.equal(
      node1?.commands.kill,
      "docker -H unix:///run/later.sock kill later-redis1-node1-unit",
    );
    const find = (name: string): Registered | undefined =>
      registered.find((each) => each.name === name);
    for (let left = 300; left > 0 && !find("later-verified"); left--)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(
      registered.filter(
        ({ type, name }) => type === "docker:index/network:Network" && name.startsWith("later-"),
      ).length,
      1,
    );
    assert.deepEqual(
      registered
        .flatMap(({ type, inputs }) =>
          type === "docker:index/remoteImage:RemoteImage" ? [inputs.name] : [],
        )
        .slice(-1),
      ["registry.example.com/redis:7"],
    );
    assert.equal(find("later-node1-container")?.inputs.memory, 464);
    assert.match(String(find("later-node1-process")?.inputs.stdin), /^maxmemory 200mb$/m);
    assert.match(
      String(find("later-sentinel1-process")?.inputs.stdin),
      /monitored=.*redis-ha node1 3/,
    );
    assert.match(
      String(find("later-sentinel1-process")?.inputs.stdin),
      /forget=.*10\.0\.0\.9:6379/,
    );
  });
});

describe("names in the docker program's words", () => {
  it("are words of their own, wherever they stand", async () => {
    await useMocks();
    const hosts = hostsOf({ engine: "unix:///run/my sock" });
    assert.throws(
      () => new RedisHa("my redis$(touch /tmp/PWN)", { hosts }),
      /name: .* is not allowed: a letter or a digit/,
    );
    assert.equal(
      registered.filter(
        ({ type, name }) => type.startsWith("command:") && name.startsWith("my redis"),
      ).length,
      0,
    );
  });

  it("tell of an engine that anybody on the way can command, and of no other", () => {
    for (const open of ["tcp://10.0.0.2:2375", "tcp://docker.example.com"])
      assert.match(limitationsOf(open).join(), /without TLS/);
    for (const closed of [
      "unix:///var/run/docker.sock",
      "ssh://root@10.0.0.2",
      "tcp://127.0.0.1:2375",
      "tcp://localhost:2375",
    ])
      assert.deepEqual(limitationsOf(closed), [], closed);
    assert.deepEqual(limitationsOf("tcp://10.0.0.2:2376", "/certificates"), []);
  });
});

describe("the docker program's words", () => {
  it("name the engine, quoted, and the certificates", () => {
    assert.equal(engineCli("unix:///var/run/docker.sock"), "docker -H unix:///var/run/docker.sock");
    assert.equal(
      engineCli("tcp://a:2376", "/etc/my certs"),
      "DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH='/etc/my certs' docker -H tcp://a:2376",
    );
  });
});
