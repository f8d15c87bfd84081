import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { directiveLines, directiveProblems } from "../../components/redis/directives.ts";
import { quoteDirective } from "../../components/redis/serverConf.ts";
import { wordsOf } from "../../components/redis/words.ts";
import { newDirectory } from "../support/editShells.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";
import { Reader, wordsByServer } from "../support/reader.ts";

/** More often words that are quoted, well or not. */
const value = fc.oneof(
  text,
  fc
    .array(fc.constantFrom("a", '"', "'", "\\", " ", "\t", "x41", "n", "\u00a0", "é"), {
      maxLength: 14,
    })
    .map((each) => each.join("")),
);
/** What can stand in one line of what somebody types. */
const line = value.map((each) => each.replaceAll(/[\r\n]/g, " "));

describe("a line of redis.conf", () => {
  let reader: Reader;
  before(async () => {
    reader = await new Reader(newDirectory(), "--save", "").listens();
  });
  after(() => reader.end());

  it("has the words that the server finds in it, and is refused where the server refuses it", async (t) => {
    const always = hostileTexts.map((each) => each.replaceAll(/[\r\n]/g, " "));
    await forAll(t, { always, short: 1000, together: 200 }, line, async (lines) => {
      assert.deepEqual(lines.map(wordsOf), await wordsByServer(reader.socket, lines));
    });
  });

  it("is accepted as a directive's value if and only if the server can read it", async (t) => {
    // Beside what no line of a file can hold, and what says nothing.
    // eslint-disable-next-line no-control-regex
    const unfit = (each: string) => /[\u0000-\u0008\u000a-\u001f]/.test(each);
    await forAll(t, { always: hostileTexts, short: 1000, together: 200 }, value, async (values) => {
      const plain = values.map((each) => each.replaceAll(/[\r\n]/g, " "));
      const read = await wordsByServer(reader.socket, plain);
      for (const [index, each] of plain.entries()) {
        const problems = directiveProblems("redis", { x: each });
        const readable = read[index] !== undefined && read[index].length > 0;
        assert.equal(problems.length === 0, readable && !unfit(each), JSON.stringify(each));
        if (problems.length > 0) continue;
        const [written = "", ...more] = directiveLines({ x: each });
        assert.deepEqual(more, []);
        assert.deepEqual(wordsOf(written), ["x", ...(read[index] ?? [])]);
      }
    });
  });

  it("has a quoted text as one word, whatever is in it", async (t) => {
    const given = text.map((each) => each.replaceAll(/[\r\n]/g, "-"));
    await forAll(t, { short: 1000, together: 200 }, given, async (texts) => {
      assert.deepEqual(
        await wordsByServer(reader.socket, texts.map(quoteDirective)),
        texts.map((each) => [each]),
      );
    });
  });
});
