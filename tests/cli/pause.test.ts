import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { markNow, parsePause } from "../../cli/pause/arguments.ts";
import { answerOf, askMarks, pauseLines, pauseOf } from "../../cli/pause/marks.ts";
import { CliError } from "../../cli/program.ts";
import { markLine, parseMark } from "../../hosts/mark.ts";
import { healthy } from "../support/topologies.ts";

describe("the reason of a pause", () => {
  test("is what stands there, in one line", () => {
    assert.deepEqual(parsePause(["new", "kernels", "--stack", "prod"], "U"), {
      why: "new kernels",
      stack: "prod",
    });
    const mark = markNow("new kernels");
    assert.match(markLine(mark), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+@\S+ new kernels$/);
    assert.deepEqual(parseMark(markLine(mark)), mark);
  });
  const refused: readonly (readonly [string[], RegExp])[] = [
    [[], /A reason is missing/],
    [["  "], /A reason is missing/],
    [["a\nb"], /"a\\nb" is not allowed: one line/],
    [["\u001b[2J"], /is not allowed/],
    [["ü".repeat(151)], /300 bytes at most/],
    [["a", "--force"], /--force/],
  ];
  for (const [args, message] of refused) {
    test(`refused: ${JSON.stringify(args).slice(0, 40)}`, () => {
      assert.throws(
        () => parsePause(args, "Usage"),
        (error: unknown) =>
          error instanceof CliError && error.exitStatus === 2 && message.test(error.message),
      );
    });
  }
});

describe("the marks", () => {
  const mark = { since: "2026-11-28T00:00:00Z", by: "me@here", why: "new kernels" };
  const later = { since: "2026-11-28T01:00:00Z", by: "you@there", why: "disks" };
  const ended = (stdout: string, status = 0, stderr = "") => ({ status, stdout, stderr });

  test("an answer is a mark or nothing; all else is no answer", () => {
    assert.deepEqual(answerOf("a", ended("")), { where: "a" });
    assert.deepEqual(answerOf("a", ended(`${markLine(mark)}\n`)), { where: "a", mark });
    assert.deepEqual(answerOf("a", ended("", 255, "ssh: no route\n")), {
      where: "a",
      silence: "ssh: no route",
    });
    assert.deepEqual(answerOf("a", ended(`${markLine(mark)}\n`, 1)), {
      where: "a",
      silence: "it ended with 1",
    });
    assert.deepEqual(answerOf("a", ended("hello")), { where: "a", silence: "it said hello" });
    assert.match(answerOf("a", ended("", 124)).silence ?? "", /no answer within 20\.0 s/);
  });

  test("it is paused where anybody has a mark, the earliest counts, and who has none is told", () => {
    const pause = pauseOf([
      { where: "a", mark: later },
      { where: "b", mark },
      { where: "c" },
      { where: "d", silence: "off" },
    ]);
    assert.deepEqual(pause.mark, mark);
    assert.deepEqual(pauseLines(pause), [
      "This deployment is paused since 2026-11-28T00:00:00Z by me@here: new kernels; npm run resume ends that. Until then pulumi up changes and repairs nothing",
      "No mark of the pause has c",
      "Whether it is paused could not be asked on d: off",
    ]);
    assert.deepEqual(pauseLines(pauseOf([{ where: "a" }])), []);
    assert.equal(pauseOf([]).mark, undefined);
  });

  test("what several processes share is asked once, with what it is given, and a member without such a command not at all", async () => {
    const [node1, node2, node3] = healthy().topology.nodes;
    assert.ok(node1 && node2 && node3);
    const commands = (mark: string) => ({ kill: "", stop: "", start: "", mark });
    const answers = await askMarks(
      [
        { ...node1, commands: commands("cat; :") },
        { ...node2, host: node1.host, commands: commands("cat; :") },
        { ...node3, commands: commands("echo off >&2; exit 1; :") },
        node3,
      ],
      "pause",
      `${markLine(mark)}\n`,
    );
    assert.deepEqual(answers, [
      { where: "redis1 (node1, node2)", mark },
      { where: "redis3 (node3)", silence: "off" },
    ]);
  });
});
