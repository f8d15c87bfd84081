import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Login, overSsh, usableKey } from "../../../hosts/ssh/connection.ts";
import {
  type KeyType,
  makeNetwork,
  NamespaceMachine,
  privateKeyFile,
} from "../../support/ssh/namespaces.ts";

/**
 * What the look says of host keys, against a real sshd: which one the command plugin is given, or
 * why none.
 */
describe(
  "the host key for the command plugin, which can't ask for RSA",
  { timeout: 2_400_000 },
  () => {
    const machine = new NamespaceMachine("machine", 1);
    const jump = new NamespaceMachine("jump", 2);
    before(async () => {
      await makeNetwork();
      for (const each of [machine, jump]) await each.make();
    });
    after(async () => {
      for (const each of [machine, jump]) await each.off();
    });

    const line = (type: KeyType, of = machine) =>
      readFileSync(join(of.directory, `${type}.pub`), "utf8")
        .split(" ")
        .slice(0, 2)
        .join(" ");
    const look = (hostKey: string, bastion?: Login) => {
      const text = overSsh(
        { address: machine.address, privateKeyFile, hostKey },
        bastion,
        "echo looked 1\n",
      );
      const said = execFileSync("sh", { input: text, encoding: "utf8" });
      const of = (key: string) =>
        new RegExp(`^${key} (.*)$`, "m").exec(said)?.[1]?.replaceAll("\u001f", "\n");
      return {
        refused: of("refused.type.target"),
        bastion: of("refused.type.bastion"),
        key: usableKey(of("keys.target")?.split("\n") ?? []),
        said,
      };
    };

    for (const [shown, given, wanted] of [
      [["ed25519", "ecdsa", "rsa"], "ed25519", "ecdsa"],
      [["rsa", "ed25519"], "ed25519", "ed25519"],
      // The server proves, in the connection of the look, to have the other one as well.
      [["rsa", "ed25519"], "rsa", "ed25519"],
      [["rsa"], "rsa", undefined],
      [["ed25519"], "ed25519", "ed25519"],
    ] as const) {
      for (const form of ["fingerprint", "key line"] as const) {
        it(`of ${shown.join(", ")}, known by the ${form} of ${given}: ${wanted ?? "refused"}`, async () => {
          await machine.show(...shown);
          const { refused, key, said } = look(
            form === "fingerprint" ? await machine.fingerprintOf(given) : line(given),
          );
          assert.match(said, /^looked 1$/m);
          assert.equal(key, wanted && line(wanted));
          assert.equal(refused, wanted ? undefined : `${await machine.fingerprintOf("rsa")} (RSA)`);
        });
      }
    }

    it("asks nothing of one that is not checked", async () => {
      await machine.show("rsa");
      const { refused, key } = look("unchecked");
      assert.deepEqual([refused, key], [undefined, undefined]);
    });

    it("is the same for a bastion", async () => {
      await machine.show("rsa", "ed25519");
      await jump.show("rsa");
      const bastion = {
        address: jump.address,
        privateKeyFile,
        hostKey: await jump.fingerprintOf("rsa"),
      };
      assert.equal(look(machine.fingerprint, bastion).bastion, `${bastion.hostKey} (RSA)`);
      await jump.show("rsa", "ed25519");
      const { refused, bastion: of, key } = look(await machine.fingerprintOf("rsa"), bastion);
      assert.deepEqual([refused, of, key], [undefined, undefined, line("ed25519")]);
    });
  },
);
