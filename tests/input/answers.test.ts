import assert from "node:assert/strict";
import { before, describe, it, mock } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { isOlder, parseServerVersion } from "../../components/redis/version.ts";
import { InputError } from "../../errors.ts";
import {
  answersIn,
  editIn,
  foundIn,
  leaderIn,
  processFacts,
  refusalIn,
  refuseDirectory,
  refuseFormer,
  refuseNames,
  refuseOthersPlace,
  refuseProgram,
  verificationIn,
} from "../../hosts/answers.ts";
import { markText, parseMark } from "../../hosts/mark.ts";
import { judgePause } from "../../hosts/pause.ts";
import { usableKey } from "../../hosts/ssh/connection.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";

// What a machine says is read as what it is, or refused in words that can be shown.

const keys = [
  ...["server", "version", "endpoint", "program", "populated", "instance", "paused", "changed"],
  ...["known", "verified", "unverified", "leader", "edited", "warned", "refused"],
].map((each) => `${each}.node1`);
const otherKeys = ["members", "scripts", "directory", "space_kib", "refused.former"];
const more = ["refused.names", "refused.program.x", "refused.parents", "__proto__", "constructor"];
/** Lines as a look prints them, one with any value; or anything at all. */
const said = fc.oneof(
  fc
    .array(fc.tuple(fc.constantFrom(...keys, ...otherKeys, ...more), text), { maxLength: 8 })
    .map((lines) => lines.map((each) => `${each.join(" ")}\n`).join("")),
  text,
);

/** @throws where it throws anything but a refusal that can be shown. */
function isRefused(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    assertShown(error.message);
    assert.ok(error.message.length < 100_000);
    return true;
  }
}

function assertShown(message: string): void {
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  assert.doesNotMatch(message, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028\ufeff]/);
}

describe("what a look brings home", () => {
  before(() => {
    for (const kind of ["info", "warn"] as const)
      mock.method(pulumi.log, kind, (message: string) => {
        assertShown(message);
        return Promise.resolve();
      });
  });

  it("is refused in words that can be shown, or has the form of an answer", async (t) => {
    await forAll(t, { always: hostileTexts, short: 1000, together: 100 }, said, (outputs) => {
      for (const output of outputs) {
        const answers = answersIn(output);
        isRefused(() => {
          refuseDirectory("redis1", "/a", "/a", refusalIn(answers, "node1"));
        });
        isRefused(() => {
          refuseFormer(answers, "redis1");
        });
        isRefused(() => {
          refuseNames(answers, "redis1");
        });
        isRefused(() => {
          refuseOthersPlace(answers, "redis1", "redis1");
        });
        isRefused(() => {
          refuseProgram(answers, "on redis1", "x", "/bin/x");
        });
        isRefused(() => editIn(answers, "node1", "hostsFile", "redis1"));
        for (const identity of [
          processFacts(answers, "node1").instance,
          verificationIn(answers, "node1"),
        ])
          assert.equal(typeof identity, "string");
        assert.equal(typeof leaderIn(answers, "node1"), "string");
        for (const { kind, name, host, address, place } of foundIn(answers).processes)
          for (const each of [kind, name, host, address, place])
            assert.equal(typeof each, "string");
      }
    });
  });

  it("has a value for no key that no line begins with", async (t) => {
    await forAll(t, { always: hostileTexts, short: 1000, together: 100 }, text, (outputs) => {
      for (const output of outputs) {
        const answers = answersIn(output);
        const begins = (key: string) =>
          output.split("\n").some((line) => line === key || line.startsWith(`${key} `));
        for (const key of [...keys, ...otherKeys, "toString", "constructor"])
          if (!begins(key))
            assert.equal(Object.hasOwn(answers, key) ? answers[key] : undefined, undefined);
        assert.equal(Object.getPrototypeOf(answers), Object.prototype);
      }
    });
  });

  it("puts a value of one key into no other, whatever is in it but a line's end", async (t) => {
    const value = text.map((each) => each.replaceAll("\n", " "));
    await forAll(t, { short: 1000, together: 100 }, value, (values) => {
      for (const each of values)
        assert.deepEqual(answersIn(`version.node1 ${each}\nserver.node1 a\n`), {
          "version.node1": each,
          "server.node1": "a",
          "": "",
        });
    });
  });
});

describe("single answers", () => {
  it("a version is numbers, and a line that is none is no version", async (t) => {
    const line = fc.oneof(
      text,
      fc.tuple(fc.constantFrom("Redis", "Valkey"), text).map(([a, b]) => `${a} server v=${b}`),
      fc.tuple(text, text).map(([a, b]) => `Redis server v=7.0.15${a} build=${b}`),
    );
    await forAll(t, { always: hostileTexts, short: 1000, together: 100 }, line, (lines) => {
      for (const each of lines) {
        const version = parseServerVersion(each);
        if (!version) continue;
        assert.match(version.label, /^(Redis|Valkey) \d+\.\d+\.\d+$/);
        assert.match(version.program, /^(Redis|Valkey) \d+\.\d+\.\d+(, build [0-9a-f]+)?$/);
        assert.ok(version.level.every((number) => number >= 0));
        assert.equal(isOlder(version.program, version.program), false);
        assert.equal(isOlder(each, version.program), false);
      }
    });
  });

  it("the mark of a pause is shown on one line, whoever wrote it", async (t) => {
    await forAll(t, { always: hostileTexts, short: 1000, together: 100 }, text, (lines) => {
      for (const each of lines) {
        const mark = parseMark(each);
        if (mark) assertShown(markText(mark).replaceAll("\n", "\u0000"));
        const { paused, refused } = judgePause([{ what: "node1", isWell: true, paused: each }]);
        assert.equal(paused === undefined, each === "");
        assertShown((paused ?? "").replaceAll("\n", "\u0000") + (refused ?? ""));
      }
    });
  });

  it("a key of a machine is one of those that it shows, and of a type that can be asked for", async (t) => {
    const type = fc.constantFrom("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa", "ssh-dss");
    const shown = fc.array(
      fc.oneof(
        text,
        fc.tuple(type, text).map((each) => each.join(" ")),
      ),
      { maxLength: 4 },
    );
    await forAll(t, { short: 1000, together: 100 }, shown, (lists) => {
      for (const list of lists) {
        const key = usableKey(list);
        if (key === undefined) continue;
        assert.ok(list.includes(key));
        assert.match(key, /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) /);
      }
    });
  });
});
