import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gaps } from "./gaps.ts";

describe("the longest gap of several writers", () => {
  it("is a writer's own, while another goes on", () => {
    const gaps = new Gaps(2, 0);
    for (let at = 10; at <= 1000; at += 10) gaps.acknowledged(0, at);
    gaps.acknowledged(1, 20);
    gaps.acknowledged(1, 920);
    gaps.acknowledged(1, 1000);
    assert.equal(gaps.longest(1000), 900);
  });

  it("counts one that has not ended", () => {
    const gaps = new Gaps(2, 0);
    for (let at = 10; at <= 1000; at += 10) gaps.acknowledged(0, at);
    assert.equal(gaps.longest(1000), 1000);
  });

  it("is forgotten once it has ended, and one that goes on is not", () => {
    const gaps = new Gaps(2, 0);
    gaps.acknowledged(0, 500);
    gaps.acknowledged(1, 400);
    gaps.restart();
    gaps.acknowledged(0, 510);
    assert.equal(gaps.longest(510), 110);
  });
});
