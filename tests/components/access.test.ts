import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, describe, it } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { checkAccess } from "../../components/access.ts";
import { RedisHa } from "../../components/redisHa.ts";
import type { RedisHaArgs } from "../../components/redisHaArgs.ts";
import {
  nodeCredentials,
  passwordFor,
  passwordsFrom,
  sentinelCredentials,
} from "../../components/redis/credentials.ts";
import { channelRule, commandRule, matches, patternRule } from "../../components/redis/rights.ts";
import { nodeUsers, sentinelUsers } from "../../components/redis/users.ts";
import { parseServerVersion, type ServerVersion } from "../../components/redis/version.ts";
import { InputError } from "../../errors.ts";
import { registered, useMocks, valueOf } from "../support/mocks.ts";
import { secretsIn } from "../support/secrets.ts";

const version = (number: string) =>
  parseServerVersion(`Redis server v=${number} sha=0`) as ServerVersion;
const hash = (password: string) => `#${createHash("sha256").update(password).digest("hex")}`;

describe("what an application may be given", () => {
  // stringmatchlen, util.c. A set of characters may be taken for more than it is.
  for (const [pattern, text, expected] of [
    ["*", "__sentinel__:hello", true],
    ["__sentinel__:hello", "__sentinel__:hello", true],
    ["__sentinel__:*", "__sentinel__:hello", true],
    ["_*", "__sentinel__:hello", true],
    ["*hello", "__sentinel__:hello", true],
    ["*e*", "__sentinel__:hello", true],
    ["**", "__sentinel__:hello", true],
    ["__sentinel__?hello", "__sentinel__:hello", true],
    ["__sentinel__[:;]hello", "__sentinel__:hello", true],
    ["[^a]_sentinel__:hello", "__sentinel__:hello", true],
    ["__sentinel__:[", "__sentinel__:hello", true],
    ["[]*", "__sentinel__:hello", true],
    ["news:*", "__sentinel__:hello", false],
    ["__sentinel__:hell", "__sentinel__:hello", false],
    ["__sentinel__:hello?", "__sentinel__:hello", false],
    ["__SENTINEL__:HELLO", "__sentinel__:hello", false],
    ["__sentinel__.hello", "__sentinel__:hello", false],
    ["[a-z]ews", "__sentinel__:hello", false],
    ["a.c", "abc", false],
    ["(a|b)+", "a", false],
  ] as const)
    it(`${pattern} ${expected ? "matches" : "does not match"} ${text}`, () => {
      assert.equal(matches(pattern, text), expected);
    });

  for (const [rules, allowed, refused] of [
    [
      patternRule,
      ["*", "sessions:*", "a[bc]?", "{user1}:*"],
      ["", "~*", "%R~a", "a b", 'a"', "a'", "a\\*", "é", "a\n"],
    ],
    [channelRule, ["news:*", "a"], ["*", "&news", "__sentinel__:hello", "_*", "news *"]],
    [
      commandRule,
      [
        "+get",
        "-set",
        "+@read",
        "-@write",
        "+client2|id",
        "+keys",
        "+flushdb",
        "+json.get",
        "+@json",
      ],
      [
        "get",
        "+",
        "+@all",
        "+@admin",
        "+@dangerous",
        "allcommands",
        "+config",
        "+config|get",
        "+acl",
        "+shutdown",
        "+client|kill",
        "+replicaof",
        "+GET",
        "+get +set",
        "(+get)",
        "+@nothing",
        "on",
        ">password",
        "nopass",
        "&*",
        "~*",
        "reset",
      ],
    ],
  ] as const)
    it(`${allowed.join(" ")}, and nothing else`, () => {
      assert.deepEqual(
        allowed.filter((text) => !rules[0](text)),
        [],
      );
      assert.deepEqual(
        refused.filter((text) => rules[0](text)),
        [],
      );
    });
});

describe("the files of users", () => {
  const passwords = passwordsFrom("a secret");

  it("have a user for each who has to log in, and passwords only as the servers compare them", () => {
    const lines = nodeUsers(passwords.nodes, [
      { name: "app", password: "of the application" },
      {
        name: "reader",
        password: "of the reader",
        formerPassword: "of the reader before",
        keys: ["a:*", "b:*"],
        channels: ["news:*"],
        commands: ["+@read", "+keys", "-@blocking", "-get"],
      },
    ]).split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(" ").slice(0, 3).join(" ")),
      [
        "user default off",
        "user pulumi-redis-ha on",
        "user pulumi-redis-ha-replication on",
        "user pulumi-redis-ha-sentinel on",
        "user app on",
        "user reader on",
        "",
      ],
    );
    assert.equal(
      lines[4],
      `user app on ${hash("of the application")} resetkeys ~* resetchannels -@all +@read +@write +@connection +@transaction +@scripting +@pubsub -@dangerous +info +wait -@admin +client|setname +client|getname +client|id`,
    );
    // Categories first, so that none brings what is dangerous.
    assert.equal(
      lines[5],
      `user reader on ${hash("of the reader")} ${hash("of the reader before")} resetkeys ~a:* ~b:* resetchannels &news:* -@all +@read -@blocking -@dangerous +keys -get -@admin +client|setname +client|getname +client|id`,
    );
    assert.ok(lines[3]?.includes(` ${hash(passwords.nodes.sentinel)} `));
    for (const file of [
      nodeUsers(passwords.nodes, []),
      sentinelUsers(passwords.sentinels, version("7.0.15")),
    ])
      assert.deepEqual(secretsIn(file, { ...passwords.nodes, ...passwords.sentinels }), []);
  });

  it("let anybody ask a sentinel, in the words that its version has", () => {
    const [anybody = ""] = sentinelUsers(passwords.sentinels, version("7.0.15")).split("\n");
    assert.match(anybody, /^user default on nopass .* -@all .*\+sentinel\|get-master-addr-by-name/);
    assert.doesNotMatch(
      anybody,
      /\+(?:publish|sentinel|acl|shutdown)\b(?!\|)|setinfo|failover|&\*/,
    );
    assert.match(sentinelUsers(passwords.sentinels, version("7.2.0")), /\+client\|setinfo/);
  });

  it("come out of one secret, each password another one", () => {
    const all = [
      ...Object.values(passwords.nodes),
      ...Object.values(passwords.sentinels),
      passwordFor("a secret", "application app"),
    ];
    assert.equal(new Set(all).size, 6);
    for (const password of all) assert.match(password, /^[0-9a-f]{48}$/);
    assert.deepEqual(passwordsFrom("a secret"), passwords);
    assert.notEqual(passwordsFrom("another").nodes.replication, passwords.nodes.replication);
    assert.match(nodeCredentials(passwords), /^replication_password=/m);
    assert.doesNotMatch(nodeCredentials(passwords), /^(watching|peer)_/m);
    assert.doesNotMatch(sentinelCredentials(passwords), /^replication_/m);
  });
});

describe("users with passwords", () => {
  before(() => useMocks());
  const auth = { enabled: true, applications: { app: {} } };

  for (const [what, args, path, said] of [
    [
      "applications without users",
      { auth: { applications: { app: {} } } },
      "auth.enabled",
      /false is not allowed: true where/,
    ],
    [
      "a short password",
      { auth: { enabled: true, applications: { app: { password: "tooshort" } } } },
      "auth.applications.app.password",
      /\(not shown\)" is not allowed: 16 to 256/,
    ],
    [
      "a short former password",
      { auth: { enabled: true, applications: { app: { formerPassword: "tooshort" } } } },
      "auth.applications.app.formerPassword",
      /\(not shown\)" is not allowed: 16 to 256/,
    ],
    [
      "the sentinels' channel",
      { auth: { enabled: true, applications: { app: { channels: ["_*"] } } } },
      "auth.applications.app.channels[0]",
      /__sentinel__:hello/,
    ],
    [
      "a command that administers",
      { auth: { enabled: true, applications: { app: { commands: ["+config|set"] } } } },
      "auth.applications.app.commands[0]",
      /administers nothing/,
    ],
    [
      "a name of the stack's own",
      { auth: { enabled: true, applications: { "pulumi-redis-ha-x": {} } } },
      "auth.applications.pulumi-redis-ha-x",
      /as a user's name/,
    ],
    [
      "the user that is off",
      { auth: { enabled: true, applications: { default: {} } } },
      "auth.applications.default",
      /not default/,
    ],
    [
      "Zato's servers",
      { auth, zato: { serverConfs: ["/a/server.conf"] } },
      "auth.enabled",
      /true is not allowed: false together with `zato.serverConfs`/,
    ],
    [
      "Zato's environments",
      { auth, zato: { environments: ["/a"] } },
      "auth.enabled",
      /true is not allowed: false together with `zato.environments`/,
    ],
    [
      "a password among the directives",
      { redis: { directives: { requirepass: "the password" } } },
      "redis.directives.requirepass",
      /^not allowed: set `auth`/,
    ],
  ] as [string, RedisHaArgs, string, RegExp][])
    it(`are refused with ${what}`, () => {
      assert.throws(
        () => new RedisHa("refused", args),
        (error: unknown) => {
          assert.ok(error instanceof InputError);
          const found = error.problems.find(({ propertyPath }) => propertyPath === path);
          assert.match(found?.reason ?? error.message, said);
          assert.doesNotMatch(error.message, /tooshort|the password/);
          return true;
        },
      );
    });

  for (const [what, wanted, facts, number, said] of [
    ["nothing is there", true, { endpoint: "", auth: false }, "7.0.15", undefined],
    ["it has users", true, { endpoint: "redis1:1", auth: true }, "7.0.15", undefined],
    [
      "it has none, and is to have none",
      false,
      { endpoint: "redis1:1", auth: false },
      "2.8.19",
      undefined,
    ],
    [
      "it has none",
      true,
      { endpoint: "redis1:1", auth: false },
      "7.0.15",
      /true is not allowed: node1 was created without users/,
    ],
    [
      "it is to lose them",
      false,
      { endpoint: "redis1:1", auth: true },
      "7.0.15",
      /false is not allowed: node1 was created with users/,
    ],
    [
      "its server is too old",
      true,
      { endpoint: "", auth: false },
      "6.0.16",
      /redis1 has Redis 6\.0\.16; allowed is Redis 6\.2 or newer/,
    ],
  ] as const)
    it(`where ${what}: ${said ? "refused" : "taken"}`, () => {
      const check = () => {
        checkAccess(wanted, "node1", "redis1", facts, version(number));
      };
      if (said) assert.throws(check, said);
      else check();
    });

  it("leave no password that could be read in the state or in a preview, and come out as secrets", async () => {
    registered.length = 0;
    const given = "a password that was given";
    const former = "a-password-that-it-had-before";
    const { connection, administration } = new RedisHa("secret", {
      auth: {
        enabled: true,
        applications: {
          app: {},
          other: { password: given.replaceAll(" ", "-"), formerPassword: former },
        },
      },
    });
    assert.ok(connection && administration);
    assert.ok(await pulumi.isSecret(connection));
    assert.ok(await pulumi.isSecret(administration));
    const [{ app, other }, { nodes, sentinels }] = [
      await valueOf(connection),
      await valueOf(administration),
    ];
    assert.match(
      app?.url ?? "",
      /^redis-sentinel:\/\/app:[0-9a-f]{48}@redis1:16355,redis2:26355,redis3:36355\/0#redis-ha$/,
    );
    while (!registered.some(({ name }) => name === "secret-verified"))
      await new Promise((resolve) => setTimeout(resolve, 10));
    const secrets = {
      app: app?.password ?? "",
      other: other?.password ?? "",
      former,
      nodes: nodes.password,
      sentinels: sentinels.password,
    };
    // As the SDK passes a secret on: an object with a signature of its own, and the value.
    const signature = "1b47061264138c4ac30d75fd1eb44270";
    const open = (value: unknown): unknown =>
      typeof value !== "object" || value === null
        ? value
        : Object.values(value).includes(signature)
          ? "a secret"
          : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, open(each)]));
    const holding = registered.filter(
      ({ inputs }) => secretsIn(JSON.stringify(inputs), secrets).length > 0,
    );
    assert.equal(holding.filter(({ name }) => name.endsWith("-process")).length, 6);
    assert.deepEqual(
      holding
        .filter(({ inputs }) => secretsIn(JSON.stringify(open(inputs)), secrets).length > 0)
        .map(({ name }) => name),
      [],
    );
  });
});
