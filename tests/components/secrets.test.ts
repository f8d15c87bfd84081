import assert from "node:assert/strict";
import { before, it } from "node:test";
import { secrets } from "../../components/given.ts";
import * as pulumi from "@pulumi/pulumi";
import { valueToLookWith } from "../../hosts/sdk.ts";
import { RedisHa } from "../../components/index.ts";
import { redisHaFields } from "../../components/redisHaArgs.ts";
import { secretNames } from "../../fields.ts";
import { registered, useMocks } from "../support/mocks.ts";

before(() => useMocks());

it(
  "no private key is readable in the state, also where a program gives one as a plain text",
  { timeout: 60_000 },
  async () => {
    registered.length = 0;
    const key = (name: string) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${name}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const bastion = { address: "10.0.0.9", privateKey: key("door") };
    const hosts = Object.fromEntries(
      [1, 2, 3].map((number) => [
        `redis${number}`,
        { address: `10.0.0.${number}`, ssh: { privateKey: key("own"), bastion } },
      ]),
    );
    new RedisHa("unreadable", { hosts, openWithoutPasswords: true });
    while (!registered.some(({ name }) => name === "unreadable-verified"))
      await new Promise((resolve) => setTimeout(resolve, 10));
    // As the SDK passes a secret on: an object with a signature of its own, and the value.
    const secret = "1b47061264138c4ac30d75fd1eb44270";
    const readable = (value: unknown): boolean => {
      if (typeof value === "string") return value.includes("PRIVATE KEY");
      if (typeof value !== "object" || value === null) return false;
      return !Object.values(value).includes(secret) && Object.values(value).some(readable);
    };
    const withKeys = registered.filter(({ inputs }) =>
      JSON.stringify(inputs).includes("PRIVATE KEY"),
    );
    assert.ok(withKeys.some(({ name }) => name === "unreadable-redis1-place"));
    assert.deepEqual(
      withKeys.filter(({ inputs }) => readable(inputs)).map(({ name }) => name),
      [],
    );
  },
);

it("every argument that is declared a secret is one in what the state has of the arguments", () => {
  assert.deepEqual(secrets, secretNames(redisHaFields));
  assert.ok(secrets.has("privateKey"));
});

it("what a look is made of stays a secret in an update", async () => {
  assert.equal(pulumi.runtime.isDryRun(), false);
  assert.ok(await pulumi.isSecret(valueToLookWith(pulumi.secret("a private key"))));
});
