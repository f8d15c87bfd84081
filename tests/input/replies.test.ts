import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { renderStatus, statusJson } from "../../cli/render.ts";
import { type Replies, type Reply, topologyOf } from "../../topology/facts.ts";
import { judge } from "../../topology/judge.ts";
import { forAll, text } from "../support/properties.ts";
import { allWell, members, repliesOf } from "../support/said.ts";

// Whatever nodes and sentinels reply: it is judged, never an error of ours, never taken for health,
// and shown without reaching the terminal as it is.

/** What the protocol can bring. */
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    text,
    fc.integer(),
    fc.constant(null),
    fc.constantFrom("role:master", "name", "OK 3 usable", "", "master", "s_down,master"),
    fc.array(tie("any"), { maxLength: 5 }),
  ),
})).any;

const reply: fc.Arbitrary<Reply> = fc.oneof(
  value.map((said) => ({ said })),
  text.map((silence) => ({ silence })),
);

/** A good reply with something hostile in the middle of it. */
function mangled(good: Reply, at: number, piece: string): Reply {
  const cut = (each: unknown): unknown => {
    if (typeof each === "string") {
      const place = Math.floor(at * (each.length + 1));
      return each.slice(0, place) + piece + each.slice(place);
    }
    if (!Array.isArray(each)) return piece;
    const place = Math.floor(at * each.length);
    return each.map((one: unknown, index) => (index === place ? cut(one) : one));
  };
  return "silence" in good && good.silence !== undefined ? good : { said: cut(good.said) };
}

/** Which reply is another one, and what it is. */
const change = fc.record({
  list: fc.constantFrom("nodes", "sentinels"),
  index: fc.nat(2),
  question: fc.nat(5),
  place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  piece: text,
  instead: fc.option(reply),
});

function repliesWith(
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const replies: Replies = repliesOf(allWell());
  for (const { list, index, question, place, piece, instead } of changes) {
    const one = replies[list][index] as unknown as Record<string, Reply>;
    const names = Object.keys(one);
    const name = names[question % names.length] ?? "";
    one[name] = instead ?? mangled(one[name] as Reply, place, piece);
  }
  return replies;
}

it("any reply is judged, and shown in printable words", async (t) => {
  const changes = fc.array(change, { minLength: 1, maxLength: 6 });
  let healthy = 0;
  await forAll(t, { short: 500, together: 50 }, changes, (inputs) => {
    for (const each of inputs) {
      const topology = topologyOf(members, repliesWith(each));
      const verdict = judge(topology);
      if (verdict.healthy) healthy++;
      for (const line of renderStatus(topology, verdict, (words) => words))
        // eslint-disable-next-line no-control-regex -- these are what must not be there
        assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e\u2028\ufeff]/);
      const json = statusJson(topology, verdict);
      assert.doesNotMatch(json, /[\u007f-\u009f\u202e\u2028\ufeff]/);
      assert.equal((JSON.parse(json) as { healthy: boolean }).healthy, verdict.healthy);
    }
  });
  t.diagnostic(`${healthy} were healthy all the same`);
});

it("a reply that is none takes nothing for granted: who says nothing is not well", async (t) => {
  const which = fc.record({ index: fc.nat(2), instead: value.filter((each) => each !== null) });
  await forAll(t, { short: 500, together: 50 }, which, (inputs) => {
    for (const { index, instead } of inputs) {
      const replies = repliesOf(allWell());
      const node = replies.nodes[index];
      assert.ok(node);
      node.info = { said: instead };
      assert.equal(judge(topologyOf(members, replies)).healthy, false, JSON.stringify(instead));
    }
  });
});
