import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import type { Fields } from "../../fields.ts";
import { redisHaFields } from "../../components/redisHaArgs.ts";
import {
  HostsEntries,
  InputError,
  RedisNode,
  Sentinel,
  ZatoKvdbConfig,
} from "../../components/index.ts";
import { plainly } from "../../provider/plainly.ts";
import type { PackageSpec, PropertySpec } from "../../provider/schema.ts";
import { schemaOf } from "../../provider/schemaOf.ts";
import { madeOf, withMade } from "../../provider/texts.ts";
import { registered, useMocks, valueOf } from "../support/mocks.ts";

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const published = JSON.parse(
  readFileSync(join(checkout, "provider", "schema.json"), "utf8"),
) as PackageSpec;
const redisHa = published.resources["redis-ha:index:RedisHa"];
assert.ok(redisHa);

describe("the schema for other languages", () => {
  it("is what the declarations say (npm run schema)", () => {
    assert.deepEqual(published, JSON.parse(JSON.stringify(schemaOf(checkout))));
  });

  for (const made of madeOf(published)) {
    it(`is what ${made.file} says (npm run schema)`, () => {
      const content = readFileSync(join(checkout, made.file), "utf8");
      assert.equal(content, withMade(content, made));
    });
  }

  // A default is declared twice: for people in the docstring, for the program beside it.
  it("has the defaults of the declarations by which arguments are checked", () => {
    const compare = (
      fields: Fields,
      properties: Record<string, PropertySpec>,
      path: string,
    ): void => {
      assert.deepEqual(Object.keys(properties).sort(), Object.keys(fields).sort(), path);
      for (const [name, field] of Object.entries(fields)) {
        const spec = properties[name] ?? {};
        const inside =
          "section" in field
            ? field
            : "names" in field && "section" in field.names
              ? field.names
              : undefined;
        const $ref = spec.$ref ?? spec.additionalProperties?.$ref;
        if (inside)
          compare(
            inside.section,
            published.types[$ref?.replace("#/types/", "") ?? ""]?.properties ?? {},
            `${path}.${name}`,
          );
        if (!("kind" in field)) continue;
        const [, said] = /Default: (.*)$/.exec(spec.description ?? "") ?? [];
        const isPlain = /^(true|false|\d+(\.\d+)?|"[^"]*")$/.test(said ?? "");
        assert.equal(JSON.stringify(field.default), isPlain ? said : undefined, `${path}.${name}`);
        const type = {
          text: "string",
          number: /integer|number/,
          switch: "boolean",
          texts: "array",
          words: "object",
        }[field.kind];
        assert.match(spec.type ?? "", new RegExp(type), `${path}.${name}`);
      }
    };
    compare(redisHaFields, redisHa.inputProperties, "RedisHa");
  });

  it("has every argument of RedisHa", () => {
    assert.deepEqual(
      Object.keys(redisHa.inputProperties).sort(),
      Object.keys(redisHaFields).sort(),
    );
  });

  it("has a text for everything in it", () => {
    const { types, resources } = published;
    const all = [...Object.values(types), ...Object.values(resources)].map(
      ({ properties }) => properties,
    );
    all.push(...Object.values(resources).map(({ inputProperties }) => inputProperties));
    const without = all.flatMap((properties) =>
      Object.entries(properties).flatMap(([name, { description }]) => (description ? [] : [name])),
    );
    assert.deepEqual(without, []);
  });

  it("has the defaults that stand by themselves, and none that another kind of host would refuse", () => {
    const { masterName, hostsEntries, directory, sentinel } = redisHa.inputProperties;
    assert.deepEqual(
      [masterName, hostsEntries, directory].map((spec) => spec?.default),
      ["redis-ha", true, undefined],
    );
    const properties = (type: string) =>
      published.types[`redis-ha:index:${type}`]?.properties ?? {};
    assert.equal(sentinel?.$ref, "#/types/redis-ha:index:Sentinels");
    assert.deepEqual(
      [
        properties("Sentinels").parallelSyncs?.default,
        properties("Zato").socketTimeoutSeconds?.default,
      ],
      [1, 0.5],
    );
    // What a host leaves out may be set for all of them.
    for (const type of ["Host", "SshHost", "Ssh", "Docker", "Bastion"])
      for (const [name, spec] of Object.entries(properties(type)))
        assert.equal(spec.default, undefined, `${type}.${name}`);
  });

  it("has a host by its section wherever TypeScript has an object", () => {
    for (const name of ["RedisNode", "Sentinel", "ZatoKvdbConfig", "HostsEntries"])
      assert.equal(
        published.resources[`redis-ha:index:${name}`]?.inputProperties.host?.$ref,
        "#/types/redis-ha:index:HostSection",
        name,
      );
  });

  it("marks private keys as secrets, and what decides which resources there are as plain", () => {
    const { privateKey, address, serviceUser } =
      published.types["redis-ha:index:SshHost"]?.properties ?? {};
    assert.deepEqual([privateKey?.secret, privateKey?.plain], [true, undefined]);
    assert.deepEqual(
      [address?.plain, serviceUser?.plain, redisHa.inputProperties.nodes?.plain],
      [undefined, true, true],
    );
  });
});

describe("arguments as another language's SDK gives them", () => {
  before(() => useMocks());

  const taken = (inputs: Record<string, unknown>) =>
    plainly(inputs, redisHa.inputProperties, published.types);
  const no = Promise.resolve(false);
  /** As the SDK makes one of what the engine does not know yet. */
  const later = new (
    pulumi.Output as unknown as new (...parts: unknown[]) => pulumi.Output<unknown>
  )([], no, no, no, Promise.resolve([]));
  const hosts = (inside: object) => ({ hosts: { redis1: inside } });

  for (const [what, inputs, args] of [
    [
      "plain values stay",
      { ssh: { bootTimeoutSeconds: 2 }, nodes: { node1: "a:1" } },
      { ssh: { bootTimeoutSeconds: 2 }, nodes: { node1: "a:1" } },
    ],
    [
      "known outputs of what is plain become that",
      { ssh: { bootTimeoutSeconds: pulumi.output(2) } },
      { ssh: { bootTimeoutSeconds: 2 } },
    ],
    [
      "and so do those inside, and of the whole",
      { nodes: pulumi.output({ node1: "a:1" }) },
      { nodes: { node1: "a:1" } },
    ],
    ["in lists as well", { adopt: [pulumi.output("/a")] }, { adopt: ["/a"] }],
  ] as const) {
    it(what, async () => {
      assert.deepEqual(await taken(inputs), { args, problems: [], unknown: [], sources: [] });
    });
  }

  for (const [what, inputs, path, reason] of [
    [
      "what is plain and not known",
      { ssh: { bootTimeoutSeconds: later } },
      "ssh.bootTimeoutSeconds",
      /has to be known before anything is created/,
    ],
    [
      "a part of it that is not known",
      hosts({ directory: later }),
      "hosts.redis1.directory",
      /has to be known before anything is created/,
    ],
    [
      "a secret that would not stay one",
      { masterName: pulumi.secret("s") },
      "masterName",
      /can't be a secret/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const [problem, ...more] = (await taken(inputs)).problems;
      assert.deepEqual([problem?.propertyPath, more], [path, []]);
      assert.match(problem?.reason ?? "", reason);
    });
  }

  it("tells what the schema does not know, at every level", async () => {
    const { unknown } = await taken({ masterNmae: 1, ...hosts({ adress: "10.0.0.1" }) });
    assert.deepEqual(
      unknown.map(
        ({ propertyPath, reason }) =>
          `${propertyPath}: ${reason.replace(/ is not allowed: .*?(?=Did)/, "? ")}`,
      ),
      [
        'masterNmae: "masterNmae"? Did you mean masterName?',
        'hosts.redis1: "adress"? Did you mean address?',
      ],
    );
  });

  it("leaves outputs where there may be some, known or not", async () => {
    const address = pulumi.output("10.0.0.1");
    const { args, problems } = await taken(hosts({ address, ssh: { privateKey: later } }));
    assert.deepEqual(problems, []);
    assert.equal((args.hosts as { redis1: { address: unknown } }).redis1.address, address);
  });

  it("keeps what was in a secret one, wherever it is", async () => {
    const { args, problems } = await taken({
      hosts: pulumi.secret({ redis1: { ssh: { privateKey: "key" } } }),
    });
    assert.deepEqual(problems, []);
    const { privateKey } = (
      args.hosts as { redis1: { ssh: { privateKey: pulumi.Output<string> } } }
    ).redis1.ssh;
    assert.ok(await pulumi.isSecret(privateKey));
    assert.equal(await valueOf(privateKey), "key");
  });

  it("tells what plain ones come from, to wait for that", async () => {
    class Machine extends pulumi.CustomResource {}
    const machine = new Machine("test:index:Machine", "machine");
    const { sources } = await taken({ ssh: { bootTimeoutSeconds: machine.urn.apply(() => 2) } });
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
    ["what no host has", { name: "a", vm: {} } as object as { name: string }, "host"],
    ["a container", { name: "a", docker: {} }, "host.docker"],
    ["what another kind has", { name: "a", user: "me" } as object as { name: string }, "host"],
    ["an address that is none", { name: "a", address: "010.0.0.1" }, "host.address"],
  ] as const) {
    it(`refuses ${what}`, () => {
      const refused = (error: unknown) =>
        error instanceof InputError &&
        error.problems.some(({ propertyPath }) => propertyPath === path);
      assert.throws(() => new RedisNode("refused", { ...member, host }), refused);
      assert.throws(() => new Sentinel("refused", { ...member, host, masters: [] }), refused);
      assert.throws(() => new HostsEntries("refused", { host, entries }), refused);
      assert.throws(
        () =>
          new ZatoKvdbConfig("refused", { host, sentinels: ["a:1"], masterName: "m", node: "a:2" }),
        refused,
      );
    });
  }
});
