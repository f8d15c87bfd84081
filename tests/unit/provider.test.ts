import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { redisHaFields } from "../../components/fields.ts";
import { HostsEntries, InputError, RedisNode, Sentinel, ZatoKvdbConfig } from "../../components/index.ts";
import { plainly } from "../../provider/plainly.ts";
import type { PackageSpec } from "../../provider/schema.ts";
import { schemaOf } from "../../provider/schemaOf.ts";
import { registered, useMocks, valueOf } from "./mocks.ts";

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const published = JSON.parse(readFileSync(join(checkout, "provider", "schema.json"), "utf8")) as PackageSpec;
const redisHa = published.resources["redis-ha:index:RedisHa"];
assert.ok(redisHa);

describe("the schema for other languages", () => {
  it("is what the declarations say (npm run schema)", () => {
    assert.deepEqual(published, JSON.parse(JSON.stringify(schemaOf(checkout))));
  });

  it("has every argument of RedisHa", () => {
    assert.deepEqual(Object.keys(redisHa.inputProperties).sort(), Object.keys(redisHaFields).sort());
  });

  it("has a text for everything in it", () => {
    const { types, resources } = published;
    const all = [...Object.values(types), ...Object.values(resources)].map(({ properties }) => properties);
    all.push(...Object.values(resources).map(({ inputProperties }) => inputProperties));
    const without = all.flatMap((properties) => Object.entries(properties).flatMap(([name, { description }]) => (description ? [] : [name])));
    assert.deepEqual(without, []);
  });

  it("has the defaults that stand by themselves, and none that another kind of host would refuse", () => {
    const { masterName, appendOnly, zatoSocketTimeoutSeconds, quorum, kernelSettings } = redisHa.inputProperties;
    const defaults = [masterName, appendOnly, zatoSocketTimeoutSeconds, quorum, kernelSettings].map((spec) => spec?.default);
    assert.deepEqual(defaults, ["redis-ha", true, 0.5, undefined, undefined]);
    const { sshPort, address } = published.types["redis-ha:index:Host"]?.properties ?? {};
    assert.deepEqual([sshPort?.default, address?.default], [undefined, undefined]);
  });

  it("has a host by its section wherever TypeScript has an object", () => {
    for (const name of ["RedisNode", "Sentinel", "ZatoKvdbConfig", "HostsEntries"])
      assert.equal(published.resources[`redis-ha:index:${name}`]?.inputProperties.host?.$ref, "#/types/redis-ha:index:HostSection", name);
  });

  it("marks private keys as secrets, and what decides which resources there are as plain", () => {
    const { privateKey, address, kind } = published.types["redis-ha:index:Host"]?.properties ?? {};
    assert.deepEqual([privateKey?.secret, privateKey?.plain], [true, undefined]);
    assert.deepEqual([address?.plain, kind?.plain, redisHa.inputProperties.nodes?.plain], [undefined, true, true]);
  });
});

describe("arguments as another language's SDK gives them", () => {
  before(() => useMocks());

  const taken = (inputs: Record<string, unknown>) => plainly(inputs, redisHa.inputProperties, published.types);
  const no = Promise.resolve(false);
  /** As the SDK makes one of what the engine does not know yet. */
  const later = new (pulumi.Output as unknown as new (...parts: unknown[]) => pulumi.Output<unknown>)([], no, no, no, Promise.resolve([]));
  const hosts = (inside: object) => ({ hosts: { redis1: inside } });

  for (const [what, inputs, args] of [
    ["plain values stay", { bootTimeoutSeconds: 2, nodes: { node1: "a:1" } }, { bootTimeoutSeconds: 2, nodes: { node1: "a:1" } }],
    ["known outputs of what is plain become that", { bootTimeoutSeconds: pulumi.output(2) }, { bootTimeoutSeconds: 2 }],
    ["and so do those inside, and of the whole", { nodes: pulumi.output({ node1: "a:1" }) }, { nodes: { node1: "a:1" } }],
    ["in lists as well", { adopt: [pulumi.output("/a")] }, { adopt: ["/a"] }],
  ] as const) {
    it(what, async () => {
      assert.deepEqual(await taken(inputs), { args, problems: [], unknown: [], sources: [] });
    });
  }

  for (const [what, inputs, path, reason] of [
    ["what is plain and not known", { bootTimeoutSeconds: later }, "bootTimeoutSeconds", /has to be known before anything is created/],
    ["a part of it that is not known", hosts({ kind: later }), "hosts.redis1.kind", /has to be known before anything is created/],
    ["a secret that would not stay one", { masterName: pulumi.secret("s") }, "masterName", /can't be a secret/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const [problem, ...more] = (await taken(inputs)).problems;
      assert.deepEqual([problem?.propertyPath, more], [path, []]);
      assert.match(problem?.reason ?? "", reason);
    });
  }

  it("tells what the schema does not know, at every level", async () => {
    const { unknown } = await taken({ quorun: 1, ...hosts({ adress: "10.0.0.1" }) });
    assert.deepEqual(
      unknown.map(({ propertyPath, reason }) => `${propertyPath}: ${reason.replace(/ is not allowed: .*?(?=Did)/, "? ")}`),
      ['quorun: "quorun"? Did you mean quorum?', 'hosts.redis1: "adress"? Did you mean address?'],
    );
  });

  it("leaves outputs where there may be some, known or not", async () => {
    const address = pulumi.output("10.0.0.1");
    const { args, problems } = await taken(hosts({ address, privateKey: later }));
    assert.deepEqual(problems, []);
    assert.equal((args.hosts as { redis1: { address: unknown } }).redis1.address, address);
  });

  it("keeps what was in a secret one, wherever it is", async () => {
    const { args, problems } = await taken({ hosts: pulumi.secret({ redis1: { kind: "ssh", privateKey: "key" } }) });
    assert.deepEqual(problems, []);
    const { kind, privateKey } = (args.hosts as { redis1: { kind: unknown; privateKey: pulumi.Output<string> } }).redis1;
    assert.equal(kind, "ssh");
    assert.ok(await pulumi.isSecret(privateKey));
    assert.equal(await valueOf(privateKey), "key");
  });

  it("tells what plain ones come from, to wait for that", async () => {
    class Machine extends pulumi.CustomResource {}
    const machine = new Machine("test:index:Machine", "machine");
    const { sources } = await taken({ bootTimeoutSeconds: machine.urn.apply(() => 2) });
    assert.deepEqual(sources, [machine]);
  });
});

describe("a component with a host of its own, by its section", () => {
  const member = { port: 1, nodes: [], sentinels: [], masterName: "m", initialMaster: "m" };
  const entries = { here: "127.0.0.1" };

  it("has all that the host consists of below it, under names of its own", async () => {
    registered.length = 0;
    const { version } = new RedisNode("alone", { ...member, host: { name: "redis1" } });
    assert.match((await valueOf(version)).label, /^Redis/);
    const made = registered.map(({ type, name }) => `${type.replace(/^.*:/, "")} ${name}`).sort();
    for (const each of ["LocalHost alone-redis1", "Command alone-deployment", "RedisNode alone"])
      assert.ok(made.includes(each), `${each} of ${made.join()}`);
  });

  for (const [what, host, path] of [
    ["a name that is none", { name: "a b" }, "host.name"],
    ["a kind that is none", { name: "a", kind: "vm" }, "host.kind"],
    ["a container", { name: "a", kind: "docker" }, "host.kind"],
    ["what another kind has", { name: "a", user: "me" }, "host.user"],
    ["an address that is none", { name: "a", address: "010.0.0.1" }, "host.address"],
  ] as const) {
    it(`refuses ${what}`, () => {
      const refused = (error: unknown) => error instanceof InputError && error.problems.some(({ propertyPath }) => propertyPath === path);
      assert.throws(() => new RedisNode("refused", { ...member, host }), refused);
      assert.throws(() => new Sentinel("refused", { ...member, host, masters: [] }), refused);
      assert.throws(() => new HostsEntries("refused", { host, entries }), refused);
      assert.throws(() => new ZatoKvdbConfig("refused", { host, sentinels: ["a:1"], masterName: "m", node: "a:2" }), refused);
    });
  }
});
