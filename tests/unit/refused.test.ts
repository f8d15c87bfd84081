import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../../components/inputError.ts";
import { RedisHa, type RedisHaArgs } from "../../components/redisHa.ts";
import { readConfig } from "../../config.ts";
import { registered, useMocks } from "./mocks.ts";

const nodes = { node1: "redis1:16300", node2: "redis2:26300", node3: "redis3:36300" };
const sentinels = { sentinel1: "redis1:16355", sentinel2: "redis2:26355", sentinel3: "redis3:36355" };

/** What is wrong, the arguments, the path that has to be named, and what has to be said of it. */
const badArguments: [string, RedisHaArgs, string, RegExp][] = [
  ["a single node", { nodes: { node1: "redis1:16300" } }, "nodes", /at least two nodes/],
  ["no node", { nodes: {} }, "nodes", /at least two nodes/],
  ["an even number of sentinels", { sentinels: { ...sentinels, sentinel4: "redis1:46355" } }, "sentinels", /an odd number/],
  ["two sentinels", { sentinels: { sentinel1: "redis1:16355", sentinel2: "redis2:26355" } }, "sentinels", /an odd number/],
  ["no sentinel", { sentinels: {} }, "sentinels", /an odd number/],
  ["a quorum that is no majority", { quorum: 1 }, "quorum", /1 is not allowed: a majority of the 3 sentinels, 2 to 3/],
  ["a quorum above the number of sentinels", { quorum: 4 }, "quorum", /4 is not allowed: .*2 to 3/],
  ["a quorum for other sentinels", { quorum: 2, sentinels: { ...sentinels, sentinel4: "redis1:1", sentinel5: "redis2:1" } }, "quorum", /3 to 5/],
  ["a broken quorum", { quorum: 2.5 }, "quorum", /2.5 is not allowed/],
  ["a negative quorum", { quorum: -2 }, "quorum", /-2 is not allowed/],
  ["two nodes at one address", { nodes: { ...nodes, node3: "redis2:26300" } }, "nodes.node3", /node2 has this one/],
  ["two nodes at one address, spelt differently", { nodes: { ...nodes, node3: "REDIS2:26300" } }, "nodes.node3", /node2 has this one/],
  ["a sentinel at a node's address", { sentinels: { ...sentinels, sentinel3: "redis3:36300" } }, "sentinels.sentinel3", /node3 has this one/],
  [
    "a sentinel with a node's name",
    { sentinels: { node1: "redis1:16355", sentinel2: "redis2:26355", sentinel3: "redis3:36355" } },
    "sentinels.node1",
    /a name that no other/,
  ],
  ["port 0", { nodes: { ...nodes, node2: "redis2:0" } }, "nodes.node2", /"redis2:0".* from 1 to 65535/],
  ["a port above 65535", { sentinels: { ...sentinels, sentinel1: "redis1:65536" } }, "sentinels.sentinel1", /"redis1:65536".* from 1 to 65535/],
  ["a port that is no number", { nodes: { ...nodes, node1: "redis1:redis" } }, "nodes.node1", /a port from 1 to 65535/],
  ["no port", { nodes: { ...nodes, node1: "redis1" } }, "nodes.node1", /HOST:PORT/],
  ["no host", { nodes: { ...nodes, node1: ":16300" } }, "nodes.node1", /HOST:PORT/],
  ["an address for a host", { nodes: { ...nodes, node1: "127.0.0.1:16300" } }, "nodes.node1", /no address/],
  ["an IPv6 address for a host", { nodes: { ...nodes, node1: "::1:16300" } }, "nodes.node1", /no address/],
  ["a host name with a space", { nodes: { ...nodes, node1: "redis 1:16300" } }, "nodes.node1", /letters, digits/],
  ["a host name with a newline", { nodes: { ...nodes, node1: "redis1\n10.0.0.1 evil:16300" } }, "nodes.node1", /HOST:PORT|letters, digits/],
  ["a host name that a shell would run", { nodes: { ...nodes, node1: "$(reboot):16300" } }, "nodes.node1", /letters, digits/],
  ["a node name that is a path", { nodes: { ...nodes, "../node": "redis1:1" } }, "nodes.../node", /lower-case letter/],
  ["a node name in capitals", { nodes: { ...nodes, Node4: "redis1:1" } }, "nodes.Node4", /lower-case letter/],
  ["an initial master that is no node", { initialMaster: "node4" }, "initialMaster", /"node4" is not allowed: one of the nodes: node1, node2, node3/],
  ["an initial master given as a host", { initialMaster: "redis1" }, "initialMaster", /one of the nodes/],
  ["a master name that Zato reads as a number", { masterName: "12345" }, "masterName", /a letter, then/],
  ["a master name that Zato reads as nothing", { masterName: "None" }, "masterName", /no word that Python reads/],
  ["a master name with a comma", { masterName: "redis,ha" }, "masterName", /a letter, then/],
  ["an empty master name", { masterName: "" }, "masterName", /a letter, then/],
  ["a master name with a space", { masterName: "redis ha" }, "masterName", /a letter, then/],
  ["a down-after of 0", { downAfterMilliseconds: 0 }, "downAfterMilliseconds", /from 1 to/],
  ["a broken down-after", { downAfterMilliseconds: 0.5 }, "downAfterMilliseconds", /a whole number/],
  ["a parallel-syncs of 0", { parallelSyncs: 0 }, "parallelSyncs", /from 1 to/],
  ["a negative failover-timeout", { failoverTimeoutMilliseconds: -1 }, "failoverTimeoutMilliseconds", /from 1 to/],
  ["a directory that is not absolute", { directory: "redis" }, "directory", /an absolute path/],
  ["a directory with a newline", { directory: "/tmp/a\nb" }, "directory", /without control characters/],
  ["a server that is a command line", { serverBinary: "redis-server --port 1" }, "serverBinary", /the name of a program/],
  ["a relative client", { cliBinary: "./redis-cli" }, "cliBinary", /an absolute path/],
  ["more replicas to write than there are", { minReplicasToWrite: 3 }, "minReplicasToWrite", /from 0 to 2/],
  ["a ready time-out of 0", { readyTimeoutSeconds: 0 }, "readyTimeoutSeconds", /from 1 to/],
  ["a hosts file that is not absolute", { hostsFile: "hosts" }, "hostsFile", /an absolute path/],
  ["a host that nothing runs on", { hosts: { redis4: {} } }, "hosts.redis4", /redis1, redis2, redis3/],
  ["an unknown kind of host", { hosts: { redis1: { kind: "cloud" } } }, "hosts.redis1.kind", /"cloud" is not allowed: one of local, docker, ssh/],
  ["a machine without an address", { hosts: { redis1: { kind: "ssh" } } }, "hosts.redis1.address", /the address under which the machine is reached/],
  [
    "a private key that is not there",
    { hosts: { redis1: { kind: "ssh", address: "10.0.0.1", privateKeyFile: "/nowhere" } } },
    "hosts.redis1.privateKeyFile",
    /exists/,
  ],
  ["a host key that is none", { hosts: { redis1: { kind: "ssh", address: "10.0.0.1", hostKey: "MD5:aa" } } }, "hosts.redis1.hostKey", /SHA256:/],
  [
    "a user that is an option",
    { hosts: { redis1: { kind: "ssh", address: "10.0.0.1", user: "-oProxyCommand=x" } } },
    "hosts.redis1.user",
    /a user's name/,
  ],
  ["an address that is an option", { hosts: { redis1: { kind: "ssh", address: "-oProxyCommand=x" } } }, "hosts.redis1.address", /the address/],
  [
    "a directory over SSH with a blank",
    { hosts: { redis1: { kind: "ssh", address: "10.0.0.1", directory: "/a b" } } },
    "hosts.redis1.directory",
    /letters/,
  ],
  [
    "a bastion's port that is none",
    { hosts: { redis1: { kind: "ssh", address: "10.0.0.1", bastion: { address: "b", sshPort: 0 } } } },
    "hosts.redis1.bastion.sshPort",
    /1 to 65535/,
  ],
  ["a key for a host that is not reached over SSH", { hosts: { redis1: { hostKey: "unchecked" } } }, "hosts.redis1.hostKey", /kind is ssh/],
  ["a kernel setting that nobody knows", { kernelSettings: ["swap"] }, "kernelSettings", /any of overcommit/],
  ["a client that is no address", { firewallClients: ["zato1"] }, "firewallClients", /IPv4 addresses or networks/],
  ["a user for the servers with a blank", { serviceUser: "redis ha" }, "serviceUser", /a user's name/],
  ["a package version that is an option", { redisVersion: "-o x" }, "redisVersion", /a package's version/],
  ["an archive that is not there", { redisTarball: "/nowhere.tar.gz" }, "redisTarball", /exists/],
  ["Zato's file on a host that nobody knows", { zatoServerConfs: ["zato1:/server.conf"] }, "zatoServerConfs[0]", /one of `hosts`/],
  [
    "an engine for a host without containers",
    { hosts: { redis1: { engine: "unix:///run/docker.sock" } } },
    "hosts.redis1.engine",
    /its kind is docker/,
  ],
  ["an engine that is none", { hosts: { redis1: { kind: "docker", engine: "/run/docker.sock" } } }, "hosts.redis1.engine", /ssh:\/\/USER@HOST/],
  [
    "certificates at no absolute path",
    { hosts: { redis1: { kind: "docker", engine: "tcp://a:2376", certificates: "certs" } } },
    "hosts.redis1.certificates",
    /an absolute path/,
  ],
  ["an image that is an option", { hosts: { redis1: { kind: "docker", image: "--privileged" } } }, "hosts.redis1.image", /an image's name/],
  ["an image with a blank", { image: "redis 8" }, "image", /an image's name/],
  ["root as the containers' user", { containerUser: "0:0" }, "containerUser", /UID:GID/],
  ["a name as the containers' user", { containerUser: "redis" }, "containerUser", /UID:GID/],
  [
    "hosts on several engines with an address that is everybody's own",
    { hosts: { redis1: { kind: "docker" }, redis2: { kind: "docker", engine: "ssh://redis2", address: "10.0.0.2" } } },
    "hosts.redis1.address",
    /the hosts are on several machines/,
  ],
  ["an address that is none", { hosts: { redis1: { address: "127.0.0.256" } } }, "hosts.redis1.address", /an IPv4 address/],
  ["a name for an address", { hosts: { redis1: { address: "redis1.example" } } }, "hosts.redis1.address", /an IPv4 address/],
  ["a setting that the stack decides", { redisConf: { port: "1" } }, "redisConf.port", /set `nodes`/],
  ["a role", { redisConf: { replicaof: "redis2 26300" } }, "redisConf.replicaof", /Sentinel owns the roles/],
  ["an include", { redisConf: { include: "/etc/redis.conf" } }, "redisConf.include", /would be copied/],
  ["a monitored master by the back door", { sentinelConf: { monitor: "redis1 1 1" } }, "sentinelConf.monitor", /set `masterName`/],
  ["a sentinel's identity", { sentinelConf: { myid: "0" } }, "sentinelConf.myid", /Sentinel owns it/],
  [
    "a password, which nothing here would give",
    { redisConf: { requirepass: "x" } },
    "redisConf.requirepass",
    /passwords, users and TLS are not supported/,
  ],
  ["a password for the master", { sentinelConf: { "auth-pass": "x" } }, "sentinelConf.auth-pass", /passwords, users and TLS are not supported/],
  ["a setting with an open quote", { redisConf: { "notify-keyspace-events": '"KEA' } }, "redisConf.notify-keyspace-events", /every quote closed/],
  ["an empty setting", { redisConf: { save: "" } }, "redisConf.save", /for an empty one/],
  ["a setting with a carriage return", { redisConf: { save: "900 1\r" } }, "redisConf.save", /without control characters/],
  ["a directive with a space", { redisConf: { "save 900": "1" } }, "redisConf.save 900", /lower-case letters/],
  ["a server.conf that is not absolute", { zatoServerConfs: ["server.conf"] }, "zatoServerConfs[0]", /an absolute path/],
  ["the same server.conf twice", { zatoServerConfs: ["/a/server.conf", "/a/server.conf"] }, "zatoServerConfs[1]", /each once/],
  ["a time-out that Zato would never reach", { zatoSocketTimeoutSeconds: 0 }, "zatoSocketTimeoutSeconds", /above 0/],
];

/** What is wrong, the key, its value as the engine passes it on, the path and what has to be said of it. */
const badConfiguration: [string, string, string, string, RegExp][] = [
  ["nodes as a text", "nodes", '"redis1:16300"', "nodes", /an object/],
  ["nodes as a list", "nodes", '["redis1:16300"]', "nodes", /an object/],
  ["a node that is an object", "nodes", '{"node1": {"port": 1}}', "nodes.node1", /a text, a number, or yes or no/],
  ["a host that is a text", "hosts", '{"redis1": "127.0.0.1"}', "hosts.redis1", /an object with any of: kind, address, directory/],
  [
    "a host with an unknown key",
    "hosts",
    '{"redis1": {"adress": "127.0.0.1"}}',
    "hosts.redis1",
    /"adress" is not allowed: any of: kind, address, directory/,
  ],
  ["a host's address that is a number", "hosts", '{"redis1": {"address": 127}}', "hosts.redis1.address", /a text/],
  ["a setting that is a list", "redisConf", '{"save": ["900 1"]}', "redisConf.save", /a text, a number/],
  ["a time-out in words", "zatoSocketTimeoutSeconds", "soon", "zatoSocketTimeoutSeconds", /a number/],
];

describe("bad input is refused before anything is touched, naming the field and what is allowed", () => {
  before(() => useMocks());

  const assertRefused = (make: () => unknown, path: string, said: RegExp) => {
    const before = registered.filter(({ type }) => type.startsWith("command:")).length;
    assert.throws(make, (error: unknown) => {
      assert.ok(error instanceof InputError, String(error));
      const problem = error.problems.find(({ propertyPath }) => propertyPath === path);
      assert.ok(problem, `names ${path}: ${error.message}`);
      assert.match(problem.reason, said);
      assert.match(error.message, said);
      return true;
    });
    assert.equal(registered.filter(({ type }) => type.startsWith("command:")).length, before, "no command was registered");
  };

  for (const [index, [what, args, path, said]] of badArguments.entries()) {
    it(what, () => {
      assertRefused(() => new RedisHa(`bad${index}`, args), path, said);
    });
  }

  for (const [what, key, value, path, said] of badConfiguration) {
    it(`configuration: ${what}`, () => {
      pulumi.runtime.setAllConfig({ [`pulumi-redis-ha:${key}`]: value });
      assertRefused(() => readConfig(), path, said);
    });
  }

  it("says everything that is wrong at once", () => {
    assert.throws(
      () => new RedisHa("several", { quorum: 1, masterName: "None", parallelSyncs: 0 }),
      (error: unknown) =>
        error instanceof InputError && error.problems.map(({ propertyPath }) => propertyPath).join() === "quorum,masterName,parallelSyncs",
    );
  });
});
