import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../topology/judge.ts";
import { renderStatus, statusJson } from "../../cli/render.ts";
import { table } from "../../cli/table.ts";
import { healthy, silence } from "../support/topologies.ts";

const red = (text: string): string => `<${text}>`;

test("a healthy topology has no red, no trailing blanks, and aligned columns", () => {
  const { topology, nodes } = healthy();
  nodes[2].priority = 0;
  const lines = renderStatus(
    { ...topology, limitations: ["Redis 2.8.19 has no CKQUORUM"] },
    judge(topology),
    red,
  );
  assert.deepEqual(lines, [
    "redis-ha (stack dev): healthy, the master is node1 (redis1:16300)",
    "",
    "NODE   HOST:PORT     ROLE     LINK  OFFSET  LAG       PRIORITY  KEYS  SERVER",
    "node1  redis1:16300  master   -     1000    -         100       3     Redis 7.0.15",
    "node2  redis2:26300  replica  up    999     1 B, 0 s  100       3     Redis 7.0.15",
    "node3  redis3:36300  replica  up    998     2 B, 1 s  0, never  3     Redis 7.0.15",
    "",
    "SENTINEL      NAMES                 EPOCH  FLAGS   REPLICAS  PEERS  QUORUM  DOWN-AFTER  CKQUORUM",
    "redis1:16355  node1 (redis1:16300)  4      master  2         2      2 of 3  10000 ms    OK, 3 usable",
    "redis2:26355  node1 (redis1:16300)  4      master  2         2      2 of 3  10000 ms    OK, 3 usable",
    "redis3:36355  node1 (redis1:16300)  4      master  2         2      2 of 3  10000 ms    OK, 3 usable",
    "",
    "Note: Redis 2.8.19 has no CKQUORUM",
  ]);
});

test("what is wrong is red in its cell and in words", () => {
  const { topology, sentinels } = healthy();
  silence(topology.nodes, 2);
  sentinels[1].epoch = 3;
  sentinels[2].ckquorum = undefined;
  const text = renderStatus(topology, judge(topology), red).join("\n");
  assert.match(
    text,
    /^<redis-ha \(stack dev\): NOT HEALTHY, the master is node1 \(redis1:16300\)>$/m,
  );
  assert.match(text, /^<node3> {2}redis3:36300 {2}<no answer> +- +- +- +- +- +-$/m);
  assert.match(text, /^redis2:26355 .* <3> {6}master/m);
  assert.match(text, /not in this version$/m);
  assert.match(text, /^< {2}- redis2:26355 is in epoch 3, others in 4>$/m);
  assert.match(text, /^< {2}- node3 \(redis3:36300\) gives no answer: connect ECONNREFUSED>$/m);
});

test("what is only worth knowing is not red, and what was not said is not known", () => {
  const { topology, sentinels } = healthy();
  sentinels[0].tilt = true;
  Object.assign(sentinels[1], { ckquorum: undefined, unanswered: "Command timed out" });
  const text = renderStatus(topology, judge(topology), red).join("\n");
  assert.match(text, /^Worth knowing:\n {2}- redis1:16355 is in TILT mode: [^<>]*$/m);
  assert.match(text, /^redis1:16355 .* master,TILT {2}/m);
  assert.match(text, /^redis2:26355 .* \?$/m);
});

test("colours do not move the columns", () => {
  const lines = table(
    ["A", "B"],
    [
      [{ text: "long", bad: true }, { text: "x" }],
      [{ text: "s" }, { text: "y" }],
    ],
    (text) => `\u001b[31m${text}\u001b[39m`,
  );
  assert.deepEqual(lines, ["A     B", "\u001b[31mlong\u001b[39m  x", "s     y"]);
});

test("what a server says can neither move the cursor nor flood the screen", () => {
  const { topology, nodes, sentinels } = healthy();
  const hostile = `h\u001b[2J\u009b2J\u202e\r\n${"x".repeat(100_000)}`;
  nodes[1].link = { host: hostile, port: 1, up: true, syncing: false };
  nodes[1].server = hostile;
  nodes[2].diskTrouble = hostile;
  sentinels[0].host = hostile;
  sentinels[0].flags = [hostile];
  sentinels[1].replicas?.push({ host: hostile, port: 1, flags: [hostile, "s_down"] });
  sentinels[1].peers?.push({ host: hostile, port: 1, flags: ["s_down"] });
  sentinels[2].ckquorum = hostile;
  silence(topology.nodes, 0, hostile);
  topology.limitations.push(hostile);
  const lines = renderStatus(topology, judge(topology), red);
  const text = lines.join("\n");
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.match(text, /replicates h\\x1b\[2J\\x9b2J\\u\{202e\}\\x0d\\x0ax+… \(cut\)/);
  assert.ok(Math.max(...lines.map(({ length }) => length)) < 1100, text);
  const json = statusJson(topology, judge(topology));
  // eslint-disable-next-line no-control-regex -- as above
  assert.doesNotMatch(json, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.deepEqual((JSON.parse(json) as { limitations: string[] }).limitations, [hostile]);
});

test("JSON does not say as whom the servers were asked", () => {
  const { topology } = healthy();
  const login = { username: "admin", password: "a password" };
  for (const each of [...topology.nodes, ...topology.sentinels]) each.login = login;
  const json = statusJson(topology, judge(topology));
  assert.doesNotMatch(json, /a password|login/);
  assert.equal((JSON.parse(json) as { nodes: unknown[] }).nodes.length, 3);
});

test("JSON says the same", () => {
  const { topology } = healthy();
  silence(topology.sentinels, 0);
  const status = JSON.parse(statusJson(topology, judge(topology))) as {
    healthy: boolean;
    master: string;
    nodes: { lag?: unknown }[];
    problems: unknown[];
  };
  assert.equal(status.healthy, false);
  assert.equal(status.master, "node1");
  assert.deepEqual(
    status.nodes.map(({ lag }) => lag),
    [undefined, { bytes: 1, seconds: 0 }, { bytes: 2, seconds: 1 }],
  );
  const words = "redis1:16355 gives no answer: connect ECONNREFUSED";
  assert.deepEqual(status.problems, [
    { rule: 3, severity: "broken", who: "redis1:16355", column: "answer", words },
  ]);
});
