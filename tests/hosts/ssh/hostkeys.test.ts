import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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
    const look = (hostKey: string, bastion?: Login, kept?: string, path = process.env.PATH) => {
      const text = overSsh(
        { address: machine.address, privateKeyFile, hostKey },
        bastion,
        "echo looked 1\n",
        kept,
      );
      const env = { ...process.env, PATH: path };
      const said = execFileSync("sh", { input: text, encoding: "utf8", env });
      const of = (key: string) =>
        new RegExp(`^${key} (.*)$`, "m").exec(said)?.[1]?.replaceAll("\u001f", "\n");
      return {
        refused: of("refused.type.target"),
        bastion: of("refused.type.bastion"),
        key: usableKey(of("keys.target")?.split("\n") ?? []),
        other: of("refused.key.target"),
        said,
      };
    };
    const trial = (work: (directory: string) => Promise<void>) => async () => {
      const directory = mkdtempSync(join(tmpdir(), "prh-kept-"));
      try {
        await work(directory);
      } finally {
        rmSync(directory, { recursive: true });
      }
    };
    /** A PATH on which nobody can be asked for a key without logging in. */
    const withoutScan = (directory: string) => {
      writeFileSync(join(directory, "ssh-keyscan"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
      return `${directory}:${process.env.PATH}`;
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

    it(
      "found for a fingerprint is kept, and need not be asked for again",
      trial(async (directory) => {
        await machine.show("ed25519", "ecdsa");
        const kept = join(directory, "host-keys");
        const path = withoutScan(directory);
        assert.match(
          look(machine.fingerprint, undefined, kept, path).said,
          /^refused\.connection/m,
        );
        assert.ok(!existsSync(kept));
        look(machine.fingerprint, undefined, kept);
        assert.deepEqual(
          readdirSync(kept).map((name) => readFileSync(join(kept, name), "utf8")),
          [`${line("ed25519")}\n`],
        );
        const { said, key } = look(machine.fingerprint, undefined, kept, path);
        assert.match(said, /^looked 1$/m);
        assert.equal(key, line("ecdsa"));
      }),
    );

    it(
      "kept, and of another fingerprint than its name says, is nobody's",
      trial(async (directory) => {
        await machine.show("ed25519");
        writeFileSync(
          join(directory, machine.fingerprint.replaceAll("/", "_")),
          `${line("ed25519", jump)}\n`,
        );
        const { said, key } = look(machine.fingerprint, undefined, directory);
        assert.match(said, /^looked 1$/m);
        assert.equal(key, line("ed25519"));
      }),
    );

    it(
      "kept, and no longer shown: refused, with those that are shown",
      trial(async (directory) => {
        await machine.show("ed25519");
        look(machine.fingerprint, undefined, directory);
        await machine.show("ecdsa");
        const { said, other } = look(machine.fingerprint, undefined, directory);
        assert.doesNotMatch(said, /^looked 1$/m);
        assert.equal(
          other,
          `wanted ${machine.fingerprint}\n${await machine.fingerprintOf("ecdsa")} (ECDSA)`,
        );
      }),
    );

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
