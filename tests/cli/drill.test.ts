import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseDrill } from "../../cli/drill/arguments.ts";
import { pictureFile, writePicture } from "../../cli/drill/file.ts";
import { limitsOf } from "../../cli/drill/limits.ts";
import { eventText, watchEvents } from "../../cli/drill/events.ts";
import { linked, unnoticed } from "../../cli/drill/noticed.ts";
import { planOf } from "../../cli/drill/plan.ts";
import { isListening } from "../../cli/drill/process.ts";
import { type Findings, passed, summary } from "../../cli/drill/summary.ts";
import { type Entry, entryText, Timeline } from "../../cli/drill/timeline.ts";
import { lossesOf } from "../../cli/drill/writer.ts";
import { CliError } from "../../cli/program.ts";
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

  test("of a sentinel that was gone, and then accepts connections and says nothing, are heard again", async () => {
    let connections = 0;
    // As the engine of a container does, whose server is not there yet.
    const server = createServer((socket) => {
      const number = ++connections;
      socket
        .on("error", () => undefined)
        .on("data", (data) => {
          const introduced = data.toString().match(/^client\r$/gim)?.length ?? 0;
          socket.write("+OK\r\n".repeat(introduced));
          if (number === 2 || !/psubscribe/i.test(data.toString())) return;
          socket.write("*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n");
          if (number === 1) setTimeout(() => socket.destroy(), 20);
          else socket.write("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$10\r\n+new-epoch\r\n$1\r\n5\r\n");
        });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const timeline = new Timeline(() => undefined);
    const sentinels = [{ host: "redis1", address: "127.0.0.1", port }];
    const end = await watchEvents({ ...members, sentinels }, timeline);
    try {
      await until({
        what: "the event",
        limit: 30_000,
        look: () =>
          Promise.resolve(
            timeline.entries.some(({ text }) => text === "+new-epoch 5")
              ? { found: true }
              : { seen: `${connections} connections` },
          ),
        interval: 50,
        say: () => undefined,
      });
      assert.ok(connections >= 3);
    } finally {
      end();
      server.close();
    }
  });

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

describe("what a drill is asked for", () => {
  const asked: readonly (readonly [string[], Partial<ReturnType<typeof parseDrill>>])[] = [
    [[], { kind: "master", name: "", orderly: false, yes: false, stack: undefined }],
    [["prod", "--stop", "--yes"], { kind: "master", orderly: true, yes: true, stack: "prod" }],
    [["--switchover"], { kind: "switchover" }],
    [["--process", "node2", "prod"], { kind: "process", name: "node2", stack: "prod" }],
    [["--host=redis2", "--stop"], { kind: "host", name: "redis2", orderly: true }],
    [["--all", "--picture", "a.svg"], { kind: "all", picture: "a.svg" }],
  ];
  for (const [args, expected] of asked)
    test(args.join(" ") || "nothing", () => {
      const request = parseDrill(args, "U");
      assert.deepEqual({ ...request, ...expected }, request);
    });
  const refused: readonly (readonly [string[], RegExp])[] = [
    [["--all", "--host", "redis1"], /One drill at a time: --host, --all/],
    [["--switchover", "--stop"], /a switchover ends nothing/],
    [["--all", "--stop"], /nobody to hand over to/],
    [["--process"], /--process/],
    [["--host", ""], /--host is empty/],
    [["a", "b"], /One stack at a time: a, b/],
    [["--force"], /--force/],
  ];
  for (const [args, message] of refused)
    test(`refused: ${args.join(" ")}`, () => {
      assert.throws(
        () => parseDrill(args, "Usage"),
        (error: unknown) =>
          error instanceof CliError && error.exitStatus === 2 && message.test(error.message),
      );
    });
});

describe("what a drill is going to do", () => {
  const commands = { kill: "k", stop: "s", start: "b", handover: "h", mark: "m" };
  /** The seed's topology, and the outputs that belong to it. */
  const stack = () => {
    const { topology, nodes, sentinels } = healthy();
    const listed = topology.nodes.map(({ name, host, address, port, directory }) => ({
      ...{ name, host, address, port, directory },
      commands: { ...commands },
    }));
    const watching = topology.sentinels.map(({ host, address, port }, index) => ({
      ...{ name: `sentinel${index + 1}`, host, address, port, directory: "" },
      commands: { ...commands },
    }));
    const outputs = {
      ...topology,
      nodes: listed,
      processes: [...listed, ...watching],
      kvdbStanza: "",
    };
    return { topology, nodes, sentinels, outputs };
  };
  type Stack = ReturnType<typeof stack>;
  const plan = (
    request: Partial<Parameters<typeof planOf>[0]>,
    { topology, outputs }: Stack,
  ): ReturnType<typeof planOf> => {
    const master = topology.nodes[0];
    assert.ok(master);
    return planOf(
      { kind: "master", name: "", orderly: false, ...request },
      outputs,
      topology,
      master,
    );
  };
  const planned: readonly (readonly [
    Partial<Parameters<typeof planOf>[0]>,
    string,
    boolean,
    RegExp,
  ])[] = [
    [
      {},
      "node1",
      true,
      /the master, node1 \(redis1:16300\), is killed\nNobody can write .* 10\.0 s/,
    ],
    [{ orderly: true }, "node1", true, /is stopped\nWrites are held back/],
    [{ kind: "switchover" }, "", true, /is handed over\nWrites are held back/],
    [{ kind: "process", name: "node2" }, "node2", false, /node2 .* is killed\nClients should not/],
    [{ kind: "process", name: "sentinel3" }, "sentinel3", false, /sentinel3 \(redis3:36355\) is/],
    [{ kind: "process", name: "node1" }, "node1", true, /is killed, the master\nNobody can write/],
    [{ kind: "host", name: "redis1" }, "node1 sentinel1", true, /all of the host redis1 is killed/],
    [{ kind: "host", name: "redis2" }, "node2 sentinel2", false, /Clients should not notice/],
    [
      { kind: "all" },
      "node1 node2 node3 sentinel1 sentinel2 sentinel3",
      false,
      /all 6 processes are killed at once\nNobody can read or write/,
    ],
  ];
  for (const [request, victims, movesMaster, words] of planned)
    test(JSON.stringify(request), () => {
      const made = plan(request, stack());
      assert.equal(made.victims.map(({ name }) => name).join(" "), victims);
      assert.equal(made.movesMaster, movesMaster);
      assert.match([made.title, ...made.words].join("\n"), words);
    });

  const refused: readonly (readonly [
    string,
    Partial<Parameters<typeof planOf>[0]>,
    (stack: Stack) => void,
    RegExp,
    number,
  ])[] = [
    [
      "a process that there is none of",
      { kind: "process", name: "node9" },
      () => undefined,
      /node9 is no process of the stack: node1, node2, node3, sentinel1/,
      2,
    ],
    [
      "a host that there is none of",
      { kind: "host", name: "zato" },
      () => undefined,
      /zato is no host of the stack: redis1, redis2, redis3$/,
      2,
    ],
    [
      "a host with most of the sentinels",
      { kind: "host", name: "redis1" },
      ({ topology, outputs }) => {
        for (const each of [topology.sentinels[1], outputs.processes[4]])
          if (each) Object.assign(each, { host: "redis1", address: "10.0.0.1" });
      },
      /1 of 3 sentinels would be left, and 2 are needed/,
      1,
    ],
    [
      "a quorum that those who are left are not",
      { kind: "host", name: "redis1" },
      ({ sentinels }) => {
        for (const each of sentinels) each.quorum = 3;
      },
      /2 of 3 sentinels would be left, and 3 are needed/,
      1,
    ],
    [
      "nobody else who may be made the master",
      {},
      ({ nodes }) => {
        nodes[1].priority = 0;
        nodes[2].priority = 0;
      },
      /no other node would be left that may be made the master/,
      1,
    ],
    [
      "a next master that would refuse writes",
      {},
      ({ nodes }) => {
        nodes[0].wantedReplicas = 2;
      },
      /would have 1 replicas, and takes no writes with less than 2/,
      1,
    ],
    [
      "a stack that an older version has brought up, which tells nothing of sentinels",
      { kind: "host", name: "redis1" },
      ({ outputs }) => {
        outputs.processes = [];
      },
      /does not say how to end a sentinel/,
      2,
    ],
    [
      "what could not be started again",
      { kind: "process", name: "node2" },
      ({ outputs }) => {
        Object.assign(outputs.processes[1]?.commands ?? {}, { start: undefined });
      },
      /does not say how to start node2/,
      2,
    ],
  ];
  for (const [what, request, spoil, message, exitStatus] of refused)
    test(`refused: ${what}`, () => {
      const spoilt = stack();
      spoil(spoilt);
      assert.throws(
        () => plan(request, spoilt),
        (error: unknown) =>
          error instanceof CliError &&
          error.exitStatus === exitStatus &&
          message.test(error.message),
      );
    });

  test("a switchover keeps the former master as a replica, and a master that is lost does not", () => {
    const spoilt = stack();
    spoilt.nodes[0].wantedReplicas = 2;
    assert.equal(plan({ kind: "switchover" }, spoilt).movesMaster, true);
  });
});

test("a loss is noticed once every sentinel that is left sees it as down", () => {
  const { topology, sentinels } = healthy();
  const [, node2] = topology.nodes;
  const sentinel1 = topology.sentinels[0];
  assert.ok(node2 && sentinel1);
  assert.equal(unnoticed(topology, [node2]).length, 3);
  assert.equal(unnoticed(topology, [node2, sentinel1]).length, 4, "one is lost, two are asked");
  for (const each of sentinels)
    for (const known of each.replicas ?? [])
      if (known.port === node2.port) known.flags.push("s_down");
  assert.deepEqual(unnoticed(topology, [node2]), []);
  silence(topology.sentinels, 0);
  assert.match(unnoticed(topology, [node2]).join(), /redis1:16355 does not see redis2:26300 as/);
});

test("the replicas are linked where all but the master are", () => {
  const { topology, nodes } = healthy();
  assert.equal(linked(topology), true);
  Object.assign(nodes[1].link ?? {}, { syncing: true });
  assert.equal(linked(topology), false);
  for (const index of [0, 1]) silence(topology.sentinels, index);
  assert.equal(linked(topology), false, "nobody says who is the master");
});

test("a picture takes no file's place", () => {
  const directory = mkdtempSync(join(tmpdir(), "redis-ha-picture-"));
  try {
    const file = join(directory, "a.svg");
    const request = { kind: "host" as const, name: "redis1", picture: file };
    assert.equal(pictureFile(request, "dev"), file);
    assert.match(writePicture(file, "<svg/>"), /a\.svg$/);
    assert.match(writePicture(file, "other"), /could not be written: EEXIST/);
    assert.equal(readFileSync(file, "utf8"), "<svg/>");
    assert.throws(() => pictureFile(request, "dev"), /there is such a file/);
    assert.throws(() => pictureFile({ ...request, picture: "/nowhere/a.svg" }, "dev"), /ENOENT/);
    assert.match(
      pictureFile({ ...request, picture: undefined }, "me/p/dev", new Date(0)),
      /\/drill-dev-host-redis1-19700101T000000Z\.svg$/,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
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
    plan: { kind: "master", victims: [before], orderly: false },
    before,
    after,
    gap: 10_432,
    downAfterMilliseconds: 10_000,
    keySurvived: true,
    acknowledged: 90,
    losses: { replicated: 0, inFlight: 0 },
  };
  assert.equal(passed(findings), true);
  assert.deepEqual(summary(findings), [
    "Drill passed",
    "  master        node1 (redis1:16300) -> node2 (redis2:26300)",
    "  no write for  10.4 s (down-after is 10.0 s)",
    "  key           survived",
    "  writes        90 acknowledged, 0 lost",
    "  back          node1",
  ]);
  const lost = { ...findings, losses: { replicated: 0, inFlight: 2 } };
  assert.equal(passed(lost), true);
  const stopped = { ...lost, plan: { ...lost.plan, orderly: true } };
  assert.equal(passed(stopped), false);
  assert.equal(summary(stopped)[0], "Drill FAILED");
  assert.match(summary(lost).at(-1) ?? "", /2 had not reached all replicas/);
  const switchover = { kind: "switchover" as const, victims: [], orderly: false };
  assert.equal(passed({ ...lost, plan: switchover }), false);
  const none = { ...findings, plan: switchover, gap: 61.6 };
  assert.match(
    summary({ ...none, after: before }).join("\n"),
    /\), as before\n {2}no write for {2}62 ms/,
  );
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
