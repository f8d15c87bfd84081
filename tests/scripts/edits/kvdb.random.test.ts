import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { compareWithConfigObj, type Comparison } from "../../support/configobj.ts";
import {
  asBytes,
  bytes,
  inPairs,
  newDirectory,
  random,
  run,
  shells,
} from "../../support/editShells.ts";

// PRH_EDIT_SEED repeats a run.
const seed = Number(process.env.PRH_EDIT_SEED ?? Date.now() % 1_000_000);
/** `npm run soak` takes many. */
const cases = Number(process.env.INPUTS ?? process.env.ROUNDS ?? 30);
const keys = [
  "host",
  "port",
  "use_redis_sentinels",
  "redis_sentinels",
  "redis_sentinels_master",
  "socket_timeout",
];
const values: readonly string[] = [
  "a",
  "redis1:1, redis2:2",
  '"q # x"',
  "'y, ]='",
  "True",
  "5",
  "a:1,",
  "zato+secret://x.y",
  "Ł ö",
  '""',
  "",
];
const comments: readonly string[] = ["", "", " # c", "#c", "\t# it's [kvdb] \"x", "  # a, b = c"];
const gaps: readonly string[] = ["", "", " ", "  ", "\t"];

interface Case {
  readonly text: string;
  readonly wishes: readonly (readonly [string, string])[];
}

function make(below: (limit: number) => number): Case {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let unique = 0;
  const line = (key: string): string =>
    `${pick(gaps)}${below(8) === 0 ? `"${key}"` : key}${pick(gaps)}=${pick(gaps)}${pick(values)}${pick(comments)}`;
  const filler = (): string =>
    pick([
      () => "",
      () => "# [kvdb]",
      () => `#${pick(keys)}=1`,
      () => line(`*${++unique}`),
      () => line(`/p/{x}/${++unique}`),
      () => line(`é ${++unique}`),
      () => `m${++unique} = """\n[kvdb]\n${pick(keys)}=1\n"""${pick(comments)}`,
      () => `s${++unique}='''x'''`,
      () => "   ",
      () => `${pick(keys)}${++unique}=]`,
    ])();
  const body = (own: readonly string[]): string[] => {
    const lines = [...own.map(line), ...Array.from({ length: below(5) }, filler)];
    for (let i = lines.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [lines[i], lines[j]] = [lines[j] as string, lines[i] as string];
    }
    return lines;
  };
  const some = (): string[] => keys.filter(() => below(3) > 0);
  const header = (name: string, depth = 1): string =>
    `${pick(gaps)}${"[".repeat(depth)}${pick(gaps)}${pick([name, name, `"${name}"`])}${pick(gaps)}${"]".repeat(depth)}${pick(comments)}`;
  const sections = ["a", "b.c", "kvdb", "KVDB"]
    .filter((name) => name === "kvdb" || below(3) > 0)
    .map((name) => {
      const sub = below(3) === 0 ? [header("sub", 2), ...body(some())] : [];
      return [header(name), ...body(some()), ...sub];
    });
  sections.sort(() => below(3) - 1);
  const lines = [...body(some()), ...sections.flat()].join("\n").split("\n");
  const style = below(4);
  const ends = lines.map(() => (style === 0 ? "\r\n" : style === 1 ? pick(["\n", "\r\n"]) : "\n"));
  if (below(2) === 0) ends[ends.length - 1] = "";
  const text =
    (below(6) === 0 ? "\ufeff" : "") +
    lines.map((each, index) => each + (ends[index] ?? "")).join("");
  return {
    text,
    wishes: keys
      .filter(() => below(3) > 0)
      .concat("host")
      .filter((key, index, all) => all.indexOf(key) === index)
      .map((key) => [key, pick(values)] as const),
  };
}

test(`${cases} random files, there and back, seed ${seed}`, async () => {
  const below = random(seed);
  const comparisons: Comparison[] = [];
  const jobs = Array.from({ length: cases }, (_, index) => ({
    ...make(below),
    index,
    other: below(4) === 0,
  }));
  await inPairs(jobs, async ({ text, wishes, index, other }) => {
    const shell = shells[index % shells.length];
    assert.ok(shell);
    const label = `seed ${seed}, case ${index}, ${shell.name}`;
    const directory = newDirectory();
    const file = join(directory, "server.conf");
    const original = asBytes(text);
    writeFileSync(file, original, "latin1");
    const wanted = wishes.map(([key, value]) => `${key}=${value}`).join("\n");
    const parameters = { FILE: file, STORE: join(directory, "store"), WANTED: wanted };
    if (other) {
      // Something else was wanted first.
      const first = await run(shell, "kvdb.sh", "apply", {
        ...parameters,
        WANTED: "host=first\nsocket_timeout?=9\nextra=",
      });
      assert.deepEqual([first.status, first.err], [0, ""], label);
    }
    const apply = await run(shell, "kvdb.sh", "apply", parameters);
    assert.deepEqual([apply.status, apply.err], [0, ""], label);
    const [before, after] = [join(directory, "before"), join(directory, "after")];
    writeFileSync(before, original, "latin1");
    writeFileSync(after, bytes(file), "latin1");
    comparisons.push({
      name: label,
      before,
      after,
      stanza: "kvdb",
      wanted: Object.fromEntries(wishes),
    });
    const remove = await run(shell, "kvdb.sh", "remove", parameters);
    assert.deepEqual([remove.status, remove.err], [0, ""], label);
    assert.equal(bytes(file), original, label);
  });
  assert.deepEqual(compareWithConfigObj(comparisons), []);
});
