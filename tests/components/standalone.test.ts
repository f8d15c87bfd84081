import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { HostsEntries, RedisNode, Sentinel, ZatoKvdbConfig } from "../../components/index.ts";
import { InputError } from "../../errors.ts";
import { LocalHost } from "../../hosts/localHost.ts";
import { hostileTexts } from "../support/hostile.ts";
import { useMocks } from "../support/mocks.ts";

// A component that stands on its own is given piece by piece what RedisHa checks as a whole: no
// hostile text gets through it into a configuration file, a list in shell text, or a command.

const member = { name: "node1", host: "redis1", port: 1, address: "127.0.0.1" };
const master = {
  name: "m",
  initialMaster: "node1",
  quorum: 1,
  downAfterMilliseconds: 1,
  parallelSyncs: 1,
  failoverTimeoutMilliseconds: 1,
};
const common = { port: 1, nodes: [member], sentinels: [], openWithoutPasswords: true };
const node = { ...common, masterName: "m", initialMaster: "node1" };
const sentinel = { ...common, masters: [master] };
const zato = { sentinels: ["redis1:1"], masterName: "m", node: "redis1:2" };

/** What a text is given as, and what of the hostile ones is nothing but a plain word there. */
const fields: Record<string, readonly [make: (text: string, host: LocalHost) => unknown, RegExp?]> =
  {
    "the name of a node's master": [
      (text, host) => new RedisNode("a", { ...node, host, masterName: text }),
      /^(constructor|END|EOF)$/,
    ],
    "the first master of a node": [
      (text, host) => new RedisNode("a", { ...node, host, initialMaster: text }),
      /^(constructor|END|EOF|None)$/,
    ],
    "what a node listens on": [
      (text, host) => new RedisNode("a", { ...node, host, bind: text }),
      /^[A-Za-z0-9_.:*%-]+( [A-Za-z0-9_.:*%-]+)*$/,
    ],
    "a node's server": [
      (text, host) => new RedisNode("a", { ...node, host, serverBinary: text }),
      /^[A-Za-z0-9._+][A-Za-z0-9._+-]*$|^\/etc\/shadow$/,
    ],
    "a node's client": [
      (text, host) => new RedisNode("a", { ...node, host, cliBinary: text }),
      /^[A-Za-z0-9._+][A-Za-z0-9._+-]*$|^\/etc\/shadow$/,
    ],
    "what a sentinel listens on": [
      (text, host) => new Sentinel("a", { ...sentinel, host, bind: text }),
      /^[A-Za-z0-9_.:*%-]+( [A-Za-z0-9_.:*%-]+)*$/,
    ],
    "the first master that a sentinel is told": [
      (text, host) =>
        new Sentinel("a", { ...sentinel, host, masters: [{ ...master, initialMaster: text }] }),
      /^(constructor|END|EOF|None)$/,
    ],
    "what a sentinel forgets": [
      (text, host) => new Sentinel("a", { ...sentinel, host, forget: [text] }),
    ],
    ...Object.fromEntries(
      (["name", "host", "address"] as const).map((field) => [
        `${field} of another node`,
        [
          (text: string, host: LocalHost) =>
            new RedisNode("a", { ...node, host, nodes: [{ ...member, [field]: text }] }),
          field === "host" ? /^[A-Za-z0-9_-]+$/ : /^[A-Za-z0-9]+$/,
        ] as const,
      ]),
    ),
    "Zato's sentinels": [
      (text, host) => new ZatoKvdbConfig("a", { ...zato, host, sentinels: [text] }),
    ],
    "the name of Zato's master": [
      (text, host) => new ZatoKvdbConfig("a", { ...zato, host, masterName: text }),
      /^(constructor|END|EOF)$/,
    ],
    "Zato's node": [(text, host) => new ZatoKvdbConfig("a", { ...zato, host, node: text })],
    "a server.conf of Zato": [
      (text, host) => new ZatoKvdbConfig("a", { ...zato, host, serverConfs: [text] }),
      /^\/etc\/shadow$/,
    ],
    "a scheduler.conf of Zato": [
      (text, host) => new ZatoKvdbConfig("a", { ...zato, host, schedulerConfs: [text] }),
      /^\/etc\/shadow$/,
    ],
    "an environment of Zato": [
      (text, host) => new ZatoKvdbConfig("a", { ...zato, host, environments: [text] }),
      /^\/etc\/shadow$/,
    ],
    "a version of Zato": [
      (text, host) => new ZatoKvdbConfig("a", { ...zato, host, version: text }),
    ],
    "a name in a hosts file": [
      (text, host) => new HostsEntries("a", { host, entries: { [text]: "127.0.0.1" } }),
      /^[A-Za-z0-9_-]+$/,
    ],
    "an address in a hosts file": [
      (text, host) => new HostsEntries("a", { host, entries: { redis1: text } }),
      /^::1$/,
    ],
    "a hosts file": [
      (text, host) => new HostsEntries("a", { host, entries: { a: "127.0.0.1" }, file: text }),
      /^\/etc\/shadow$/,
    ],
    "the name of a host": [(text) => new LocalHost("a", text), /^[A-Za-z0-9_-]+$/],
    "a host's directory": [
      (text) => new LocalHost("a", "redis1", { directory: text }),
      /^\/etc\/shadow$/,
    ],
  };

describe("a hostile text is refused before anything is touched", () => {
  before(() => useMocks());

  for (const [what, [make, plain = /^$/]] of Object.entries(fields))
    it(what, () => {
      const host = new LocalHost("here", "redis1");
      const taken = hostileTexts.filter((text) => {
        try {
          make(text, host);
          return true;
        } catch (error) {
          assert.ok(error instanceof InputError, `${JSON.stringify(text)}: ${String(error)}`);
          return false;
        }
      });
      assert.deepEqual(
        taken.filter((text) => !plain.test(text) && text.length < 5000),
        [],
      );
    });

  it("a host may have the name of what every object has", async () => {
    const { deployment } = new LocalHost("other", "redis1");
    for (const name of ["constructor", "__proto__"]) {
      const former = deployment.former(name, undefined, () => "/own");
      assert.equal(await new Promise((resolve) => former.apply(resolve)), "");
    }
  });
});
