import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, test } from "node:test";
import { limitsOf } from "../../cli/drill/limits.ts";
import { eventText } from "../../cli/drill/events.ts";
import { isListening } from "../../cli/drill/process.ts";
import { type Findings, passed, summary } from "../../cli/drill/summary.ts";
import { type Entry, entryText, Timeline } from "../../cli/drill/timeline.ts";
import { lossesOf } from "../../cli/drill/writer.ts";
import { pause, until } from "../../cli/wait.ts";
import { healthy, silence } from "../support/topologies.ts";

const members = healthy().topology;

describe("events", () => {
  const events: readonly (readonly [string, string, string | undefined])[] = [
    ["+sdown", "master redis-ha redis1 16300", "+sdown master node1"],
    ["+odown", "master redis-ha 10.0.0.1 16300 #quorum 2/2", "+odown master node1 #quorum 2/2"],
    ["+sdown", "master other redis1 16300", undefined],
    ["+slave", "slave redis2:26300 redis2 26300 @ redis-ha redis1 16300", "+slave replica node2"],
    ["+slave", "slave redis2:26300 redis2 26300 @ other redis1 16300", undefined],
    [
      "-role-change",
      "slave 10.0.0.3:36300 10.0.0.3 36300 @ redis-ha redis1 16300 new reported role is master",
      "-role-change replica node3 new reported role is master",
    ],
    [
      "+sentinel",
      "sentinel abc 10.0.0.2 26355 @ redis-ha redis1 16300",
      "+sentinel sentinel redis2:26355",
    ],
    ["+switch-master", "redis-ha redis1 16300 redis3 36300", "+switch-master node1 -> node3"],
    ["+switch-master", "other redis1 16300 redis3 36300", undefined],
    ["+new-epoch", "5", "+new-epoch 5"],
    ["+tilt", "#tilt mode entered", "+tilt #tilt mode entered"],
  ];
  for (const [event, message, text] of events) {
    test(`${event} ${message}`, () => {
      assert.equal(
        eventText(
          { ...members, nodes: members.nodes, sentinels: members.sentinels },
          event,
          message,
        ),
        text,
      );
    });
  }

  test("are folded, in order", async () => {
    const shown: Entry[] = [];
    const timeline = new Timeline((entry) => shown.push(entry));
    timeline.start();
    timeline.add("+sdown", "a");
    timeline.add("killed");
    timeline.add("+sdown", "b");
    timeline.add("+odown", "c");
    assert.equal(shown.length, 0);
    await pause(300);
    timeline.add("+sdown", "c");
    timeline.flush();
    assert.deepEqual(
      shown.map(({ text, reporters }) => [text, reporters]),
      [
        ["+sdown", ["a", "b", "c"]],
        ["killed", []],
        ["+odown", ["c"]],
      ],
    );
    assert.equal(
      entryText({ at: 12.4, text: "+sdown", reporters: ["a", "b"] }, 3),
      "     12 ms  +sdown  (a, b)",
    );
    assert.equal(
      entryText({ at: 12.4, text: "+sdown", reporters: ["a", "b", "c"] }, 3),
      "     12 ms  +sdown  (all sentinels)",
    );
  });
});

test("losses: what the replicas had must be there, the rest is reported", () => {
  assert.deepEqual(lossesOf([1, 2, 4, 5], ["1", "2", "4", "5", "3"], 2), {
    replicated: 0,
    inFlight: 0,
  });
  assert.deepEqual(lossesOf([1, 2, 4, 5], ["1"], 2), { replicated: 1, inFlight: 2 });
});

test("the summary tells a loss, and which one is a failure", () => {
  const [before, after] = members.nodes;
  assert.ok(before && after);
  const findings: Findings = {
    before,
    after,
    gap: 10_432,
    downAfterMilliseconds: 10_000,
    keySurvived: true,
    acknowledged: 90,
    losses: { replicated: 0, inFlight: 2 },
  };
  assert.equal(passed(findings), true);
  assert.deepEqual(summary(findings).slice(0, 5), [
    "Drill passed",
    "  master        node1 (redis1:16300) -> node2 (redis2:26300)",
    "  no write for  10.4 s (down-after is 10.0 s)",
    "  key           survived: node2 has it",
    "  writes        90 acknowledged, 2 lost",
  ]);
  assert.match(summary(findings).at(-1) ?? "", /2 had not reached the replicas/);
  assert.equal(passed({ ...findings, keySurvived: false }), false);
  assert.equal(passed({ ...findings, losses: { replicated: 1, inFlight: 0 } }), false);
});

test("the limits follow what the sentinels have", () => {
  const { topology } = healthy();
  assert.deepEqual(limitsOf(topology), { downAfter: 10_000, failover: 390_000, recovery: 220_000 });
  for (const index of [0, 1, 2]) silence(topology.sentinels, index);
  assert.throws(() => limitsOf(topology), /No sentinel answers/);
});

test("a port with nobody behind it is seen as such", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.equal(await isListening({ address: "127.0.0.1", port }), true);
  server.close();
  await once(server, "close");
  assert.equal(await isListening({ address: "127.0.0.1", port }), false);
});

test("a wait ends by finding, by its limit, or by the signal", async () => {
  const say = (): void => undefined;
  assert.equal(
    await until({ what: "it", limit: 5, look: () => Promise.resolve({ found: 3 }), say }),
    3,
  );
  const never = {
    what: "it",
    limit: 30,
    interval: 5,
    look: () => Promise.resolve({ seen: "nothing" }),
    say,
  };
  await assert.rejects(until(never), /Waited 0\.0 s for it\. Seen last: nothing/);
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new Error("Ctrl-C"));
  }, 10);
  await assert.rejects(until({ ...never, limit: 5000, signal: controller.signal }), /Ctrl-C/);
});
