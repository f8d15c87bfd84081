import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InputError } from "../../errors.ts";
import { quoted, shown, shownLines } from "../../hosts/foreignText.ts";
import { processFacts, refusalIn } from "../../hosts/answers.ts";

describe("text that somebody else wrote", () => {
  for (const [what, text, expected] of [
    ["plain text", "redis1:16300 ключ ümläut 🔑", "redis1:16300 ключ ümläut 🔑"],
    ["an escape sequence", "h\u001b[2J\u001b]0;x\u0007", "h\\x1b[2J\\x1b]0;x\\x07"],
    ["C1, which terminals may take for an escape sequence", "\u009b2J", "\\x9b2J"],
    ["line ends and DEL", "a\r\nb\u007f\u2028c", "a\\x0d\\x0ab\\x7f\\u{2028}c"],
    ["marks of direction and of no width", "a\u202eb\u200bc", "a\\u{202e}b\\u{200b}c"],
    ["half a pair", "a\ud800b", "a\\u{d800}b"],
    [
      "a private key",
      "x -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n",
      "x (a private key, not shown)",
    ],
  ] as const) {
    it(`${what}: ${JSON.stringify(text)}`, () => {
      assert.equal(shown(text), expected);
    });
  }

  it("is cut, however long it is", () => {
    assert.equal(shown("x".repeat(50_000_000), 10), "xxxxxxxxxx… (cut)");
    assert.equal(shownLines("x\n".repeat(1_000_000)).split("\n").length, 61);
    assert.ok(quoted("\u0000".repeat(1000)).length < 220);
  });

  it("keeps its lines where it may have several", () => {
    assert.equal(shownLines("a\r\nb\u001b[1m\n"), "a\nb\\x1b[1m\n");
  });

  it("is printable in every error message, also in the name of a field", () => {
    const { message } = new InputError([
      { propertyPath: "nodes.\u001b[2J", reason: `${"v".repeat(5000)}\u0007\nnext` },
    ]);
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    assert.doesNotMatch(message, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    assert.ok(message.length < 1300 && message.endsWith("\nnext"), message);
  });

  it("is printable in what a machine refuses", () => {
    assert.equal(
      refusalIn({ "refused.engine": "no \u001b[2J\u001fnext" }, "engine"),
      "no \\x1b[2J\nnext",
    );
  });

  it("is read as it was: a version line is only shown cut", () => {
    assert.equal(
      processFacts({ "version.node1": "Redis server v=7.0.15" }, "node1").version,
      "Redis server v=7.0.15",
    );
  });
});
