import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rules } from "../../policy/rules.mjs";
import { judgeVersion, lines } from "../../policy/versions.mjs";

// Each rule, as a function of what a component has in the state.

interface Component {
  type: string;
  props: Record<string, unknown>;
}

const members = (kind: string, ...addresses: (string | undefined)[]) =>
  addresses.map((address, index) => ({
    name: `${kind}${index + 1}`,
    host: `redis${index + 1}`,
    port: 1,
    address,
  }));
const apart = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const nodes = members("node", ...apart);
const sentinels = members("sentinel", ...apart);
const common = { nodes, sentinels, port: 1 };
const master = { name: "m", quorum: 2 };

const sentinel = (args: object, version = "Redis 8.2.9"): Component => ({
  type: "redis-ha:index:Sentinel",
  props: { version, args: { ...common, sentinelName: "sentinel1", masters: [master], ...args } },
});
const node = (args: object, version = "Redis 8.2.9"): Component => ({
  type: "redis-ha:index:RedisNode",
  props: { version, args: { ...common, nodeName: "node1", ...args } },
});
const whole = (args: object): Component => ({ type: "redis-ha:index:RedisHa", props: { args } });
const image = whole({ hosts: { redis1: { docker: {} } } });
const archive = whole({ hosts: { redis1: { ssh: {} } }, ssh: { redisTarball: "/a" } });
const packages = whole({ hosts: { redis1: { ssh: {} } } });

const one = members("sentinel", "127.0.0.1", "127.0.0.2", "127.0.0.3");
const crowded = members("sentinel", ...apart, "10.0.0.1", "10.0.0.1");

/** What is looked at, what else there is, and whether the rule is broken. */
const cases: Record<string, [what: string, Component, Component[], RegExp | undefined][]> = {
  "quorum-is-a-majority": [
    ["two of three", sentinel({}), [], undefined],
    ["one of three", sentinel({ masters: [{ ...master, quorum: 1 }] }), [], /a majority of 3/],
    ["four of three", sentinel({ masters: [{ ...master, quorum: 4 }] }), [], /a majority of 3/],
    ["not known yet", sentinel({ masters: [{ name: "m" }] }), [], undefined],
    ["two sentinels", sentinel({ sentinels: sentinels.slice(1) }), [], /one of 2 sentinels/],
    ["no sentinel", node({ sentinels: [] }), [], undefined],
  ],
  "three-failure-domains": [
    ["three machines", sentinel({}), [], undefined],
    ["one machine, three names", sentinel({ sentinels: one }), [], /on 1 machine/],
    ["three of five together", sentinel({ sentinels: crowded }), [], /half.*10\.0\.0\.1/],
    ["nodes on one", sentinel({ nodes: members("node", "10.0.0.1", "10.0.0.1") }), [], /all nodes/],
    ["not known yet", sentinel({ sentinels: members("s", undefined) }), [], undefined],
  ],
  "not-open-without-passwords": [
    ["not asked for", node({}), [], undefined],
    ["asked for", node({ openWithoutPasswords: true }), [], /no passwords/],
    ["a sentinel", sentinel({ openWithoutPasswords: true }), [], /no passwords/],
    [
      "asked for and not used",
      node({ openWithoutPasswords: true, nodes: one, sentinels: one }),
      [],
      undefined,
    ],
    [
      "by what it listens on",
      node({ openWithoutPasswords: true, nodes: one, sentinels: one, bind: "0.0.0.0" }),
      [],
      /no passwords/,
    ],
  ],
  "host-keys-are-checked": [
    ["checked", whole({ ssh: {}, hosts: { a: { ssh: { hostKey: "SHA256:x" } } } }), [], undefined],
    ["of one", whole({ hosts: { a: { ssh: { hostKey: "unchecked" } } } }), [], /hosts\.a\.ssh/],
    ["of the bastion", whole({ ssh: { bastion: { hostKey: "unchecked" } } }), [], /ssh\.bastion/],
  ],
  "writes-are-kept": [
    ["by default", node({}), [], undefined],
    ["turned off", node({ appendOnly: false }), [], /appendOnly/],
  ],
  "versions-are-mended": [
    ["a mended image", node({}), [image], undefined],
    ["an image with a fault", node({}, "Redis 8.2.8"), [image], /8\.2\.9 mends.*CVE-2026-81934/],
    ["an archive with a fault", sentinel({}, "Valkey 9.1.1"), [archive], /9\.1\.2 mends/],
    ["a line that is mended no more", node({}, "Redis 8.0.2"), [image], /mended no more/],
    ["a package", node({}, "Redis 7.0.15"), [packages], undefined],
    ["not known yet", { ...node({}), props: { args: {} } }, [image], undefined],
  ],
  "versions-are-known": [
    ["a mended image", node({}), [image], undefined],
    ["a package", node({}, "Redis 7.0.15"), [packages], /unless its distribution has mended it/],
    ["newer than the table", node({}, "Redis 99.0.0"), [image], /newer than what is known/],
    ["a line of which nothing is known", node({}, "Valkey 8.0.1"), [image], /is not known here/],
    ["no version", node({}, "KeyDB 6.3.4"), [image], /no version that is known/],
  ],
};

describe("the rules of the policy pack", () => {
  for (const { name, broken } of rules)
    for (const [what, component, others, expected] of cases[name] ?? [])
      it(`${name}: ${what}`, () => {
        const words = broken(component, [component, ...others]).join("\n");
        if (expected) assert.match(words, expected);
        else assert.equal(words, "");
      });

  it("have a case that breaks them, each, and one that does not", () => {
    for (const { name } of rules) {
      const expected = (cases[name] ?? []).map(([, , , said]) => said !== undefined);
      assert.deepEqual([expected.includes(true), expected.includes(false)], [true, true], name);
    }
  });
});

describe("the table of versions", () => {
  it("has a source and a date for everything in it", () => {
    for (const line of Object.values(lines).flatMap((each) => Object.values(each))) {
      assert.match(line.date, /^20\d\d-[01]\d-[0-3]\d$/);
      assert.ok(line.source.length > 5);
    }
  });
  it("knows that 8.10 comes after 8.8", () => {
    assert.equal(judgeVersion("Redis 8.10.1").verdict, "mended");
    assert.equal(judgeVersion("Redis 8.11.0").verdict, "unknown");
    assert.equal(judgeVersion("Redis 8.9.0").verdict, "unmaintained");
  });
});
