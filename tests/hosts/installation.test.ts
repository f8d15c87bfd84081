import assert from "node:assert/strict";
import { before, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { RedisHa } from "../../components/index.ts";
import { registered, useMocks } from "../support/mocks.ts";

before(() => useMocks());

it("a machine gets the scripts of all edits, also where nothing asks for one: those of a lost directory are taken back by them", async () => {
  new RedisHa("here", { hostsEntries: false });
  const hosts = Object.fromEntries(
    [1, 2, 3].map((number) => [
      `redis${number}`,
      { address: `10.0.0.${number}`, ssh: { hostKey: "unchecked" } },
    ]),
  );
  new RedisHa("there", { hosts, openWithoutPasswords: true, hostsEntries: false });
  const find = (name: string) => registered.find((each) => each.name === name);
  while (!find("here-verified") || !find("there-verified"))
    await new Promise((resolve) => setTimeout(resolve, 10));
  for (const [host, more] of [
    ["here-redis1", []],
    ["there-redis2", ["kernel.sh", "services.sh", "firewall.sh"]],
  ] as const) {
    const { stdin } = find(`${host}-scripts`)?.inputs as { stdin: string };
    const [, packed = ""] = /printf %s (\S+) \| base64 -d/.exec(stdin) ?? [];
    const text = gunzipSync(Buffer.from(packed, "base64")).toString();
    for (const script of ["host.sh", "lifecycle.sh", "hosts-entries.sh", "kvdb.sh", ...more])
      assert.match(text, new RegExp(`^put ${script} `, "m"), `${host} ${script}`);
  }
});
