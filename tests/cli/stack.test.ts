import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CliError, parseArguments } from "../../cli/program.ts";
import { backendDirectory, judgeLock, parseLock, programOf } from "../../cli/stack/locks.ts";
import { parseOutputs } from "../../cli/stack/outputs.ts";
import { endpointAt } from "../../topology/endpoints.ts";
import { summaryOf } from "../../cli/stack/summary.ts";
import { withoutSalt, withSaltOf } from "../../cli/stack/settings.ts";

describe("arguments", () => {
  test("a stack and switches, in any order", () => {
    assert.deepEqual(parseArguments(["prod", "--json"], ["json"], "U"), {
      stack: "prod",
      options: { json: true },
    });
    assert.deepEqual(parseArguments([], ["json"], "U"), {
      stack: undefined,
      options: { json: false },
    });
  });
  const refused: readonly (readonly [string[], RegExp, number])[] = [
    [["--yes"], /--yes/, 2],
    [["a", "b"], /One stack at a time: a, b/, 2],
    [[""], /empty/, 2],
    [["--json=1"], /json/, 2],
    [["--help"], /^Usage/, 0],
  ];
  for (const [args, message, exitStatus] of refused) {
    test(`refused: ${JSON.stringify(args)}`, () => {
      assert.throws(
        () => parseArguments(args, ["json"], "Usage"),
        (error: unknown) =>
          error instanceof CliError &&
          message.test(error.message) &&
          error.exitStatus === exitStatus,
      );
    });
  }
});

describe("locks", () => {
  const lock = { pid: 7, username: "me", hostname: "here", timestamp: "2026-01-01T00:00:00Z" };
  test("a dead maker, another program with its number, the maker at work, another machine", () => {
    assert.equal(
      judgeLock(lock, "here", () => undefined),
      "left",
    );
    assert.equal(
      judgeLock(lock, "here", () => "bash"),
      "left",
    );
    assert.equal(
      judgeLock(lock, "here", () => "pulumi"),
      "held",
    );
    assert.equal(
      judgeLock(lock, "there", () => undefined),
      "elsewhere",
    );
  });
  test("a zombie is no program", () => {
    assert.equal(programOf("7 (pulumi) S 1 7"), "pulumi");
    assert.equal(programOf("7 (pulumi) Z 1 7"), undefined);
  });
  test("a lock file, whole and torn", () => {
    assert.deepEqual(parseLock(JSON.stringify(lock)), [lock]);
    assert.deepEqual(parseLock('{"pid":7,'), []);
  });
  test("where the backend is", () => {
    assert.equal(backendDirectory("file:///a/b%20c"), "/a/b c");
    assert.equal(backendDirectory("file://./x"), "./x");
    assert.equal(backendDirectory("https://api.pulumi.com"), undefined);
    assert.match(backendDirectory("file://~/x") ?? "", /^\/.*\/x$/);
  });
});

describe("what is about to be destroyed", () => {
  const node = {
    name: "node1",
    host: "redis1",
    address: "10.0.0.1",
    port: 16300,
    directory: "/srv/\u001b[2J",
  };
  const exported = (...resources: object[]) => JSON.stringify({ deployment: { resources } });
  const stack = { type: "pulumi:pulumi:Stack", outputs: { nodes: [node] } };
  for (const [what, json, expected] of [
    [
      "a stack with a node",
      exported(stack, {}),
      /^Stack dev: 2 resources, state in file:\/\/\/s\n {2}node1 redis1:16300 \(10\.0\.0\.1\), data in \/srv\//,
    ],
    [
      "a stack that was never brought up",
      exported({ type: "pulumi:pulumi:Stack" }),
      /^Stack dev: 1 resources, state in file:\/\/\/s$/,
    ],
    ["a stack without anything", "{}", /^Stack dev: 0 resources/],
  ] as const) {
    test(what, () => {
      assert.match(summaryOf("dev", "file:///s", json), expected);
    });
  }
});

describe("the salt", () => {
  const salt = "encryptionsalt: v1:abc=:v1:def\n";
  test("is taken out, every other byte stays", () => {
    assert.equal(withoutSalt(`# a\r\nconfig:\n  x: 1\n${salt}`), "# a\r\nconfig:\n  x: 1\n");
    assert.equal(withoutSalt(`${salt}# a`), "# a");
    assert.equal(withoutSalt("# a\nencryptionsalt: v1:x"), "# a\n");
    assert.equal(withoutSalt(salt), "");
    assert.equal(
      withoutSalt("# encryptionsalt: in a comment\n"),
      "# encryptionsalt: in a comment\n",
    );
  });
  test("stays where secrets need it", () => {
    const text = `config:\n  a:p:\n    secure: v1:xyz\n${salt}`;
    assert.equal(withoutSalt(text), text);
  });
  test("is added to what the person wrote", () => {
    assert.equal(withSaltOf("# only comments\n", salt), `# only comments\n${salt}`);
    assert.equal(withSaltOf("config: {}", `config: {}\n${salt}`), `config: {}\n${salt}`);
    assert.equal(withSaltOf(`# a\n${salt}`, salt), `# a\n${salt}`);
    assert.equal(withSaltOf("# a\n", ""), "# a\n");
  });
});

describe("outputs", () => {
  const outputs = {
    masterName: "redis-ha",
    nodes: [{ name: "node1", host: "redis1", address: "127.0.0.1", port: 16300, directory: "/x" }],
    sentinels: ["redis1:16355"],
    hosts: { redis1: "10.0.0.1" },
  };
  test("names are resolved by the stack's own hosts", () => {
    const { nodes, sentinels, limitations } = parseOutputs("dev", JSON.stringify(outputs));
    assert.deepEqual(
      [nodes[0]?.address, sentinels, limitations],
      ["10.0.0.1", [{ host: "redis1", address: "10.0.0.1", port: 16355 }], []],
    );
    assert.equal(endpointAt(sentinels, "10.0.0.1", 16355), sentinels[0]);
    assert.equal(endpointAt(sentinels, "10.0.0.1", 1), undefined);
  });
  test("a stack that was never brought up says what to do", () => {
    assert.throws(
      () => parseOutputs("dev", "{}"),
      (error: unknown) =>
        error instanceof CliError &&
        error.exitStatus === 2 &&
        (error.next ?? "").includes("npm start"),
    );
  });
});
