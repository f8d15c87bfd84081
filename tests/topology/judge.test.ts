import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Answering, healthy, judged, silence } from "./topologies.ts";

const down = ["s_down", "slave", "disconnected"];

/** What is done to the healthy topology, and everything that is to be said of it, in order. */
const unhealthy: readonly (readonly [string, (answering: Answering) => void, string[]])[] = [
  [
    "a replica is silent",
    ({ topology }) => {
      silence(topology.nodes, 1);
    },
    ["node2 (redis2:26300) does not answer: connect ECONNREFUSED"],
  ],
  [
    "a sentinel is silent",
    ({ topology }) => {
      silence(topology.sentinels, 2);
    },
    ["redis3:36355 does not answer: connect ECONNREFUSED"],
  ],
  [
    "the master hangs",
    ({ topology }) => {
      silence(topology.nodes, 0, "no answer within 2 s");
    },
    ["node1 (redis1:16300) does not answer: no answer within 2 s"],
  ],
  [
    "two of three sentinels are silent",
    ({ topology }) => {
      silence(topology.sentinels, 0);
      silence(topology.sentinels, 1);
    },
    [
      "No majority of the sentinels names a master: node1 (redis1:16300) is named by 1, 2 of 3 sentinels say nothing",
      "redis1:16355 does not answer: connect ECONNREFUSED",
      "redis2:26355 does not answer: connect ECONNREFUSED",
    ],
  ],
  [
    "no sentinel answers",
    ({ topology }) => {
      for (const index of [0, 1, 2]) silence(topology.sentinels, index, "gone");
    },
    [
      "No majority of the sentinels names a master: 3 of 3 sentinels say nothing",
      "redis1:16355 does not answer: gone",
      "redis2:26355 does not answer: gone",
      "redis3:36355 does not answer: gone",
    ],
  ],
  [
    "one sentinel names another",
    ({ sentinels: [, second] }) => {
      Object.assign(second, { host: "redis3", port: 36300 });
    },
    ["redis2:26355 names node3 (redis3:36300), the majority node1 (redis1:16300)"],
  ],
  [
    "each sentinel names another",
    ({ sentinels: [, second, third] }) => {
      Object.assign(second, { host: "redis2", port: 26300 });
      Object.assign(third, { host: "10.0.0.3", port: 36300 });
    },
    [
      "No majority of the sentinels names a master: node1 (redis1:16300) is named by 1, node2 (redis2:26300) is named by 1, node3 (redis3:36300) is named by 1",
    ],
  ],
  [
    "they name a stranger",
    ({ sentinels }) => {
      for (const each of sentinels) Object.assign(each, { host: "10.9.9.9", port: 1 });
    },
    [
      "The sentinels name 10.9.9.9:1 as the master, which is no node of this stack",
      "node1 (redis1:16300) says it is a master, too; the sentinels name 10.9.9.9:1",
      "node2 (redis2:26300) replicates node1 (redis1:16300) instead of 10.9.9.9:1",
      "node3 (redis3:36300) replicates node1 (redis1:16300) instead of 10.9.9.9:1",
    ],
  ],
  [
    "an older epoch",
    ({ sentinels: [first] }) => {
      first.epoch = 3;
    },
    ["redis1:16355 is in epoch 3, others in 4"],
  ],
  [
    "the master seen as down",
    ({ sentinels: [first] }) => {
      first.flags = ["s_down", "master"];
    },
    ["redis1:16355 sees the master as s_down, master"],
  ],
  [
    "a failover in progress",
    ({ sentinels: [, , third] }) => {
      third.flags = ["master", "failover_in_progress"];
    },
    ["redis3:36355 sees the master as master, failover_in_progress"],
  ],
  [
    "too few replicas",
    ({ sentinels: [first] }) => {
      first.replicaCount = 1;
    },
    ["redis1:16355 knows 1 replicas instead of 2"],
  ],
  [
    "a removed sentinel still counted",
    ({ sentinels: [first] }) => {
      first.peerCount = 3;
    },
    ["redis1:16355 knows 3 other sentinels instead of 2"],
  ],
  [
    "a replica seen as down",
    ({ sentinels: [first] }) => {
      Object.assign(first.replicas[0] ?? {}, { flags: down });
    },
    ["redis1:16355 sees the replica node2 (redis2:26300) as s_down, slave, disconnected"],
  ],
  [
    "a peer seen as down",
    ({ sentinels: [first] }) => {
      Object.assign(first.peers[1] ?? {}, { flags: ["s_down", "sentinel"] });
    },
    ["redis1:16355 sees the sentinel redis3:36355 as s_down, sentinel"],
  ],
  [
    "a replica of somebody else",
    ({ sentinels: [first] }) => {
      Object.assign(first.replicas[0] ?? {}, { host: "10.9.9.9" });
    },
    ["redis1:16355 knows a replica that is no node of this stack: 10.9.9.9:26300"],
  ],
  [
    "a sentinel of somebody else",
    ({ sentinels: [first] }) => {
      Object.assign(first.peers[0] ?? {}, { port: 5 });
    },
    ["redis1:16355 knows a sentinel that is none of this stack: redis2:5"],
  ],
  [
    "no quorum",
    ({ sentinels: [first] }) => {
      first.ckquorum = "NOQUORUM 1 usable Sentinels.";
    },
    ["redis1:16355 could not get a failover through: NOQUORUM 1 usable Sentinels."],
  ],
  [
    "TILT",
    ({ sentinels: [first] }) => {
      first.tilt = true;
    },
    ["redis1:16355 is in TILT mode: it watches, but does not act, because its clock jumped or it was held up"],
  ],
  [
    "another quorum",
    ({ sentinels: [, second] }) => {
      second.quorum = 3;
    },
    ["redis2:26355 has quorum 3, others 2"],
  ],
  [
    "another down-after",
    ({ sentinels: [, second] }) => {
      second.downAfterMilliseconds = 5;
    },
    ["redis2:26355 has down-after-milliseconds 5, others 10000"],
  ],
  [
    "another failover-timeout",
    ({ sentinels: [first] }) => {
      first.failoverTimeoutMilliseconds = 5;
    },
    ["redis1:16355 has failover-timeout 5, others 180000"],
  ],
  [
    "another parallel-syncs",
    ({ sentinels: [first] }) => {
      first.parallelSyncs = 2;
    },
    ["redis1:16355 has parallel-syncs 2, others 1"],
  ],
  [
    "a second master",
    ({ nodes: [, , third] }) => {
      third.role = "master";
    },
    ["node3 (redis3:36300) says it is a master, too; the sentinels name node1 (redis1:16300)"],
  ],
  [
    "the master became a replica",
    ({ nodes: [first] }) => {
      Object.assign(first, { role: "replica", link: { host: "redis2", port: 26300, up: false, syncing: false } });
    },
    [
      "node1 (redis1:16300) is named as the master, but says it is a replica",
      "node1 (redis1:16300) replicates node2 (redis2:26300) instead of node1 (redis1:16300)",
    ],
  ],
  [
    "a node that waits",
    ({ nodes: [, second] }) => {
      Object.assign(second.link ?? {}, { host: "10.0.0.2", port: 26300 });
    },
    ["node2 (redis2:26300) waits to be told who is the master"],
  ],
  [
    "a chained replica",
    ({ nodes: [, second] }) => {
      Object.assign(second.link ?? {}, { host: "redis3", port: 36300 });
    },
    ["node2 (redis2:26300) replicates node3 (redis3:36300) instead of node1 (redis1:16300)"],
  ],
  [
    "a link that is down",
    ({ nodes: [, second] }) => {
      Object.assign(second.link ?? {}, { up: false });
    },
    ["node2 (redis2:26300) has no link to node1 (redis1:16300)"],
  ],
  [
    "a synchronisation",
    ({ nodes: [, second] }) => {
      Object.assign(second.link ?? {}, { up: false, syncing: true });
    },
    ["node2 (redis2:26300) is still synchronising with node1 (redis1:16300)"],
  ],
  [
    "a load",
    ({ nodes: [first] }) => {
      first.loading = true;
    },
    ["node1 (redis1:16300) is still loading its data"],
  ],
  [
    "min-replicas",
    ({ nodes: [first] }) => {
      Object.assign(first, { wantedReplicas: 2, goodReplicas: 1 });
    },
    ["node1 (redis1:16300) refuses writes: 1 good replicas, min-replicas-to-write wants 2"],
  ],
  [
    "a full disk",
    ({ nodes: [first] }) => {
      first.diskTrouble = "its last background save failed";
    },
    ["node1 (redis1:16300) may refuse writes: its last background save failed"],
  ],
];

describe("an unhealthy topology", () => {
  for (const [name, spoil, words] of unhealthy) {
    test(name, () => {
      const verdict = judged(spoil);
      assert.deepEqual(
        verdict.problems.map((problem) => problem.words),
        words,
      );
      assert.equal(verdict.healthy, false);
    });
  }
});

describe("a healthy topology", () => {
  const fine: readonly (readonly [string, (answering: Answering) => void])[] = [
    ["as it is", () => undefined],
    [
      "addresses instead of names, as before Redis 6.2",
      ({ sentinels, nodes }) => {
        for (const each of sentinels) each.host = "10.0.0.1";
        for (const each of nodes) Object.assign(each.link ?? {}, { host: "10.0.0.1" });
      },
    ],
    [
      "without CKQUORUM, as in 2.8",
      ({ sentinels }) => {
        for (const each of sentinels) each.ckquorum = undefined;
      },
    ],
    [
      "min-replicas that are there",
      ({ nodes: [first] }) => {
        Object.assign(first, { wantedReplicas: 1, goodReplicas: 2 });
      },
    ],
  ];
  for (const [name, spoil] of fine)
    test(name, () => {
      assert.deepEqual(judged(spoil).problems, []);
    });

  test("has the master that the majority names", () => {
    assert.equal(judged(() => undefined).master?.name, "node1");
    assert.equal(
      judged(({ topology }) => {
        silence(topology.sentinels, 0);
      }).master?.name,
      "node1",
    );
    assert.equal(
      judged(({ topology }) => {
        silence(topology.sentinels, 0);
        silence(topology.sentinels, 1);
      }).master,
      undefined,
    );
    assert.equal(healthy().topology.nodes.length, 3);
  });
});
