import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { problemsOfConfigObj } from "../../support/configobj.ts";
import {
  asBytes,
  bytes,
  inPairs,
  newDirectory,
  random,
  run,
  shells,
} from "../../support/editShells.ts";

// PRH_EDIT_SEED repeats a run, PRH_EDIT_CASES makes it longer.
const seed = Number(process.env.PRH_EDIT_SEED ?? Date.now() % 1_000_000);
const cases = Number(process.env.PRH_EDIT_CASES ?? process.env.INPUTS ?? process.env.ROUNDS ?? 40);

/**
 * What ConfigObj reads and the editor does not touch: no such stanza, a key of ours in a form that
 * it does not change, NUL.
 */
const exceptions =
  /has no \[broker\]|stands where the key|is a multi-line one|the value of (host|port|new) has quotes that do not match$|NUL bytes/;

const base = `# top
name = "a, b" # c
[a]
x=a, "b # c", 'd'
y = a,
z=,
q="it's" # "
multi = """one
[broker]
two""" # end
[[sub]]
host='x'
[broker] # of 3.1
host=
port = 1 # c
db="0"
é={"a": 1}
[[deeper]]
host = a, b,
[c]
*=x
/path/{x}=a # b, c
`;

const quotes = ['"', "'", '"""', "'''"];
const signs = [",", " ,", ", ", ",,", "#", "[", "]", "=", "\n", " ", "\t", "\r"];
const encoded = ["\xe9", "\xc3\xa9", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc2\xa0"];

/** The text with some bytes, lines or quotes in other places. */
function mangle(below: (limit: number) => number): string {
  let text = asBytes(base);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const added = () => pick(pick([quotes, signs, signs, encoded]));
  for (let change = below(3); change >= 0; change--) {
    const at = below(text.length);
    const lines = text.split("\n");
    const line = below(lines.length);
    text = pick([
      () => text.slice(0, at) + added() + text.slice(at),
      () => text.slice(0, at) + added() + text.slice(at),
      () => text.slice(0, at) + text.slice(at + 1 + below(2)),
      () => [...lines.slice(0, line), lines[below(lines.length)], ...lines.slice(line)].join("\n"),
      () => [...lines.slice(0, line), ...lines.slice(line + 1)].join("\n"),
    ])();
  }
  return text;
}

/** Each kind by hand, in the stanza. */
const known: readonly string[] = [
  "x=a,,b",
  "x=a, ,b",
  "x=,a",
  "x=,",
  "x=, # c",
  "x=,,",
  "x=a,",
  "x=a, # c, d",
  'x="a',
  'x=a, "b, c',
  'x="a", b", c',
  'x="a"b"',
  'x="a" b',
  'x="a" # "b',
  "x='a', \"b\",",
  'x=a "b", c',
  'x="a" , ,"b"',
  'x="""a"""',
  'x="""a""" b',
  'x=a"""b',
  "x=#",
  "x=",
  "x=1\nx=2",
  "'x'=1\nx=2",
  "[a]\n[a]",
  "[[a]]\nx=1\n[[a]]",
  "a=1\n[[a]]",
  "[[a]]\n[b]\n[[a]]",
  "[[a]]\n[b]\n[a]",
  "\xe9=1",
  "# \xff",
  "x=\xed\xa0\x80",
  "x=\xf0\x9f\x9a\x80",
  "x=\xc0\xaf",
  "x=a\rb",
  "x",
  "=x",
  " =x",
  '"=x',
  '""=x',
  "[ ]",
  '[""]',
  "[[[x]]]",
].map((lines) => `[broker]\nhost=a\n${lines}\n`);

test(`what is accepted, ConfigObj loads, before and after; what is refused, it refuses: seed ${seed}`, async () => {
  const below = random(seed);
  const texts = [...known, ...Array.from({ length: cases }, () => mangle(below))];
  const results: { label: string; text: string; before: string; after: string; refusal: string }[] =
    [];
  await inPairs([...texts.entries()], async ([index, text]) => {
    const shell = shells[index % shells.length];
    assert.ok(shell);
    const directory = newDirectory();
    const [file, before] = [join(directory, "server.conf"), join(directory, "before")];
    writeFileSync(file, text, "latin1");
    writeFileSync(before, text, "latin1");
    const parameters = {
      FILE: file,
      STANZA: "broker",
      STORE: join(directory, "store"),
      WANTED: "host=redis1\nport?=7\nnew=n",
    };
    const apply = await run(shell, "kvdb.sh", "apply", parameters);
    assert.ok(
      apply.status === 0 || apply.status === 1,
      `case ${index}: status ${apply.status}: ${apply.err}`,
    );
    assert.equal(apply.status === 1, apply.err !== "", apply.err);
    if (apply.status === 1) assert.equal(bytes(file), text);
    results.push({
      label: `case ${index}, ${shell.name}`,
      text,
      before,
      after: file,
      refusal: apply.err.trim(),
    });
  });
  const before = problemsOfConfigObj(results.map((each) => each.before));
  const after = problemsOfConfigObj(results.map((each) => each.after));
  const wrong = results.flatMap(({ label, text, refusal }, index) => {
    const said = `${label}: ${JSON.stringify(text)}: ${refusal || "accepted"}; ConfigObj before: ${before[index]}, after: ${after[index]}`;
    if (refusal === "") return before[index] === null && after[index] === null ? [] : [said];
    return before[index] !== null || exceptions.test(refusal) ? [] : [said];
  });
  assert.deepEqual(wrong, []);
  const accepted = results.filter(({ refusal }) => refusal === "").length;
  assert.ok(
    accepted >= 10 && results.length - accepted >= 10,
    `${accepted} of ${results.length} were accepted`,
  );
});
