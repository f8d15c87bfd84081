import assert from "node:assert/strict";
import { before, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { RedisHa } from "../../components/index.ts";
import { hostScripts } from "../../hosts/installation.ts";
import { installationHere } from "../../hosts/installationHere.ts";
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
  const stdin = (host: string) => String(find(`${host}-scripts`)?.inputs.stdin);
  const edits = ["hosts-entries.sh", "kvdb.sh"];
  for (const script of ["host.sh", "lifecycle.sh", ...edits])
    assert.ok(hostScripts.includes(script), script);
  assert.ok(stdin("here-redis1").includes(installationHere(hostScripts)?.locate ?? "no cache"));
  const [, packed = ""] = /printf %s (\S+) \| base64 -d/.exec(stdin("there-redis2")) ?? [];
  const text = gunzipSync(Buffer.from(packed, "base64")).toString();
  for (const script of [...hostScripts, "kernel.sh", "services.sh", "firewall.sh"])
    assert.match(text, new RegExp(`^put ${script} `, "m"), script);
});
