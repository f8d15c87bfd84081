import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { exposureLimitations } from "../../components/exposure.ts";
import { RedisHa } from "../../components/redisHa.ts";
import type { Host } from "../../hosts/host.ts";
import { become, connectionOf, overSsh, usableKey, sshWords } from "../../hosts/ssh/connection.ts";
import { registered, type Registered, useMocks, valueOf } from "../support/mocks.ts";

describe("the resource graph of machines over SSH", () => {
  let redis: RedisHa;
  const addresses = { redis1: "10.0.0.1", redis2: "10.0.0.2", redis3: "10.0.0.3" };
  before(async () => {
    await useMocks();
    const hosts = Object.fromEntries(
      Object.entries(addresses).map(([host, address]) => [
        host,
        { ssh: { user: "operator" }, address },
      ]),
    );
    const zato1 = { ssh: { hostKey: "unchecked" }, address: "10.0.0.11" };
    redis = new RedisHa("ha", {
      hosts: { ...hosts, zato1 },
      openWithoutPasswords: true,
      zato: { serverConfs: ["zato1:/opt/zato/server1/config/repo/server.conf"] },
      ssh: { firewallClients: ["10.0.0.0/24"] },
    });
    for (
      let left = 300;
      left > 0 && !registered.some(({ name }) => name.startsWith("ha-zato-zato1-"));
      left--
    )
      await new Promise((resolve) => setTimeout(resolve, 10));
  });
  const find = (name: string): Registered | undefined =>
    registered.find((each) => each.name === name);
  const stdin = (name: string) => String(find(name)?.inputs.stdin);

  it("does everything on the machine as root, over its own connection", () => {
    const { create, connection } = find("ha-node2-process")?.inputs ?? {};
    assert.equal(
      create,
      "sudo -n sh /var/lib/redis-ha/pulumi-redis-ha.unit/redis2/machine.sh create node2 150",
    );
    const { host, port, user } = (
      connection as { value: { host: string; port: number; user: string } }
    ).value;
    assert.deepEqual({ host, port, user }, { host: "10.0.0.2", port: 22, user: "operator" });
  });

  it("reads all of its input also where it needs none: what ends before that fails with EOF", async () => {
    const bin = mkdtempSync(join(tmpdir(), "prh-sudo-"));
    try {
      writeFileSync(join(bin, "sudo"), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
      const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
      const deletes = registered.flatMap(({ type, name, inputs }) =>
        type === "command:remote:Command" && typeof inputs.delete === "string"
          ? [[name, inputs.delete] as const]
          : [],
      );
      assert.ok(deletes.length > 15, `${deletes.length} of them`);
      for (const [name, command] of deletes) {
        const child = spawn("sh", ["-c", command.replaceAll("/var/lib", bin)], {
          env,
          stdio: ["pipe", "ignore", "inherit"],
        });
        const unread = new Promise<string>((resolve) => {
          child.stdin
            .on("error", ({ message }) => resolve(message))
            .on("finish", () => resolve(""));
        });
        child.stdin.end(Buffer.alloc(1 << 20, "\n"));
        assert.equal(await unread, "", `${name}: ${command}`);
      }
    } finally {
      rmSync(bin, { recursive: true });
    }
  });

  it("listens on the machine's address, and bounds what a partition can lose", () => {
    for (const line of [
      "bind 10.0.0.2",
      "protected-mode no",
      "min-replicas-to-write 1",
      "replica-announce-ip redis2",
    ]) {
      assert.match(stdin("ha-node2-process"), new RegExp(`^${line}$`, "m"));
    }
  });

  it("writes the names into the hosts file of every machine", () => {
    for (const host of ["redis1", "redis2", "redis3", "zato1"])
      assert.match(
        stdin(`ha-hosts-${host}-entries`),
        /10\.0\.0\.1 redis1\n10\.0\.0\.2 redis2\n10\.0\.0\.3 redis3/,
      );
  });

  it("lets only the hosts and the clients get to a machine's own ports", () => {
    assert.match(stdin("ha-redis2-firewall"), /^PORTS='26300\n26355'$/m);
    assert.match(
      stdin("ha-redis2-firewall"),
      /^ALLOWED='10\.0\.0\.1\n10\.0\.0\.2\n10\.0\.0\.3\n10\.0\.0\.11\n10\.0\.0\.0\/24'$/m,
    );
  });

  it("edits Zato's files on Zato's machine", () => {
    const edit = registered.find(({ name }) => name.startsWith("ha-zato-zato1-"));
    assert.match(
      String(edit?.inputs.create),
      /^sh \/var\/lib\/redis-ha\/pulumi-redis-ha\.unit\/zato1\/host\.sh apply kvdb\.sh /,
    );
    assert.match(
      String(edit?.inputs.stdin),
      /^FILE=\/opt\/zato\/server1\/config\/repo\/server\.conf$/m,
    );
  });

  it("says where a machine's key is not checked", async () => {
    assert.ok(
      (await valueOf(redis.limitations)).includes(
        "zato1: its key is not checked, so anybody on the way can pass for it",
      ),
    );
  });

  it("says who gets to servers without passwords, and to which of them the Internet may lead", async () => {
    const open = (await valueOf(redis.limitations)).filter((line) => line.includes("10.0.0.1"));
    assert.match(
      open.join("\n"),
      /^no passwords and no TLS: who reaches redis1 \(10\.0\.0\.1\), redis2 .*, redis3 \(10\.0\.0\.3\) reads and writes[^\n]*$/,
    );
    const addresses = { redis1: "127.0.0.1", redis2: "10.0.0.2", redis3: "203.0.113.7" };
    const places = Object.fromEntries(
      Object.entries(addresses).map(([hostName, address]) => [
        hostName,
        { hostName, address: pulumi.output(address) },
      ]),
    );
    const lines = await valueOf(exposureLimitations(Object.values(places) as unknown as Host[]));
    assert.match(
      lines.join("\n"),
      /reaches redis2 \(10\.0\.0\.2\), redis3 .*\n.*the Internet may reach redis3 \(203\.0\.113\.7\)$/,
    );
    assert.deepEqual(await valueOf(exposureLimitations([places.redis1] as unknown as Host[])), []);
  });
});

describe("a connection", () => {
  const [ecdsa, rsa, ed25519] = [
    "ecdsa-sha2-nistp256 AAAAE2Vj",
    "ssh-rsa AAAAB3Nz",
    "ssh-ed25519 AAAAC3Nz",
  ];

  it("expects a key that the command plugin can ask for: never RSA, which it would ask for with SHA-1", () => {
    assert.equal(usableKey([ed25519, rsa, ecdsa]), ecdsa);
    assert.equal(usableKey([ed25519, rsa]), ed25519);
    assert.equal(usableKey([rsa, ed25519]), ed25519);
    assert.equal(usableKey([ed25519]), ed25519);
    for (const none of [[rsa], ["ssh-dss AAAAB3Nz"], [""], []])
      assert.equal(usableKey(none), undefined);
  });

  it("goes through a bastion, each with its own key", () => {
    const connection = connectionOf(
      { address: "10.0.0.1" },
      { address: "b", user: "jump" },
      { target: ed25519, bastion: rsa },
    );
    assert.equal(connection.hostKey, ed25519);
    assert.deepEqual(
      (connection.proxy as { host: string; user: string; hostKey: string }).hostKey,
      rsa,
    );
    assert.match(
      overSsh({ address: "10.0.0.1" }, { address: "b" }, "true"),
      /^ProxyJump bastion$/m,
    );
  });

  it("has a person check the configured key, too, also on the way through a bastion", () => {
    const hostKey = "SHA256:tBvGLsXwZk3fDrOVgGkJmTyzL1ZH6aU0qRk0g9YqXcE";
    assert.equal(
      sshWords({ address: "10.0.0.1", privateKeyFile: "/k" }, undefined, { target: ed25519 }),
      "ssh -i /k -p 22 root@10.0.0.1",
    );
    assert.equal(
      sshWords({ address: "10.0.0.1", port: 2222, hostKey }, undefined, { target: ed25519 }),
      `ssh -o IgnoreUnknown=KnownHostsCommand -o 'KnownHostsCommand=/bin/echo [10.0.0.1]:2222 ${ed25519}' -p 2222 root@10.0.0.1`,
    );
    assert.equal(
      sshWords(
        { address: "a", hostKey: "unchecked" },
        { address: "b", user: "jump" },
        { bastion: rsa },
      ),
      "ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o 'ProxyCommand=ssh -W %h:%p -p 22 jump@b' -p 22 root@a",
    );
  });

  it("never skips the check unless told to", () => {
    assert.match(overSsh({ address: "a" }, undefined, "true"), /StrictHostKeyChecking yes/);
    assert.doesNotMatch(overSsh({ address: "a" }, undefined, "true"), /StrictHostKeyChecking no/);
    assert.match(
      overSsh({ address: "a", hostKey: "unchecked" }, undefined, "true"),
      /StrictHostKeyChecking no/,
    );
  });

  it("becomes root with sudo that does not ask", () => {
    assert.deepEqual(
      [
        become({ address: "a" }),
        become({ address: "a", user: "root" }),
        become({ address: "a", user: "operator" }),
      ],
      ["", "", "sudo -n "],
    );
  });
});
