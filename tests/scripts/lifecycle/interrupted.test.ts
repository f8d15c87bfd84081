import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import {
  type Cluster,
  eventually,
  portsFrom,
  sentinelClient,
  shellsInTurn,
  shuffled,
  signal,
  withCluster,
} from "../../support/cluster.ts";

portsFrom(49_000);

/**
 * One who writes as a client of the sentinels does, until stopped; gives the keys whose write was
 * acknowledged.
 */
function writer(cluster: Cluster): { count: () => number; stop: () => Promise<string[]> } {
  const client = sentinelClient(cluster);
  const acknowledged: string[] = [];
  const state = { running: true };
  const work = (async () => {
    for (let index = 0; state.running; index++) {
      const written = await client.set(`key:${index}`, index).catch(() => undefined);
      if (written === "OK") acknowledged.push(`key:${index}`);
      await sleep(2);
    }
    client.disconnect();
  })();
  const stop = async () => {
    state.running = false;
    await work;
    return acknowledged;
  };
  return { count: () => acknowledged.length, stop };
}

// What a terminal's Ctrl-C, a plugin and a lost connection do to a step; random moments of a
// hand-over, some two seconds.
const ends: [string, (pid: number) => void][] = [
  ["INT to the step's process group, as by Ctrl-C", (pid) => signal(-pid, "SIGINT")],
  ["TERM to the outer shell", (pid) => signal(pid, "SIGTERM")],
  ["KILL to the outer shell", (pid) => signal(pid, "SIGKILL")],
  ["KILL to the step's process group", (pid) => signal(-pid, "SIGKILL")],
  ["HUP to the step's process group", (pid) => signal(-pid, "SIGHUP")],
];

let hits = 0;

describe(
  "a step that has begun to hand over finishes it, whatever ends the step",
  { concurrency: 2 },
  () => {
    for (const [index, [what, end]] of ends.entries()) {
      for (const shell of shellsInTurn()) {
        test(`${what}, ${shell.name}`, (t) =>
          withCluster(shell, {}, async (cluster) => {
            await cluster.up();
            const writing = writer(cluster);
            // Of a test that failed, too: what goes on writing keeps the whole stage from its end.
            t.after(() => writing.stop());
            const moments = shuffled([0, 100, 300, 600, 1000, 1500], index + shell.name.length);
            for (const [round, moment] of moments.slice(0, 2).entries()) {
              const change = { settings: { databases: String(17 + round) } };
              const node = await cluster.named();
              const before = writing.count();
              await eventually("writes", () => writing.count() > before + 20);
              let step = 0;
              const ended = cluster.step("update", node, change, ({ pid = 0 }) => (step = pid));
              await eventually("the hand-over has begun", () => cluster.handingOver(node) !== 0);
              await sleep(moment);
              const own = cluster.handingOver(node);
              end(step);
              // Seen before and after: the end came while it handed over, surely.
              const hit = own !== 0 && cluster.handingOver(node) === own;
              t.diagnostic(
                `${node}, ${moment} ms after it had begun: ${hit ? "in" : "after"} the hand-over`,
              );
              await ended;
              await eventually("the hand-over has ended", () => cluster.handingOver(node) === 0);
              // A step that was ended later may have stopped the node already, which the next one
              // starts.
              if (hit) {
                hits++;
                await cluster.verify();
                const roles = cluster.nodes.map(({ name }) => cluster.role(name));
                assert.deepEqual((await Promise.all(roles)).sort(), ["master", "slave", "slave"]);
                assert.notEqual(await cluster.named(), node, "it was handed over");
              }
              for (const { name } of cluster.nodes) await cluster.done("update", name, change);
              await cluster.verify();
              for (const { name } of cluster.nodes)
                assert.equal(
                  await cluster.ask(name, "CONFIG", "GET", "databases"),
                  `databases\n${change.settings.databases}`,
                );
            }
            const acknowledged = await writing.stop();
            const reader = new Redis({
              host: "127.0.0.1",
              port: cluster.member(await cluster.named()).port,
            });
            const values = await reader.mget(acknowledged);
            reader.disconnect();
            assert.deepEqual(
              acknowledged.filter((_, key) => values[key] === null),
              [],
            );
          }));
      }
    }
  },
);

test("some of these ends came in the hand-over", () => {
  assert.ok(hits > 0);
});
