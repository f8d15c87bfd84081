import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../../errors.ts";
import { untold } from "../../components/later.ts";
import { directiveProblems } from "../../components/redis/directives.ts";
import { knownNow, laterIn } from "../../hosts/sdk.ts";

test("what is known at once is told apart from what comes later, on every level", () => {
  const later = pulumi.output("x");
  const given = { a: 1, b: later, c: { d: [1, later, 2], e: Promise.resolve(1), f: "g" } };
  assert.deepEqual(knownNow(given), { a: 1, c: { d: [1, 2], f: "g" } });
  assert.deepEqual(
    laterIn(given).map(({ path }) => path),
    ["b", "c.d[1]", "c.e"],
  );
});

test("what is wrong with a secret is told without it", () => {
  const [problem] = directiveProblems("redis", { save: '"hunter2 is not allowed' });
  assert.match(problem?.reason ?? "", /hunter2/);
  assert.match(
    untold(problem as Problem).reason,
    /^its value, a secret, is not allowed: words as in redis\.conf/,
  );
  assert.doesNotMatch(untold(problem as Problem).reason, /hunter2/);
  assert.equal(
    untold({ propertyPath: "x", reason: "hunter2" }).reason,
    "its value, a secret, is not allowed",
  );
});
