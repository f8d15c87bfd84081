import assert from "node:assert/strict";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { exposureProblems } from "../../components/exposure.ts";
import { InputError } from "../../errors.ts";
import { RedisHa } from "../../components/redisHa.ts";
import type { RedisHaArgs } from "../../components/redisHaArgs.ts";
import { RedisNode } from "../../components/redisNode.ts";
import { Sentinel } from "../../components/sentinel.ts";
import { readConfig } from "../../config.ts";
import type { BastionArgs } from "../../hosts/ssh/args.ts";
import { LocalHost } from "../../hosts/localHost.ts";
import { registered, useMocks } from "../support/mocks.ts";

const nodes = { node1: "redis1:16300", node2: "redis2:26300", node3: "redis3:36300" };
const sentinels = {
  sentinel1: "redis1:16355",
  sentinel2: "redis2:26355",
  sentinel3: "redis3:36355",
};

const open = /others than this machine reach it.*Set openWithoutPasswords to true/;
const keyBody =
  "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQyNTUxOQAAACAx";
const secretKey = `-----BEGIN OPENSSH PRIVATE KEY-----\n${keyBody}\n-----END OPENSSH PRIVATE KEY-----\n`;

/** What is wrong, the arguments, the path that has to be named, and what has to be said of it. */
const badArguments: [string, RedisHaArgs, string, RegExp][] = [
  ["a single node", { nodes: { node1: "redis1:16300" } }, "nodes", /at least two nodes/],
  ["no node", { nodes: {} }, "nodes", /at least two nodes/],
  [
    "an even number of sentinels",
    { sentinels: { ...sentinels, sentinel4: "redis1:46355" } },
    "sentinels",
    /an odd number/,
  ],
  [
    "two sentinels",
    { sentinels: { sentinel1: "redis1:16355", sentinel2: "redis2:26355" } },
    "sentinels",
    /an odd number/,
  ],
  ["no sentinel", { sentinels: {} }, "sentinels", /an odd number/],
  [
    "a quorum that is no majority",
    { sentinel: { quorum: 1 } },
    "sentinel.quorum",
    /1 is not allowed: a majority of the 3 sentinels, 2 to 3/,
  ],
  [
    "a quorum above the number of sentinels",
    { sentinel: { quorum: 4 } },
    "sentinel.quorum",
    /4 is not allowed: .*2 to 3/,
  ],
  [
    "a quorum for other sentinels",
    {
      sentinel: { quorum: 2 },
      sentinels: { ...sentinels, sentinel4: "redis1:1", sentinel5: "redis2:1" },
    },
    "sentinel.quorum",
    /3 to 5/,
  ],
  ["a broken quorum", { sentinel: { quorum: 2.5 } }, "sentinel.quorum", /2.5 is not allowed/],
  ["a negative quorum", { sentinel: { quorum: -2 } }, "sentinel.quorum", /-2 is not allowed/],
  [
    "two nodes at one address",
    { nodes: { ...nodes, node3: "redis2:26300" } },
    "nodes.node3",
    /node2 has this one/,
  ],
  [
    "two nodes at one address, spelt differently",
    { nodes: { ...nodes, node3: "REDIS2:26300" } },
    "nodes.node3",
    /node2 has this one/,
  ],
  [
    "a sentinel at a node's address",
    { sentinels: { ...sentinels, sentinel3: "redis3:36300" } },
    "sentinels.sentinel3",
    /node3 has this one/,
  ],
  [
    "a sentinel with a node's name",
    { sentinels: { node1: "redis1:16355", sentinel2: "redis2:26355", sentinel3: "redis3:36355" } },
    "sentinels.node1",
    /a name that no other/,
  ],
  [
    "port 0",
    { nodes: { ...nodes, node2: "redis2:0" } },
    "nodes.node2",
    /"redis2:0".* from 1 to 65535/,
  ],
  [
    "a port above 65535",
    { sentinels: { ...sentinels, sentinel1: "redis1:65536" } },
    "sentinels.sentinel1",
    /"redis1:65536".* from 1 to 65535/,
  ],
  [
    "a port that is no number",
    { nodes: { ...nodes, node1: "redis1:redis" } },
    "nodes.node1",
    /a port from 1 to 65535/,
  ],
  ["no port", { nodes: { ...nodes, node1: "redis1" } }, "nodes.node1", /HOST:PORT/],
  ["no host", { nodes: { ...nodes, node1: ":16300" } }, "nodes.node1", /HOST:PORT/],
  [
    "an address for a host",
    { nodes: { ...nodes, node1: "127.0.0.1:16300" } },
    "nodes.node1",
    /no address/,
  ],
  [
    "an IPv6 address for a host",
    { nodes: { ...nodes, node1: "::1:16300" } },
    "nodes.node1",
    /no address/,
  ],
  [
    "a host name with a space",
    { nodes: { ...nodes, node1: "redis 1:16300" } },
    "nodes.node1",
    /letters, digits/,
  ],
  [
    "a host name with a newline",
    { nodes: { ...nodes, node1: "redis1\n10.0.0.1 evil:16300" } },
    "nodes.node1",
    /HOST:PORT|letters, digits/,
  ],
  [
    "a host name that a shell would run",
    { nodes: { ...nodes, node1: "$(reboot):16300" } },
    "nodes.node1",
    /letters, digits/,
  ],
  [
    "a node name that is a path",
    { nodes: { ...nodes, "../node": "redis1:1" } },
    "nodes.../node",
    /lower-case letter/,
  ],
  [
    "a node name in capitals",
    { nodes: { ...nodes, Node4: "redis1:1" } },
    "nodes.Node4",
    /lower-case letter/,
  ],
  [
    "an initial master that is no node",
    { initialMaster: "node4" },
    "initialMaster",
    /"node4" is not allowed: one of the nodes: node1, node2, node3/,
  ],
  [
    "an initial master given as a host",
    { initialMaster: "redis1" },
    "initialMaster",
    /one of the nodes/,
  ],
  [
    "a master name that Zato reads as a number",
    { masterName: "12345" },
    "masterName",
    /a letter, then/,
  ],
  [
    "a master name that Zato reads as nothing",
    { masterName: "None" },
    "masterName",
    /no word that Python reads/,
  ],
  ["a master name with a comma", { masterName: "redis,ha" }, "masterName", /a letter, then/],
  ["an empty master name", { masterName: "" }, "masterName", /a letter, then/],
  ["a master name with a space", { masterName: "redis ha" }, "masterName", /a letter, then/],
  [
    "a down-after of 0",
    { sentinel: { downAfterMilliseconds: 0 } },
    "sentinel.downAfterMilliseconds",
    /from 1 to/,
  ],
  [
    "a broken down-after",
    { sentinel: { downAfterMilliseconds: 0.5 } },
    "sentinel.downAfterMilliseconds",
    /a whole number/,
  ],
  [
    "a parallel-syncs of 0",
    { sentinel: { parallelSyncs: 0 } },
    "sentinel.parallelSyncs",
    /from 1 to/,
  ],
  [
    "a negative failover-timeout",
    { sentinel: { failoverTimeoutMilliseconds: -1 } },
    "sentinel.failoverTimeoutMilliseconds",
    /from 1 to/,
  ],
  ["a directory that is not absolute", { directory: "redis" }, "directory", /an absolute path/],
  [
    "a directory with a newline",
    { directory: "/tmp/a\nb" },
    "directory",
    /without control characters/,
  ],
  [
    "a server that is a command line",
    { redis: { serverBinary: "redis-server --port 1" } },
    "redis.serverBinary",
    /the name of a program/,
  ],
  [
    "a relative client",
    { redis: { cliBinary: "./redis-cli" } },
    "redis.cliBinary",
    /an absolute path/,
  ],
  [
    "more replicas to write than there are",
    { redis: { minReplicasToWrite: 3 } },
    "redis.minReplicasToWrite",
    /from 0 to 2/,
  ],
  [
    "a ready time-out of 0",
    { timeouts: { readySeconds: 0 } },
    "timeouts.readySeconds",
    /from 1 to/,
  ],
  ["a hosts file that is not absolute", { hostsFile: "hosts" }, "hostsFile", /an absolute path/],
  [
    "a host that nothing runs on",
    { hosts: { redis4: {} } },
    "hosts.redis4",
    /redis1, redis2, redis3/,
  ],
  [
    "an unknown kind of host",
    { hosts: { redis1: { cloud: {} } as object } },
    "hosts.redis1",
    /"cloud" is not allowed: any of: address, directory, ssh, docker/,
  ],
  [
    "a host that is reached in two ways",
    { hosts: { redis1: { docker: {}, ssh: {}, address: "10.0.0.1" } } },
    "hosts.redis1.docker",
    /nothing where ssh is set/,
  ],
  [
    "a machine of which only its sshd has an address",
    { hosts: { redis1: { ssh: { address: "10.0.0.1" } } } },
    "hosts.redis1.address",
    /the address under which the machine is reached/,
  ],
  [
    "a machine without an address",
    { hosts: { redis1: { ssh: {} } } },
    "hosts.redis1.address",
    /the address under which the machine is reached/,
  ],
  [
    "a private key that is not there",
    { hosts: { redis1: { ssh: { privateKeyFile: "/nowhere" }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.privateKeyFile",
    /exists/,
  ],
  [
    "a private key instead of its path",
    { hosts: { redis1: { ssh: { privateKeyFile: secretKey }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.privateKeyFile",
    /not shown.*the absolute path of a file that exists/,
  ],
  [
    "the body of a private key instead of its path",
    { hosts: { redis1: { ssh: { privateKeyFile: keyBody }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.privateKeyFile",
    /not shown.*the absolute path of a file that exists/,
  ],
  [
    "a private key as a host's key",
    { hosts: { redis1: { ssh: { hostKey: secretKey }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.hostKey",
    /not shown.*a fingerprint/,
  ],
  [
    "a directory as a private key",
    { hosts: { redis1: { ssh: { privateKeyFile: "/etc" }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.privateKeyFile",
    /a file that exists/,
  ],
  [
    "a host key that is none",
    { hosts: { redis1: { ssh: { hostKey: "MD5:aa" }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.hostKey",
    /SHA256:/,
  ],
  [
    "a user that is an option",
    { hosts: { redis1: { ssh: { user: "-oProxyCommand=x" }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.user",
    /a user's name/,
  ],
  [
    "an address that is an option",
    { hosts: { redis1: { ssh: {}, address: "-oProxyCommand=x" } } },
    "hosts.redis1.address",
    /the address/,
  ],
  [
    "a directory over SSH with a blank",
    { hosts: { redis1: { ssh: {}, address: "10.0.0.1", directory: "/a b" } } },
    "hosts.redis1.directory",
    /letters/,
  ],
  [
    "a bastion's port that is none",
    { hosts: { redis1: { ssh: { bastion: { address: "b", port: 0 } }, address: "10.0.0.1" } } },
    "hosts.redis1.ssh.bastion.port",
    /1 to 65535/,
  ],
  [
    "a key for a host that is not reached over SSH",
    { hosts: { redis1: { hostKey: "unchecked" } as object } },
    "hosts.redis1",
    /Did you mean ssh\.hostKey\?/,
  ],
  [
    "a kernel setting that nobody knows",
    { ssh: { kernelSettings: ["swap"] } },
    "ssh.kernelSettings[0]",
    /any of overcommit/,
  ],
  [
    "a client that is no address",
    { ssh: { firewallClients: ["zato1"] } },
    "ssh.firewallClients[0]",
    /IPv4 addresses or networks/,
  ],
  [
    "a user for the servers with a blank",
    { ssh: { serviceUser: "redis ha" } },
    "ssh.serviceUser",
    /a user's name/,
  ],
  [
    "a package version that is an option",
    { ssh: { redisVersion: "-o x" } },
    "ssh.redisVersion",
    /a package's version/,
  ],
  [
    "an archive that is not there",
    { ssh: { redisTarball: "/nowhere.tar.gz" } },
    "ssh.redisTarball",
    /exists/,
  ],
  [
    "Zato's file on a host that nobody knows",
    { zato: { serverConfs: ["zato1:/server.conf"] } },
    "zato.serverConfs[0]",
    /one of `hosts`/,
  ],
  [
    "an engine for a host without containers",
    { hosts: { redis1: { engine: "unix:///run/docker.sock" } as object } },
    "hosts.redis1",
    /Did you mean docker\.engine\?/,
  ],
  [
    "an engine that is none",
    { hosts: { redis1: { docker: { engine: "/run/docker.sock" } } } },
    "hosts.redis1.docker.engine",
    /ssh:\/\/USER@HOST/,
  ],
  [
    "certificates at no absolute path",
    { hosts: { redis1: { docker: { engine: "tcp://a:2376", certificates: "certs" } } } },
    "hosts.redis1.docker.certificates",
    /an absolute path/,
  ],
  [
    "an image that is an option",
    { hosts: { redis1: { docker: { image: "--privileged" } } } },
    "hosts.redis1.docker.image",
    /an image's name/,
  ],
  ["an image with a blank", { docker: { image: "redis 8" } }, "docker.image", /an image's name/],
  ["root as the containers' user", { docker: { user: "0:0" } }, "docker.user", /UID:GID/],
  ["a name as the containers' user", { docker: { user: "redis" } }, "docker.user", /UID:GID/],
  [
    "hosts on several engines with an address that is everybody's own",
    {
      hosts: {
        redis1: { docker: {} },
        redis2: { docker: { engine: "ssh://redis2" }, address: "10.0.0.2" },
      },
    },
    "hosts.redis1.address",
    /the hosts are on several machines/,
  ],
  [
    "an address that is none",
    { hosts: { redis1: { address: "127.0.0.256" } } },
    "hosts.redis1.address",
    /an IPv4 address/,
  ],
  [
    "a name for an address",
    { hosts: { redis1: { address: "redis1.example" } } },
    "hosts.redis1.address",
    /an IPv4 address/,
  ],
  [
    "an address with leading zeros",
    { hosts: { redis1: { address: "010.0.0.1" } } },
    "hosts.redis1.address",
    /without leading zeros/,
  ],
  [
    "a multicast address",
    { hosts: { redis1: { address: "224.0.0.1" } } },
    "hosts.redis1.address",
    /under which others reach one machine/,
  ],
  [
    "the broadcast address",
    { hosts: { redis1: { address: "255.255.255.255" } } },
    "hosts.redis1.address",
    /under which others reach one machine/,
  ],
  [
    "every interface",
    { openWithoutPasswords: true, hosts: { redis1: { address: "0.0.0.0" } } },
    "hosts.redis1.address",
    /others reach one machine/,
  ],
  [
    "a local host that others reach, unasked",
    { hosts: { redis1: { address: "10.0.0.1" } } },
    "hosts.redis1.address",
    open,
  ],
  [
    "a public address, unasked",
    { hosts: { redis2: { address: "203.0.113.5" } } },
    "hosts.redis2.address",
    open,
  ],
  [
    "containers that others reach, unasked",
    { hosts: { redis3: { docker: {}, address: "192.168.1.5" } } },
    "hosts.redis3.address",
    open,
  ],
  [
    "a machine that others reach, unasked",
    { hosts: { redis1: { ssh: {}, address: "10.0.0.1" } } },
    "hosts.redis1.address",
    open,
  ],
  [
    "a directory that Redis takes for a pattern",
    { directory: "/srv/redis[1]" },
    "directory",
    /'\*', '\?', '\[' and '\]'/,
  ],
  [
    "a host's directory that Redis takes for a pattern",
    { hosts: { redis1: { directory: "/srv/*" } } },
    "hosts.redis1.directory",
    /'\*', '\?'/,
  ],
  [
    "a node with the name of a file of ours",
    { nodes: { ...nodes, installed: "redis1:1" } },
    "nodes.installed",
    /another name: .*edits.*installed/,
  ],
  [
    "a sentinel with the name of a directory of ours",
    { sentinels: { ...sentinels, edits: "redis1:1" } },
    "sentinels.edits",
    /another name/,
  ],
  [
    "a client's network with more behind it",
    { ssh: { firewallClients: ["10.0.0.0/8/9; drop"] } },
    "ssh.firewallClients[0]",
    /IPv4 addresses or networks/,
  ],
  [
    "a client's network with a line behind it",
    { ssh: { firewallClients: ["10.0.0.0/8\n"] } },
    "ssh.firewallClients[0]",
    /IPv4 addresses or networks/,
  ],
  [
    "a client's address with leading zeros",
    { ssh: { firewallClients: ["010.0.0.1"] } },
    "ssh.firewallClients[0]",
    /IPv4 addresses or networks/,
  ],
  [
    "a multicast client",
    { ssh: { firewallClients: ["224.0.0.1"] } },
    "ssh.firewallClients[0]",
    /IPv4 addresses or networks/,
  ],
  [
    "a mistyped argument",
    { masterNmae: "x" } as RedisHaArgs,
    "masterNmae",
    /"masterNmae" is not allowed: Did you mean masterName\?/,
  ],
  [
    "an argument with a letter too few",
    { firewallClient: [] } as RedisHaArgs,
    "firewallClient",
    /Did you mean ssh\.firewallClients\?/,
  ],
  [
    "an argument that is in a section",
    { downAfterMilliseconds: 1000 } as RedisHaArgs,
    "downAfterMilliseconds",
    /Did you mean sentinel\.downAfterMilliseconds\?/,
  ],
  [
    "a mistyped argument in a section",
    { redis: { apendOnly: true } as object },
    "redis",
    /"apendOnly" is not allowed: .*Did you mean appendOnly\?/,
  ],
  [
    "a section that is a list",
    { zato: [] as object },
    "zato",
    /an object with any of: serverConfs/,
  ],
  [
    "a machine's key for all of them",
    { ssh: { hostKey: "unchecked" } as object },
    "ssh",
    /"hostKey" is not allowed/,
  ],
  [
    "an argument like no other",
    { cluster: true } as RedisHaArgs,
    "cluster",
    /any of: nodes, sentinels, hosts/,
  ],
  [
    "a mistyped field of a host",
    { hosts: { redis1: { adress: "127.0.0.1" } as object } },
    "hosts.redis1",
    /any of: address, .*Did you mean address\?/,
  ],
  [
    "a mistyped field of a bastion",
    {
      hosts: {
        redis1: {
          ssh: { bastion: { address: "b", hostkey: "x" } as object as BastionArgs },
          address: "10.0.0.1",
        },
      },
    },
    "hosts.redis1.ssh.bastion",
    /Did you mean hostKey\?/,
  ],
  [
    "a host that is a list",
    { hosts: { redis1: [] as object } },
    "hosts.redis1",
    /\[\] is not allowed: an object with any of: address/,
  ],
  [
    "a host that is nothing",
    { hosts: { redis1: null as unknown as object } },
    "hosts.redis1",
    /an object with any of: address/,
  ],
  [
    "hosts that are a list",
    { hosts: [] as object as Record<string, object> },
    "hosts",
    /an object/,
  ],
  [
    "clients that are a text",
    { ssh: { firewallClients: "10.0.0.1" as unknown as string[] } },
    "ssh.firewallClients",
    /a list of texts/,
  ],
  [
    "a quorum that is a text",
    { sentinel: { quorum: "2" as unknown as number } },
    "sentinel.quorum",
    /a number/,
  ],
  [
    "a switch that is a text",
    { redis: { appendOnly: "no" as unknown as boolean } },
    "redis.appendOnly",
    /true or false/,
  ],
  [
    "a setting that is a number",
    { redis: { directives: { maxclients: 5 as unknown as string } } },
    "redis.directives.maxclients",
    /a text/,
  ],
  [
    "an option that Sentinel does not have",
    { sentinel: { directives: { "notification-scirpt": "/bin/true" } } },
    "sentinel.directives.notification-scirpt",
    /Did you mean notification-script\?/,
  ],
  [
    "a script without a path",
    { sentinel: { directives: { "notification-script": "notify" } } },
    "sentinel.directives.notification-script",
    /the absolute path of a program/,
  ],
  [
    "a script with arguments",
    { sentinel: { directives: { "client-reconfig-script": "/bin/echo x" } } },
    "sentinel.directives.client-reconfig-script",
    /the absolute path/,
  ],
  [
    "settings for a node that is not there",
    { redis: { nodeDirectives: { node4: { maxmemory: "1gb" } } } },
    "redis.nodeDirectives",
    /"node4" is not allowed: any of: node1, node2, node3/,
  ],
  [
    "a setting for one node that the stack decides",
    { redis: { nodeDirectives: { node1: { port: "1" } } } },
    "redis.nodeDirectives.node1.port",
    /set `nodes`/,
  ],
  [
    "settings for one node that are a text",
    { redis: { nodeDirectives: { node1: "x" as unknown as object as Record<string, string> } } },
    "redis.nodeDirectives.node1",
    /an object/,
  ],
  [
    "nobody who can be promoted",
    { redis: { directives: { "replica-priority": "0" } } },
    "redis.directives.replica-priority",
    /above 0 for one node at least/,
  ],
  [
    "nobody who can be promoted, node by node",
    {
      redis: {
        directives: { "slave-priority": "0" },
        nodeDirectives: { node1: { "slave-priority": " 0 " }, node2: { "slave-priority": "00" } },
      },
    },
    "redis.directives.replica-priority",
    /above 0 for one node at least/,
  ],
  [
    "a setting that the stack decides",
    { redis: { directives: { port: "1" } } },
    "redis.directives.port",
    /set `nodes`/,
  ],
  [
    "a role",
    { redis: { directives: { replicaof: "redis2 26300" } } },
    "redis.directives.replicaof",
    /Sentinel owns the roles/,
  ],
  [
    "an include",
    { redis: { directives: { include: "/etc/redis.conf" } } },
    "redis.directives.include",
    /would be copied/,
  ],
  [
    "a monitored master by the back door",
    { sentinel: { directives: { monitor: "redis1 1 1" } } },
    "sentinel.directives.monitor",
    /set `masterName`/,
  ],
  [
    "a sentinel's identity",
    { sentinel: { directives: { myid: "0" } } },
    "sentinel.directives.myid",
    /Sentinel owns it/,
  ],
  [
    "a password, which the stack gives",
    { redis: { directives: { requirepass: "x" } } },
    "redis.directives.requirepass",
    /not allowed: set `auth`/,
  ],
  [
    "a password for the master",
    { sentinel: { directives: { "auth-pass": "x" } } },
    "sentinel.directives.auth-pass",
    /not allowed: set `auth`/,
  ],
  [
    "a setting with an open quote",
    { redis: { directives: { "notify-keyspace-events": '"KEA' } } },
    "redis.directives.notify-keyspace-events",
    /every quote closed/,
  ],
  [
    "an empty setting",
    { redis: { directives: { save: "" } } },
    "redis.directives.save",
    /for an empty one/,
  ],
  [
    "a setting with a carriage return",
    { redis: { directives: { save: "900 1\r" } } },
    "redis.directives.save",
    /without control characters/,
  ],
  [
    "a directive with a space",
    { redis: { directives: { "save 900": "1" } } },
    "redis.directives.save 900",
    /lower-case letters/,
  ],
  [
    "a server.conf that is not absolute",
    { zato: { serverConfs: ["server.conf"] } },
    "zato.serverConfs[0]",
    /an absolute path/,
  ],
  [
    "the same server.conf twice",
    { zato: { serverConfs: ["/a/server.conf", "/a/server.conf"] } },
    "zato.serverConfs[1]",
    /each once/,
  ],
  [
    "a version of Zato that asks no sentinels",
    { zato: { version: "4.1" } },
    "zato.version",
    /one of 2\.0, 3\.0, 3\.1, 3\.2, 3\.3\. .*MasterEndpoint, which comes later/,
  ],
  [
    "a version of Zato that knows none",
    { zato: { version: "1.1" } },
    "zato.version",
    /one of 2\.0.*upgrade it/,
  ],
  [
    "a version of Zato that there is not",
    { zato: { version: "after 3.3 and before 4.1" } },
    "zato.version",
    /one of 2\.0, 3\.0, 3\.1, 3\.2, 3\.3/,
  ],
  [
    "a version of Zato in other words",
    { zato: { version: "3.3.0" } },
    "zato.version",
    /one of 2\.0/,
  ],
  ["no version of Zato", { zato: { version: "" } }, "zato.version", /one of 2\.0/],
  [
    "a time-out for a client that breaks with it",
    { zato: { version: "3.0", socketTimeoutSeconds: 0.5 } },
    "zato.socketTimeoutSeconds",
    /none with Zato 3\.0/,
  ],
  [
    "a scheduler's file of a version that has none",
    { zato: { version: "3.2", schedulerConfs: ["/scheduler.conf"] } },
    "zato.schedulerConfs[0]",
    /none with Zato 3\.2: only the schedulers of 3\.0 and 3\.1/,
  ],
  [
    "a scheduler's file that is not absolute",
    { zato: { schedulerConfs: ["scheduler.conf"] } },
    "zato.schedulerConfs[0]",
    /an absolute path/,
  ],
  [
    "a scheduler's file on a host that nobody knows",
    { zato: { schedulerConfs: ["zato1:/scheduler.conf"] } },
    "zato.schedulerConfs[0]",
    /HOST:PATH with one of `hosts`/,
  ],
  [
    "an environment of Zato that is not absolute",
    { zato: { environments: ["qs-1"] } },
    "zato.environments[0]",
    /an absolute path/,
  ],
  [
    "a server.conf that is in an environment",
    { zato: { environments: ["/opt/qs-1"], serverConfs: ["/opt/qs-1/s/config/repo/server.conf"] } },
    "zato.serverConfs[0]",
    /in none of zato\.environments already/,
  ],
  [
    "an environment in another one",
    { zato: { environments: ["/opt/", "/opt/qs-1"] } },
    "zato.environments[1]",
    /in none of zato\.environments already/,
  ],
  [
    "an environment on a host that nobody knows",
    { zato: { environments: ["zato1:/opt/qs-1"] } },
    "zato.environments[0]",
    /HOST:PATH with one of `hosts`/,
  ],
  [
    "a node's host that Zato reads as nothing",
    {
      nodes: { node1: "None:16300", node2: "redis2:16300" },
      sentinels: { sentinel1: "redis2:16355" },
    },
    "nodes.node1",
    /whose name Python does not read as a value/,
  ],
  [
    "a time-out that Zato would never reach",
    { zato: { socketTimeoutSeconds: 0 } },
    "zato.socketTimeoutSeconds",
    /above 0/,
  ],
];

/**
 * What is wrong, the key, its value as the engine passes it on, the path and what has to be said of
 * it.
 */
const badConfiguration: [string, string, string, string, RegExp][] = [
  ["nodes as a text", "nodes", '"redis1:16300"', "nodes", /an object/],
  ["nodes as a list", "nodes", '["redis1:16300"]', "nodes", /an object/],
  ["a node that is an object", "nodes", '{"node1": {"port": 1}}', "nodes.node1", /a text/],
  [
    "a host that is a text",
    "hosts",
    '{"redis1": "127.0.0.1"}',
    "hosts.redis1",
    /an object with any of: address, directory/,
  ],
  [
    "a host with an unknown key",
    "hosts",
    '{"redis1": {"adress": "127.0.0.1"}}',
    "hosts.redis1",
    /"adress" is not allowed: any of: address, directory/,
  ],
  ["a mistyped key", "masterNmae", "x", "masterNmae", /Did you mean masterName\?/],
  [
    "a key with a letter too few",
    "firewallClient",
    "[]",
    "firewallClient",
    /Did you mean ssh\.firewallClients\?/,
  ],
  ["a key like no other", "cluster", "true", "cluster", /any of: nodes, sentinels, hosts/],
  [
    "a host that is a list",
    "hosts",
    '{"redis1": []}',
    "hosts.redis1",
    /\[\] is not allowed: an object with any of: address/,
  ],
  [
    "a host's address that is an object",
    "hosts",
    '{"redis1": {"address": {}}}',
    "hosts.redis1.address",
    /a text/,
  ],
  [
    "a setting for one node that is a list",
    "redis",
    '{"nodeDirectives": {"node1": {"save": ["900 1"]}}}',
    "redis.nodeDirectives.node1.save",
    /a text, a number/,
  ],
  [
    "settings for one node that are a text",
    "redis",
    '{"nodeDirectives": {"node1": "x"}}',
    "redis.nodeDirectives.node1",
    /an object/,
  ],
  [
    "a host's address that is a number",
    "hosts",
    '{"redis1": {"address": 127}}',
    "hosts.redis1.address",
    /a text/,
  ],
  [
    "a setting that is a list",
    "redis",
    '{"directives": {"save": ["900 1"]}}',
    "redis.directives.save",
    /a text, a number/,
  ],
  [
    "a time-out in words",
    "zato",
    '{"socketTimeoutSeconds": "soon"}',
    "zato.socketTimeoutSeconds",
    /a number/,
  ],
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
      assert.doesNotMatch(error.message, /b3Blbn|AAAAB/, "no part of a key");
      return true;
    });
    assert.equal(
      registered.filter(({ type }) => type.startsWith("command:")).length,
      before,
      "no command was registered",
    );
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

  for (const [what, name] of [
    ["a blank", "my redis"],
    ["what a shell runs", "a$(touch /tmp/PWN)"],
    ["a path", "../a"],
    ["an option", "-a"],
    ["a line", "a\nb"],
    ["too much", "a".repeat(65)],
  ] as const) {
    it(`a component's name with ${what}`, () => {
      const refused =
        /name: .* is not allowed: a letter or a digit, then letters, digits, '\.', '_' or '-', 64 at most/;
      assert.throws(() => new RedisHa(name), refused);
      assert.throws(() => new LocalHost(name, "redis1"), refused);
      const host = new LocalHost("plain", "redis1");
      const member = { port: 1, nodes: [], sentinels: [], masterName: "m", initialMaster: "m" };
      assert.throws(() => new RedisNode(name, { ...member, host }), refused);
      assert.throws(
        () => new RedisNode("plain", { ...member, host, nodeName: name }),
        /nodeName: .* is not allowed/,
      );
      assert.throws(() => new Sentinel(name, { ...member, host, masters: [] }), refused);
      assert.throws(
        () => host.edit(name, { field: "f", script: "kvdb.sh", settings: "" }, { parent: host }),
        refused,
      );
    });
  }

  it("names that are too long together", () => {
    const host = ["a", "b", "c"].map((letter) => letter.repeat(60)).join(".");
    const long = { node1: `${host}:1`, node2: "redis2:2", node3: "redis3:3" };
    assertRefused(
      () => new RedisHa("n".repeat(60), { nodes: long }),
      "name",
      /240 characters at most/,
    );
  });

  it("what others reach, unasked, where a node or a sentinel stands on its own", async () => {
    const host = new LocalHost("exposed", "redis1", { address: "10.0.0.1" });
    const member = { port: 1, nodes: [], sentinels: [], masterName: "m", initialMaster: "m" };
    for (const bind of ["0.0.0.0", "*", "127.0.0.1 10.0.0.5", "127.0.0.1 -::*"]) {
      assert.throws(() => new RedisNode("one", { ...member, host, bind }), open, bind);
      assert.throws(() => new Sentinel("one", { ...member, host, bind, masters: [] }), open, bind);
    }
    assert.deepEqual(exposureProblems("redis1", "10.0.0.1", true), []);
    assert.deepEqual(exposureProblems("redis1", "127.0.0.9"), []);
    await Promise.resolve();
  });

  it("servers as another user, unless Pulumi runs as root, and in places that are closed to that user", (t) => {
    const localUser = "redis-local";
    const closed = mkdtempSync(join(tmpdir(), "redis-ha-closed-"));
    t.after(() => {
      rmdirSync(closed);
    });
    const user = t.mock.method(process as { getuid(): number }, "getuid", () => 1000);
    assertRefused(
      () => new RedisHa("plain", { local: { user: localUser } }),
      "local.user",
      /"redis-local" is not allowed: nothing, unless Pulumi runs as root/,
    );
    user.mock.mockImplementation(() => 0);
    for (const bad of ["redis local", "-r", "root"])
      assertRefused(
        () => new RedisHa("plain", { local: { user: bad } }),
        "local.user",
        /a user's name, and not root/,
      );
    const place = join(closed, "redis");
    assertRefused(
      () => new RedisHa("plain", { local: { user: localUser }, directory: place }),
      "directory",
      new RegExp(`; ${closed} is closed to others`),
    );
    const hosts = { redis2: { directory: "/srv/a b" } };
    assertRefused(
      () => new RedisHa("plain", { local: { user: localUser }, hosts }),
      "hosts.redis2.directory",
      /letters, digits/,
    );
  });

  it("says everything that is wrong at once", () => {
    assert.throws(
      () =>
        new RedisHa("several", { sentinel: { quorum: 1, parallelSyncs: 0 }, masterName: "None" }),
      (error: unknown) =>
        error instanceof InputError &&
        error.problems.map(({ propertyPath }) => propertyPath).join() ===
          "sentinel.quorum,masterName,sentinel.parallelSyncs",
    );
  });
});
