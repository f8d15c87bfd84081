import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from "../../components/index.ts";
import { LocalHost } from "../../hosts/localHost.ts";
import { stored } from "../../hosts/stored.ts";
import { registered, useMocks, valueOf } from "./mocks.ts";

describe("what a component was given is in the state", () => {
  before(() => useMocks());

  it("as it was given, with a host by its name", () => {
    const later = pulumi.output("x");
    const given = { host: new LocalHost("kept", "redis1"), numbers: [1, 2], section: { later, left: undefined, none: null }, call: () => 1 };
    assert.deepEqual(stored(given), {
      host: "redis1",
      numbers: [1, 2],
      section: { later, left: undefined, none: null },
      call: undefined,
    });
    for (const odd of [undefined, null, "text", []]) assert.deepEqual(stored(odd), {});
  });

  it("with private keys as secrets, wherever they are", async () => {
    const { hosts, ssh } = stored({ hosts: { a: { ssh: { privateKey: "one" } } }, ssh: { bastion: { privateKey: "two", user: "me" } } }) as {
      hosts: { a: { ssh: { privateKey: pulumi.Output<string> } } };
      ssh: { bastion: { privateKey: pulumi.Output<string>; user: string } };
    };
    for (const [key, value] of [
      [hosts.a.ssh.privateKey, "one"],
      [ssh.bastion.privateKey, "two"],
    ] as const) {
      assert.ok(await pulumi.isSecret(key));
      assert.equal(await valueOf(key), value);
    }
    assert.equal(ssh.bastion.user, "me");
  });

  it("of each component and host", { timeout: 60_000 }, async () => {
    registered.length = 0;
    const inputs = (type: string) => registered.find((each) => each.type === `redis-ha:index:${type}`)?.inputs;
    new RedisHa("readable", { masterName: "mine", redis: { directives: { maxmemory: "64mb" } } });
    while (!inputs("Sentinel")) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(inputs("RedisHa"), { masterName: "mine", redis: { directives: { maxmemory: "64mb" } } });
    assert.equal(inputs("LocalHost")?.hostName, "redis1");
    assert.deepEqual([inputs("RedisNode")?.host, inputs("RedisNode")?.port], ["redis1", 16300]);
    assert.deepEqual([inputs("Sentinel")?.host, inputs("Sentinel")?.sentinelName], ["redis1", "sentinel1"]);
  });

  it("and no private key is readable in it, also where a program gives one as a plain text", { timeout: 60_000 }, async () => {
    registered.length = 0;
    const key = (name: string) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${name}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const bastion = { address: "10.0.0.9", privateKey: key("door") };
    const hosts = Object.fromEntries(
      [1, 2, 3].map((number) => [`redis${number}`, { address: `10.0.0.${number}`, ssh: { privateKey: key("own"), bastion } }]),
    );
    new RedisHa("unreadable", { hosts, openWithoutPasswords: true });
    while (!registered.some(({ name }) => name === "unreadable-verified")) await new Promise((resolve) => setTimeout(resolve, 10));
    // As the SDK passes a secret on: an object with a signature of its own, and the value.
    const secret = "1b47061264138c4ac30d75fd1eb44270";
    const readable = (value: unknown): boolean => {
      if (typeof value === "string") return value.includes("PRIVATE KEY");
      if (typeof value !== "object" || value === null) return false;
      return !Object.values(value).includes(secret) && Object.values(value).some(readable);
    };
    const withKeys = registered.filter(({ inputs }) => JSON.stringify(inputs).includes("PRIVATE KEY"));
    assert.ok(withKeys.some(({ name }) => name === "unreadable-redis1-place"));
    assert.deepEqual(
      withKeys.filter(({ inputs }) => readable(inputs)).map(({ name }) => name),
      [],
    );
  });
});
