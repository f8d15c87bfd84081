import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOrder } from "../../components/members.ts";

test("nodes are changed in the order of the program, the master last", () => {
  const nodes = ["node1", "node2", "node3"].map((name) => ({ name }));
  for (const [leader, order] of [
    ["node1", "node2 node3 node1"],
    ["node2", "node1 node3 node2"],
    ["node3", "node1 node2 node3"],
    ["", "node1 node2 node3"],
    ["10.0.0.9:6379", "node1 node2 node3"],
  ] as const)
    assert.equal(changeOrder(nodes, leader).join(" "), order, leader);
});
