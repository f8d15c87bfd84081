import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { memoryFor, nodeConf, persistenceOf } from "../../components/redis/nodeConf.ts";
import { clientOf } from "../../components/serverProgram.ts";
import { mastersConf, sentinelConf } from "../../components/redis/sentinelConf.ts";
import {
  atLeast,
  limitationsOf,
  oldestSupported,
  parseServerVersion,
  type ServerVersion,
} from "../../components/redis/version.ts";
import {
  directiveLines,
  directiveProblems,
  priorityOf,
  sentinelDirectiveLines,
} from "../../components/redis/directives.ts";
import { resolveTopology } from "../../components/redis/topology.ts";
import { versionsNamed } from "../../components/zato/versions.ts";
import { kvdbValues } from "../../components/zato/wishes.ts";
import { render } from "../../templates/render.ts";
import type { Host } from "../../hosts/host.ts";
import { assignments, quote } from "../../hosts/shell.ts";

const version = (line: string) => parseServerVersion(line) as ServerVersion;
const redis = (number: string) =>
  version(`Redis server v=${number} sha=00000000:0 malloc=libc bits=64 build=0`);

describe("server versions", () => {
  for (const [line, label, level] of [
    [
      "Redis server v=2.8.19 sha=00000000:0 malloc=libc bits=64 build=9ab6f4f2b5a3b0b7",
      "Redis 2.8.19",
      [2, 8, 19],
    ],
    [
      "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d81b8ff71cfb150e",
      "Redis 7.0.15",
      [7, 0, 15],
    ],
    [
      "Redis server v=8.0.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1",
      "Redis 8.0.2",
      [8, 0, 2],
    ],
    [
      "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1",
      "Valkey 8.1.1",
      [7, 2, 4],
    ],
  ] as const) {
    it(`reads ${label}`, () => {
      const parsed = parseServerVersion(line);
      assert.deepEqual([parsed?.label, parsed?.level], [label, level]);
    });
  }

  it("reads no version out of an error", () => {
    assert.equal(parseServerVersion("sh: redis-server: not found"), undefined);
    assert.equal(parseServerVersion(""), undefined);
  });

  it("knows which versions are too old", () => {
    assert.deepEqual(
      ["2.6.17", "2.8.3", "2.8.4", "3.0.0", "10.0.0"].map((each) =>
        atLeast(redis(each), oldestSupported),
      ),
      [false, false, true, true, true],
    );
  });

  it("names what a version lacks, and nothing for a current one", () => {
    assert.equal(limitationsOf(redis("7.0.15")).length, 0);
    assert.equal(limitationsOf(version("Valkey server v=8.1.1 sha=0")).length, 0);
    assert.deepEqual(
      limitationsOf(redis("6.0.16")).map((line) => /needs [\d.]+/.exec(line)?.[0]),
      ["needs 6.2", "needs 6.2"],
    );
    assert.equal(limitationsOf(redis("2.8.19")).length, 3);
  });
});

/** The lines of a file, but for the comment in front. */
const linesOf = (text: string) => text.split("\n").slice(text.startsWith("#") ? 1 : 0, -1);
const nodeLines = (...args: Parameters<typeof nodeConf>) => linesOf(nodeConf(...args));
const sentinelLines = (...args: Parameters<typeof sentinelConf>) => linesOf(sentinelConf(...args));

describe("rendered settings speak the server's version", () => {
  const host = { hostName: "redis2" } as Host;
  const words = (number: string) =>
    nodeLines(
      {
        name: "node2",
        host,
        bind: "redis2",
        port: 26300,
        address: "127.0.0.2",
        directory: "/srv/node2",
        logFile: "/srv/node2/log",
      },
      redis(number),
    )
      .map((line) => line.split(" ")[0])
      .join(" ");
  const common = "bind port dir logfile appendonly";

  for (const [number, expected] of [
    ["2.8.4", `${common} min-slaves-to-write min-slaves-max-lag`],
    ["2.8.19", `${common} min-slaves-to-write min-slaves-max-lag repl-diskless-sync-delay`],
    [
      "4.0.14",
      `${common} min-slaves-to-write min-slaves-max-lag repl-diskless-sync-delay slave-announce-ip slave-announce-port`,
    ],
    [
      "6.0.16",
      `${common} min-replicas-to-write min-replicas-max-lag repl-diskless-sync-delay replica-announce-ip replica-announce-port`,
    ],
    [
      "8.0.2",
      `${common} min-replicas-to-write min-replicas-max-lag repl-diskless-sync-delay replica-announce-ip replica-announce-port`,
    ],
  ] as const) {
    it(`a node of Redis ${number}`, () => {
      assert.equal(words(number), expected);
    });
  }

  it("turns protected mode off where others than the machine itself have to get through, and only there", () => {
    const lines = (number: string, address: string, listensOn = "redis2") =>
      nodeLines(
        { name: "node2", host, bind: listensOn, port: 1, address, directory: "/", logFile: "" },
        redis(number),
      );
    assert.ok(lines("7.0.15", "10.0.0.2").includes("protected-mode no"));
    assert.ok(lines("7.0.15", "172.30.0.1", "0.0.0.0").includes("protected-mode no"));
    assert.ok(!lines("7.0.15", "127.0.0.1").some((line) => line.startsWith("protected-mode")));
    assert.ok(
      !lines("2.8.19", "10.0.0.2").some((line) => line.startsWith("protected-mode")),
      "3.2 brought it",
    );
  });

  it("allows twice the memory that the data may take, for the copy that a snapshot makes", () => {
    for (const [maxmemory, bytes] of [
      ["256mb", 2 * 256 * 2 ** 20],
      ["1g", 2e9],
      ["1000", 2000],
      ['"10kb"', 2 * 10 * 2 ** 10],
      ["'1mb'", 2 * 2 ** 20],
      ["1mb\n2mb", 2 * 2 * 2 ** 20],
    ] as const) {
      assert.equal(memoryFor(maxmemory), bytes + 64 * 2 ** 20, maxmemory);
    }
    for (const none of [undefined, "0", "0mb"]) assert.equal(memoryFor(none), undefined);
  });

  it("announces names from 6.2 on, addresses before", () => {
    const announced = (number: string) =>
      nodeLines(
        {
          name: "node2",
          host,
          bind: "redis2",
          port: 1,
          address: "10.0.0.2",
          directory: "/",
          logFile: "",
        },
        redis(number),
      ).find((line) => line.includes("announce-ip"));
    assert.equal(announced("6.0.16"), "replica-announce-ip 10.0.0.2");
    assert.equal(announced("6.2.0"), "replica-announce-ip redis2");
    const sentinel = (number: string) =>
      sentinelLines(
        {
          name: "sentinel2",
          host,
          bind: "redis2",
          port: 1,
          address: "10.0.0.2",
          directory: "/",
          logFile: "",
        },
        redis(number),
      ).join("\n");
    assert.match(
      sentinel("6.2.0"),
      /^sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel announce-ip redis2$/m,
    );
    assert.doesNotMatch(sentinel("6.0.16"), /hostnames/);
  });

  it("puts options of Sentinel where they belong: behind a master's name, behind `sentinel`, or alone", () => {
    const settings = {
      "notification-script": "/n",
      "deny-scripts-reconfig": "no",
      loglevel: "notice",
      "master-reboot-down-after-period": "5",
    };
    assert.deepEqual(sentinelDirectiveLines(settings, "m"), [
      "sentinel notification-script m /n",
      "sentinel master-reboot-down-after-period m 5",
    ]);
    assert.deepEqual(sentinelDirectiveLines(settings), [
      "sentinel deny-scripts-reconfig no",
      "loglevel notice",
    ]);
    const lines = sentinelLines(
      {
        name: "sentinel2",
        host,
        bind: "redis2",
        port: 1,
        address: "10.0.0.2",
        directory: "/",
        logFile: "",
        directives: settings,
      },
      redis("7.0.15"),
    );
    assert.deepEqual(lines.slice(-2), ["sentinel deny-scripts-reconfig no", "loglevel notice"]);
  });

  it("knows who can be promoted, as redis.conf says it", () => {
    const given = [
      {},
      { "replica-priority": "0" },
      { "slave-priority": "50" },
      { "replica-priority": '"0"' },
      { "replica-priority": "1\n0" },
    ];
    assert.deepEqual(
      given.map((each) => priorityOf(each as Record<string, string>)),
      [100, 0, 50, 0, 0],
    );
  });

  it("puts free options of Sentinel behind the master's name", () => {
    const master = {
      name: "redis-ha",
      initialMaster: "node1",
      quorum: 2,
      downAfterMilliseconds: 1,
      parallelSyncs: 2,
      failoverTimeoutMilliseconds: 3,
    };
    assert.deepEqual(
      linesOf(mastersConf([master], { "notification-script": "/bin/true" })).slice(3),
      ["sentinel notification-script redis-ha /bin/true"],
    );
  });
});

describe("free settings", () => {
  for (const value of [
    "yes",
    "900 1",
    '"KEA"',
    '""',
    "normal 0 0 0\nreplica 256mb 64mb 60",
    'a"b"',
    "\u00a0",
    '"a \\" b" c',
    "'single' word",
    "ключ",
  ]) {
    it(`accepts ${JSON.stringify(value)}`, () => {
      assert.deepEqual(directiveProblems("redis", { x: value }), []);
    });
  }
  for (const value of [
    '"open',
    '"a"b',
    "'a'b",
    "it's",
    'a"b c"d',
    "'a\\\\'",
    "'a'\u00a0'b'",
    "a\u0000",
    "\n",
    'x "',
    "a\n\nb",
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      assert.equal(directiveProblems("redis", { x: value }).length > 0, true);
    });
  }
  it("does not repeat a password that it refuses", () => {
    assert.doesNotMatch(
      JSON.stringify(directiveProblems("redis", { requirepass: "hunter2" })),
      /hunter2/,
    );
  });
  it("knows the file names that the server makes of them", () => {
    const snapshotOf = (dbfilename: string) => persistenceOf({ dbfilename }).snapshot;
    for (const [value, name] of [
      ["a.rdb", "a.rdb"],
      ['"a b.rdb"', "a b.rdb"],
      ['"a\\x41\\n\\"b"', 'aA\n"b'],
      ["'a\\x41'", "a\\x41"],
      ['a"b"', "ab"],
      ["a\nb", "b"],
    ] as const)
      assert.equal(snapshotOf(value), name);
  });
  it("leaves every blank that is none to the server", () => {
    assert.deepEqual(directiveLines({ x: " \u00a0a\ufeff\t" }), ["x \u00a0a\ufeff"]);
  });
  it("writes a line for each line of a value", () => {
    assert.deepEqual(directiveLines({ save: "900 1\n300 10" }), ["save 900 1", "save 300 10"]);
  });
});

describe("Zato's values", () => {
  const deployed = {
    sentinels: ["redis1:16355", "redis2:26355", "redis3:36355"],
    masterName: "redis-ha",
    node: "redis1:16300",
    socketTimeoutSeconds: 0.5,
  };
  it("are the seed's", () => {
    assert.deepEqual(kvdbValues(deployed, { timeout: true }), {
      host: "redis1",
      port: "16300",
      socket_timeout: "0.5",
      use_redis_sentinels: "True",
      redis_sentinels: "redis1:16355, redis2:26355, redis3:36355",
      redis_sentinels_master: "redis-ha",
    });
  });
  it("make a stanza that is complete, as a new server has it", () => {
    const versions = versionsNamed();
    const stanza = render("kvdb.hbs", {
      ...kvdbValues(deployed, versions),
      versions: versions.name,
    });
    const keys = [...stanza.matchAll(/^(\w+)=/gm)].map(([, key]) => key);
    const newServer =
      "host port unix_socket_path password db socket_timeout charset errors use_redis_sentinels redis_sentinels redis_sentinels_master shadow_password_in_logs log_connection_info_sleep_time";
    assert.equal(keys.join(" "), newServer);
    assert.match(
      stanza,
      /^# Takes the place of the whole \[kvdb\] .* Zato 3\.2 or 3\.3: .*\n\[kvdb\]\nhost=redis1\nport=16300\n/,
    );
    assert.match(stanza, /^password=$/m);
  });
  it("make a list of a single sentinel", () => {
    const one = { ...deployed, sentinels: ["redis1:16355"] };
    assert.equal(kvdbValues(one, { timeout: true }).redis_sentinels, "redis1:16355,");
  });
});

describe("the shell", () => {
  for (const text of [
    "plain",
    "",
    "two words",
    "it's",
    '"',
    "$HOME `id` \\",
    "a\nb\n",
    "*",
    "-n",
    "ümläut %s %%",
    "~",
    "a;b",
    "#",
    "!x",
  ]) {
    it(`reads ${JSON.stringify(text)} back as it was`, () => {
      assert.equal(execFileSync("sh", ["-c", `printf %s ${quote(text)}`]).toString(), text);
      assert.equal(
        execFileSync("sh", { input: `${assignments({ x: text })}printf %s "$x"` }).toString(),
        text,
      );
    });
  }
});

describe("the topology", () => {
  it("is the seed's by default", () => {
    const { topology, problems } = resolveTopology({});
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [topology.quorum, topology.initialMaster, topology.nodes.length, topology.sentinels.length],
      [2, "node1", 3, 3],
    );
  });
  it("counts like people do: node10 comes after node2", () => {
    const nodes = Object.fromEntries(
      [10, 2, 1].map((each) => [`node${each}`, `redis${each}:6379`]),
    );
    assert.deepEqual(
      resolveTopology({ nodes }).topology.nodes.map(({ name }) => name),
      ["node1", "node2", "node10"],
    );
  });
  for (const [count, quorum] of [
    [1, 1],
    [3, 2],
    [5, 3],
    [7, 4],
  ] as const) {
    it(`takes ${quorum} for the quorum of ${count} sentinels`, () => {
      const sentinels = Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`s${index}`, `redis1:${index + 1}`]),
      );
      assert.deepEqual(resolveTopology({ sentinels }).problems, []);
      assert.equal(resolveTopology({ sentinels }).topology.quorum, quorum);
    });
  }
  it("finds the client that belongs to a server", () => {
    assert.deepEqual(["redis-server", "/opt/v/bin/valkey-server", "/opt/redis"].map(clientOf), [
      "redis-cli",
      "/opt/v/bin/valkey-cli",
      "/opt/redis-cli",
    ]);
  });
});
