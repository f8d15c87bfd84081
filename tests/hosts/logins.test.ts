import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RedisHa } from "../../components/redisHa.ts";
import type { HostArgs } from "../../hosts/host.ts";
import { registered, useMocks, valueOf } from "../support/mocks.ts";

it("logs in no more often at once, at a bastion and at the machines behind it, than a default sshd takes (MaxStartups 10)", async () => {
  const underWay = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (place: string, more: number) => {
    underWay.set(place, (underWay.get(place) ?? 0) + more);
    most.set(place, Math.max(most.get(place) ?? 0, underWay.get(place) as number));
  };
  await useMocks(async ({ type, inputs }) => {
    if (!type.startsWith("command:remote:")) return;
    // A secret.
    const { value } = inputs.connection as { value: { host: string; proxy?: { host: string } } };
    const places = new Set([value.host, value.proxy?.host ?? value.host]);
    for (const place of places) count(place, 1);
    // Whatever does not have to wait for it comes meanwhile.
    await sleep(50);
    for (const place of places) count(place, -1);
  });
  const bastion = { address: "10.0.0.254", user: "jump" };
  const machines = (name: string, first: number) =>
    Array.from({ length: 3 }, (_, index): [string, HostArgs] => [
      `${name}${index + 1}`,
      { ssh: { bastion }, address: `10.0.0.${first + index}` },
    ]);
  const redis = new RedisHa("ha", {
    hosts: {
      ...Object.fromEntries([...machines("redis", 1), ...machines("zato", 11)]),
      // One that is reached directly, with more files than a server lets in at once.
      zato4: { ssh: {}, address: "10.0.0.14" },
      // The bastion itself.
      zato5: { ssh: {}, address: bastion.address },
    },
    zato: {
      serverConfs: [1, 2, 3, 4, 5].flatMap((zato) =>
        Array.from(
          { length: zato > 3 ? 12 : 3 },
          (_, file) => `zato${zato}:/opt/zato/${file}/server.conf`,
        ),
      ),
    },
    ssh: { firewallClients: ["10.0.0.0/24"] },
    openWithoutPasswords: true,
  });
  await valueOf(redis.sentinels);
  const ended = () =>
    registered.some(({ name }) => name.startsWith("ha-verif")) &&
    [...underWay.values()].every((now) => now === 0);
  for (let left = 600; left > 0 && !ended(); left--) await sleep(50);
  assert.ok(ended(), registered.map(({ name }) => name).join(" "));
  assert.equal(registered.filter(({ name }) => name.startsWith("ha-zato-")).length >= 33, true);
  assert.deepEqual(
    [...most].filter(([, number]) => number > 8),
    [],
  );
  assert.equal(most.get(bastion.address), 8, "they do not wait for more than they have to");
});
