import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOrder, refuseOlder } from "../../components/members.ts";

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

test("an older program than the master's is refused, one that the others have is not", () => {
  const [old, patched, present] = ["Redis 7.0.15", "Redis 7.0.16", "Redis 8.0.2"];
  const rows: [what: string, wanted: string, runs: string[], leader: string, refused: boolean][] = [
    ["the first creation", old, ["", "", ""], "", false],
    ["nothing changes", old, [old, old, old], "node1", false],
    ["an update", present, [old, old, old], "node1", false],
    ["a canary's other half", present, [old, present, old], "node1", false],
    ["a canary goes back", old, [old, present, old], "node1", false],
    ["all replicas go back", old, [old, present, present], "node1", false],
    ["the master is the newer one", old, [old, present, old], "node2", true],
    ["all are newer", old, [present, present, present], "node3", true],
    ["the same line", old, [patched, patched, patched], "node1", false],
    ["nobody knows the master, and all are newer", old, [present, present, ""], "", true],
    ["nobody knows the master, and one is not newer", old, [present, old, ""], "", false],
    ["the master is none that is known", old, [present, present, present], "10.0.0.9:6379", true],
    ["the master was never told what to run", old, ["", present, old], "node1", false],
    ["another product", "Valkey 8.1.1", [present, present, present], "node1", true],
    ["another product that reads it", "Valkey 8.1.1", [old, old, old], "node1", false],
  ];
  for (const [what, wanted, runs, leader, refused] of rows) {
    const nodes = runs.map((each, index) => ({
      name: `node${index + 1}`,
      runs: each && `${each}, build 0a`,
      version: { label: wanted },
    }));
    const refuse = () => refuseOlder(nodes, leader);
    if (refused)
      assert.throws(refuse, /nodes\.node1: .* is not allowed: .* Nothing was touched/, what);
    else assert.doesNotThrow(refuse, what);
  }
});
