import assert from "node:assert/strict";
import { afterEach, before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from "../../components/redisHa.ts";
import { readConfig } from "../../config.ts";
import { useMocks, valueOf } from "../support/mocks.ts";

/** As Pulumi passes a stack's file on: JSON, and which keys have a secret somewhere. */
function configure(values: Record<string, unknown>, secrets: string[] = []): void {
  const texts = Object.entries(values).map(([key, value]) => [
    `pulumi-redis-ha:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(texts) as Record<string, string>,
    secrets.map((key) => `pulumi-redis-ha:${key}`),
  );
}

describe("a stack's configuration", () => {
  before(() => useMocks());
  afterEach(() => {
    configure({});
  });

  it("without anything but Pulumi.yaml's defaults is no argument at all", () => {
    configure({ initialMaster: "", forget: [], redis: {}, hosts: {}, ssh: {}, directory: "" });
    assert.deepEqual(
      Object.values(readConfig()).filter((value) => value !== undefined),
      [],
    );
    new RedisHa("configured", readConfig());
  });

  it("has what YAML and `pulumi config set --path` made of words and of broken numbers turned back", () => {
    configure({
      redis: {
        directives: { maxclients: 10_000, "lazyfree-lazy-expire": true, save: "900 1" },
        appendOnly: false,
      },
      zato: { socketTimeoutSeconds: "0.7" },
      sentinel: { quorum: 2, directives: { loglevel: "notice" } },
      hostsEntries: "false",
      masterName: "12",
    });
    const { redis, zato, sentinel, hostsEntries, masterName } = readConfig();
    assert.deepEqual(redis, {
      directives: { maxclients: "10000", "lazyfree-lazy-expire": "yes", save: "900 1" },
      appendOnly: false,
    });
    assert.deepEqual(
      [zato?.socketTimeoutSeconds, sentinel?.quorum, hostsEntries, masterName],
      [0.7, 2, false, "12"],
    );
  });

  it("keeps the directives of a section with a secret as secrets, and every private key", async () => {
    const hosts = { redis1: { address: "10.0.0.1", ssh: { privateKey: "key", user: "me" } } };
    configure(
      {
        redis: { directives: { maxmemory: "1gb" }, appendOnly: true },
        sentinel: { directives: { loglevel: "notice" } },
        hosts,
      },
      ["redis"],
    );
    const { redis, sentinel, hosts: places } = readConfig();
    const maxmemory = redis?.directives?.maxmemory as pulumi.Output<string>;
    assert.ok(await pulumi.isSecret(maxmemory));
    assert.equal(await valueOf(maxmemory), "1gb");
    assert.deepEqual([redis?.appendOnly, sentinel?.directives], [true, { loglevel: "notice" }]);
    const { privateKey, user } = places?.redis1?.ssh ?? {};
    assert.ok(await pulumi.isSecret(privateKey as pulumi.Output<string>));
    assert.equal(user, "me");
  });
});
