import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { RedisHaArgs } from "../../components/index.ts";
import { RedisHa } from "../../components/index.ts";
import type { HostArgs } from "../../hosts/host.ts";
import { mockedLook } from "../../hosts/mocks.ts";
import { valueOf } from "../support/mocks.ts";

const hosts = (args: (number: number) => HostArgs) =>
  Object.fromEntries([1, 2, 3].map((number) => [`redis${number}`, args(number)]));

// As the SDK's documentation has them: no plugin answers, whatever is asked comes back.
describe("a unit test of somebody else's program, with mocks that echo", () => {
  before(() =>
    pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => ({
        id: `${name}_id`,
        state: inputs as Record<string, unknown>,
      }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    }),
  );

  const kinds: Record<string, RedisHaArgs> = {
    local: {},
    docker: { hosts: hosts(() => ({ docker: {} })) },
    ssh: {
      hosts: hosts((number) => ({ address: `10.0.0.${number}`, ssh: { hostKey: "unchecked" } })),
      openWithoutPasswords: true,
      ssh: { redisVersion: "7.2" },
    },
    further: {
      hostsEntries: false,
      sentinel: { directives: { "notification-script": "/opt/notify" } },
      zato: { serverConfs: ["/opt/zato/server.conf"] },
    },
  };
  for (const [name, args] of Object.entries(kinds)) {
    it(`resolves every output: ${name}`, async () => {
      const {
        sentinels,
        redisSentinels,
        masterName,
        nodes,
        kvdbStanza,
        hosts,
        containerHosts,
        limitations,
      } = new RedisHa(name, args);
      const known = await valueOf(
        pulumi.output({
          sentinels,
          redisSentinels,
          masterName,
          nodes,
          kvdbStanza,
          hosts,
          containerHosts,
          limitations,
        }),
      );
      assert.deepEqual(known.sentinels, ["redis1:16355", "redis2:26355", "redis3:36355"]);
      assert.equal(known.redisSentinels, "redis1:16355, redis2:26355, redis3:36355");
      assert.deepEqual(Object.keys(known.hosts), ["redis1", "redis2", "redis3"]);
      for (const each of [
        known.masterName,
        known.kvdbStanza,
        ...known.nodes.map(({ directory }) => directory),
      ])
        assert.ok(each);
      assert.deepEqual(Object.keys(known.containerHosts), ["redis1", "redis2", "redis3"]);
      assert.ok(Array.isArray(known.limitations));
    });
  }

  it("takes no look for a good one that said nothing where there is an engine", (t) => {
    t.mock.method(pulumi.runtime as { getEngine(): unknown }, "getEngine", () => ({}));
    assert.throws(() => mockedLook("look_version node1 redis-server\n"), /gave no output/);
  });
});
