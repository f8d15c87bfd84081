import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import {
  ask,
  checkout,
  eventually,
  isRunning,
  members,
  namedMaster,
  Project,
} from "../support/project.ts";
import { MovedOn, server } from "../support/servers.ts";
import { Writer } from "./writer.ts";

/**
 * What is different from version to version; ports are each version's own, below those that
 * outgoing connections get.
 */
interface Expected {
  version: string;
  prefix: string;
  port: number;
  /** Sentinels answer with host names, not addresses. */
  hostNames: boolean;
  checkQuorum: boolean;
  /** What the operator has to do without, a pattern for each line. */
  limitations: RegExp[];
}

const addresses = /addresses, not host names/;
const refusedWrites = /writes are refused instead of delayed/;
const countedQuorum = /the quorum is counted/;

const matrix: Expected[] = [
  {
    version: "Redis 2.8.19",
    prefix: "m2819-",
    port: 24_000,
    hostNames: false,
    checkQuorum: false,
    limitations: [addresses, refusedWrites, countedQuorum],
  },
  {
    version: "Redis 6.0.16",
    prefix: "m6016-",
    port: 24_100,
    hostNames: false,
    checkQuorum: true,
    limitations: [addresses, refusedWrites],
  },
  {
    version: "Redis 7.0.15",
    prefix: "m7015-",
    port: 24_200,
    hostNames: true,
    checkQuorum: true,
    limitations: [],
  },
  {
    version: "Redis 8.0.2",
    prefix: "m802-",
    port: 24_300,
    hostNames: true,
    checkQuorum: true,
    limitations: [],
  },
  {
    version: "Redis 8.0.6",
    prefix: "m806-",
    port: 24_800,
    hostNames: true,
    checkQuorum: true,
    limitations: [],
  },
  {
    version: "Valkey 8.1.1",
    prefix: "v811-",
    port: 24_400,
    hostNames: true,
    checkQuorum: true,
    limitations: [],
  },
  {
    version: "Valkey 9.1.2",
    prefix: "v912-",
    port: 24_600,
    hostNames: true,
    checkQuorum: true,
    limitations: [],
  },
];

// versions.test.ts goes to it and back.
const onlyInSoak = process.env.ROUNDS === undefined ? ["Redis 8.0.2"] : [];

describe("every version of the matrix", { concurrency: 2, timeout: 2_400_000 }, () => {
  for (const expected of matrix.filter(({ version }) => !onlyInSoak.includes(version))) {
    describe(expected.version, { concurrency: 1 }, () => {
      wholeLife(expected);
    });
  }
});

function wholeLife({ version, prefix, port, hostNames, checkQuorum, limitations }: Expected): void {
  const topology = members(prefix, port);
  const nodes = Object.values(topology.nodes);
  const sentinels = Object.values(topology.sentinels);
  const [firstSentinel = ""] = sentinels;
  const keys = new Map<string, string>();
  let config: Record<string, unknown> = { ...topology, sentinel: { downAfterMilliseconds: 2000 } };
  let project: Project | undefined;
  let found = version;

  let failed: string | undefined;
  /** Why there is no such version any more. */
  let movedOn: string | undefined;
  /**
   * A step builds on those before: after one that failed it would fail for another reason than its
   * name says.
   */
  const step = (what: string, test: (project: Project, t: TestContext) => Promise<void> | void) => {
    it(what, async (t) => {
      if (!project || failed) {
        t.skip(movedOn ?? `not tried: failed before: ${failed ?? version}`);
        return;
      }
      failed = what;
      await test(project, t);
      failed = undefined;
    });
  };

  before(async () => {
    const binaries = await server(version, (line) => {
      console.log(line);
    }).catch((error: unknown) => {
      if (!(error instanceof MovedOn)) throw error;
      movedOn = error.message;
      return undefined;
    });
    if (!binaries) return;
    found = binaries.found;
    config = { ...config, redis: { serverBinary: binaries.server, cliBinary: binaries.cli } };
    project = new Project(config);
    await project.init();
  });
  after(() => project?.remove());

  /**
   * The master as `sentinel` names it, checked to be in the form of this version, as in `nodes`.
   */
  const masterOf = async (sentinel: string) => {
    const named = await namedMaster(sentinel);
    const [host = "", namedPort = ""] = named.split(":");
    const node = nodes.find((each) => each.endsWith(`:${namedPort}`));
    assert.ok(node, `${named} is one of ${nodes.join(", ")}`);
    assert.equal(host, hostNames ? node.split(":")[0] : "127.0.0.1");
    return node;
  };
  const master = () => masterOf(firstSentinel);
  const nameOf = (place: string) =>
    Object.entries(topology.nodes).find(([, each]) => each === place)?.[0] ?? place;
  const masterFields = async (sentinel: string) =>
    pairs(await ask(sentinel, "SENTINEL", "MASTER", "redis-ha"));
  const epoch = async () => Number((await masterFields(firstSentinel)).get("config-epoch"));

  const logOf = (project: Project, name: string) => {
    const [host = ""] = ({ ...topology.nodes, ...topology.sentinels }[name] ?? "").split(":");
    return readFileSync(join(project.redis, host, name, "log"), "utf8");
  };

  const assertHealthy = async (project: Project) => {
    assert.deepEqual(
      [...project.pids().values()].map(isRunning),
      Array(6).fill(true),
      "six processes run",
    );
    for (const sentinel of sentinels) {
      const fields = await masterFields(sentinel);
      assert.deepEqual(
        [fields.get("num-slaves"), fields.get("num-other-sentinels"), fields.get("flags")],
        ["2", "2", "master"],
        sentinel,
      );
      if (checkQuorum)
        assert.match(
          String(await ask(sentinel, "SENTINEL", "CKQUORUM", "redis-ha")),
          /^OK 3 usable Sentinels/,
        );
    }
    assert.equal(
      new Set(await Promise.all(sentinels.map(masterOf))).size,
      1,
      "the sentinels agree",
    );
    const place = await master();
    for (const node of nodes)
      assert.equal(
        ((await ask(node, "ROLE")) as string[])[0],
        node === place ? "master" : "slave",
        node,
      );
  };
  const assertNothingLost = async () => {
    const place = await master();
    const lost: string[] = [];
    for (const [key, value] of keys) if ((await ask(place, "GET", key)) !== value) lost.push(key);
    assert.deepEqual(lost, [], `keys missing on ${place}, of ${keys.size}`);
  };

  step(
    "comes up with six processes, every sentinel knowing 2 replicas and 2 peers",
    async (project, t) => {
      const { seconds } = await project.up();
      t.diagnostic(`${found}: up ${seconds.toFixed(1)} s`);
      await assertHealthy(project);
      const info = String(await ask(await master(), "INFO", "server"));
      const field = found.startsWith("Valkey") ? "valkey_version" : "redis_version";
      assert.equal(
        new RegExp(`^${field}:(.*?)\r?$`, "m").exec(info)?.[1],
        found.split(" ")[1],
        "the server that runs is the one that was asked for",
      );
    },
  );

  step(
    "says in the output and in the status what this version lacks, and nothing else",
    async (project) => {
      // That the servers run as root is said of whoever runs the tests.
      const lines = (await project.output<string[]>("limitations")).filter(
        (line) => !line.includes("run as root"),
      );
      assert.equal(lines.length, limitations.length, lines.join("\n"));
      for (const pattern of limitations)
        assert.ok(
          lines.some((line) => line.startsWith(`${found}: `) && pattern.test(line)),
          `${pattern.source} in: ${lines.join("\n")}`,
        );
      const { status, output } = await project.run("node", join(checkout, "cli/status.ts"));
      assert.equal(status, 0, output);
      for (const line of lines)
        assert.ok(output.includes(line), `"${line}" in the status:\n${output}`);
    },
  );

  step(
    "fails over when the master is killed: another takes over, and the key is there",
    async (project, t) => {
      const before = await master();
      keys.set("before the failover", `on ${before}`);
      for (const [key, value] of keys) assert.equal(await ask(before, "SET", key, value), "OK");
      for (const node of nodes)
        await eventually(
          `the key is on ${node}`,
          async () => (await ask(node, "GET", "before the failover")) === `on ${before}`,
        );
      const began = Date.now();
      project.kill(nameOf(before));
      for (const sentinel of sentinels)
        await eventually(
          `${sentinel} names another master than ${before}`,
          async () => (await masterOf(sentinel)) !== before,
        );
      await eventually(
        "the new master takes writes",
        async () => (await ask(await master(), "SET", "after the failover", "taken")) === "OK",
      );
      t.diagnostic(
        `${found}: failover ${((Date.now() - began) / 1000).toFixed(1)} s with down-after 2 s`,
      );
      keys.set("after the failover", "taken");
      await assertNothingLost();
    },
  );

  step(
    "is repaired by `up`, with the sentinel that led the failover killed in the middle of it: the master stays, all know all again",
    async (project) => {
      const place = await master();
      const leader = Object.keys(topology.sentinels).find((name) =>
        logOf(project, name).includes("+promoted-slave"),
      );
      assert.ok(leader, "a sentinel has led the failover");
      project.kill(leader);
      await project.up();
      assert.equal(await master(), place);
      await assertHealthy(project);
      await assertNothingLost();
    },
  );

  step("changes nothing the second time", async (project) => {
    const pids = project.pids();
    await project.upChangesNothing();
    assert.deepEqual(project.pids(), pids);
  });

  step(
    "hands over without losing a write when a setting needs restarts, and touches no sentinel",
    async (project, t) => {
      const before = { master: await master(), pids: project.pids(), epoch: await epoch() };
      const ids = await Promise.all(
        sentinels.map(async (sentinel) => (await peersOf(sentinel)).sort()),
      );
      const writer = new Writer(sentinels, masterOf, keys);
      config = { ...config, redis: { ...(config.redis as object), directives: { databases: 20 } } };
      project.configure(config);
      const { output, seconds } = await project.up();
      await writer.stop();
      t.diagnostic(
        `${found}: hand-over ${seconds.toFixed(1)} s, ${writer.acknowledged} writes acknowledged, ${writer.refused} refused, longest gap ${writer.longestGap} ms`,
      );

      await eventually("the topology is healthy", async () => {
        await assertHealthy(project);
        return true;
      });
      await assertNothingLost();
      for (const node of nodes)
        assert.deepEqual(await ask(node, "CONFIG", "GET", "databases"), ["databases", "20"], node);
      for (const [name, pid] of project.pids())
        assert.equal(
          pid === before.pids.get(name),
          name.startsWith("sentinel"),
          `${name}: only nodes are restarted`,
        );
      assert.match(output, /^ +~ 4 updated$/m, output);
      assert.doesNotMatch(output, /^ +[-+] \d+ (?:created|deleted)$/m, output);
      // Whoever is master when its turn comes hands over: once, or twice if to a node whose turn is
      // still to come.
      const handovers = (await epoch()) - before.epoch;
      assert.ok(handovers >= 1 && handovers <= 2, `${handovers} hand-overs`);
      assert.deepEqual(
        await Promise.all(sentinels.map(async (sentinel) => (await peersOf(sentinel)).sort())),
        ids,
        "the sentinels keep their identities",
      );
      await project.upChangesNothing();
    },
  );

  step(
    "is repaired by `up` when all six were killed at once: the same master, nothing lost",
    async (project) => {
      const place = await master();
      for (const name of project.pids().keys()) project.kill(name);
      await project.up();
      assert.equal(await master(), place);
      await assertHealthy(project);
      await assertNothingLost();
    },
  );

  step("has no line about a directive or command it does not know in any log", (project) => {
    for (const name of project.pids().keys()) {
      const log = logOf(project, name);
      assert.ok(log.length > 0, `${name} has a log`);
      const complaints = log
        .split("\n")
        .filter((line) =>
          /fatal|bad directive|unknown|unrecognized|wrong number of arguments|syntax error|can.t resolve|failed to resolve/i.test(
            line,
          ),
        );
      assert.deepEqual(complaints, [], `${name}'s log`);
    }
  });

  step("leaves nothing behind when it is destroyed", async (project) => {
    const pids = [...project.pids().values()];
    assert.equal(pids.length, 6);
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);
    await eventually("all processes have ended", () => !pids.some(isRunning));
    assert.ok(!existsSync(project.redis), `${project.redis} is gone`);
    assert.ok(
      !readFileSync("/etc/hosts", "utf8").includes(prefix),
      `/etc/hosts no longer names ${prefix}1`,
    );
  });

  async function peersOf(sentinel: string): Promise<string[]> {
    return ((await ask(sentinel, "SENTINEL", "SENTINELS", "redis-ha")) as string[][]).map(
      (each) => pairs(each).get("runid") ?? "",
    );
  }
}

function pairs(reply: unknown): Map<string, string> {
  const words = reply as string[];
  return new Map(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : [])),
  );
}
