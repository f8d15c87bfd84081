import assert from "node:assert/strict";
import { test } from "node:test";
import {
  nodeFacts,
  type NodeReplies,
  type Reply,
  type SentinelReplies,
  topologyOf,
} from "../../topology/facts.ts";
import { infoFields } from "../../topology/replies.ts";
import { inShell, shells } from "../support/shell.ts";
import { allWell, members, repliesOf } from "../support/said.ts";

test("INFO of a master, Valkey", () => {
  const info =
    "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.1\r\nloading:0\r\nrole:master\r\nslave0:ip=redis2,port=26300,state=online,offset=7,lag=1\r\n" +
    "min_slaves_good_slaves:1\r\nmaster_repl_offset:9\r\naof_last_write_status:err\r\ndb0:keys=2,expires=0\r\ndb3:keys=5,expires=0\r\n";
  const facts = nodeFacts(infoFields(info), 1, 70);
  assert.deepEqual(
    { ...facts, link: undefined },
    {
      role: "master",
      server: "Valkey 8.1.1",
      loading: false,
      offset: 9,
      priority: 70,
      keys: 7,
      link: undefined,
      replicas: [{ host: "redis2", port: 26300, lagSeconds: 1 }],
      wantedReplicas: 1,
      goodReplicas: 1,
      diskTrouble: "it could not write its append-only file",
    },
  );
});

test("a replica says itself whether it can be promoted", () => {
  assert.equal(nodeFacts(infoFields("role:slave\r\nslave_priority:0\r\n"), 0, 100).priority, 0);
  assert.equal(nodeFacts(infoFields("role:master\r\n"), 0).priority, undefined);
});

test("INFO of a replica, Redis 2.8", () => {
  const info =
    "redis_version:2.8.19\nrole:slave\nmaster_host:127.0.0.1\nmaster_port:16300\nmaster_link_status:up\nmaster_sync_in_progress:0\nslave_repl_offset:4\n";
  const facts = nodeFacts(infoFields(info), 0);
  assert.deepEqual(
    [facts.role, facts.server, facts.offset, facts.link],
    ["replica", "Redis 2.8.19", 4, { host: "127.0.0.1", port: 16300, up: true, syncing: false }],
  );
});

/** A sentinel's view with other replies to some of the questions. */
function sentinelThat(said: Partial<SentinelReplies>) {
  const replies = repliesOf(allWell());
  Object.assign(replies.sentinels[0] as SentinelReplies, said);
  return topologyOf(members, replies).sentinels[0];
}

test("CKQUORUM: of a version that lacks it, no quorum, and no answer", () => {
  const facts = (ckquorum: Reply) => sentinelThat({ ckquorum })?.facts;
  const old = facts({ silence: "ERR Unknown sentinel subcommand 'CKQUORUM'" });
  assert.deepEqual([old?.ckquorum, old?.unanswered], [undefined, undefined]);
  assert.equal(facts({ silence: "NOQUORUM 1 usable" })?.ckquorum, "NOQUORUM 1 usable");
  const hung = facts({ silence: "Command timed out" });
  assert.deepEqual([hung?.ckquorum, hung?.unanswered], [undefined, "Command timed out"]);
});

test("what a sentinel says of itself", () => {
  const info =
    "# Server\r\nredis_version:2.8.19\r\n# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:1\r\n";
  const { facts, names } = sentinelThat({ info: { said: info } }) ?? {};
  assert.deepEqual(
    [facts?.server, facts?.tilt, facts?.epoch, names],
    ["Redis 2.8.19", true, 4, { host: "redis1", port: 16300 }],
  );
});

// A reply as it is for a program, as redis-cli prints it, and whether it is an answer to the
// question.
const info = "# Replication\nrole:slave\n# Keyspace\ndb0:keys=1";
const forms: [
  question: keyof NodeReplies | keyof SentinelReplies,
  form: string,
  said: unknown,
  printed: string,
  isAnswer: boolean,
][] = [
  ["minReplicas", "setting", ["min-replicas-to-write", "1"], "min-replicas-to-write\n1", true],
  [
    "minReplicas",
    "setting",
    ["min-slaves-to-write", "2", "min-replicas-to-write", "2"],
    "min-slaves-to-write\n2\nmin-replicas-to-write\n2",
    true,
  ],
  ["minReplicas", "setting", [], "", false],
  ["address", "address", ["redis1", "16300"], "redis1\n16300", true],
  ["address", "address", null, "", true],
  ["address", "address", ["redis1"], "redis1", false],
  ["address", "address", ["redis1", "x"], "redis1\nx", false],
  ["master", "fields", ["name", "redis-ha", "ip", "redis1"], "name\nredis-ha\nip\nredis1", true],
  ["master", "fields", [], "", false],
  ["master", "fields", ["ip", "redis1"], "ip\nredis1", false],
  ["replicas", "list", [], "", true],
  ["replicas", "list", [["name", "x", "ip", "y"]], "name\nx\nip\ny", true],
  ["replicas", "list", "OK", "OK", false],
  ["peers", "list", [["name", "x"]], "name\nx", true],
  ["peers", "list", [["ip", "x"]], "ip\nx", false],
  ["ckquorum", "quorum", "OK 3 usable Sentinels. Quorum", "OK 3 usable Sentinels. Quorum", true],
  ["ckquorum", "quorum", "OK", "OK", false],
];
const infos: [question: "node" | "sentinel", form: string, text: string, isAnswer: boolean][] = [
  ["node", "info", info, true],
  ["node", "info", info.replace("slave", "master"), true],
  ["node", "info", info.replace("slave", "sentinel"), false],
  ["node", "info", info.replace("# Keyspace", ""), false],
  ["node", "info", "", false],
  ["sentinel", "tilt", "# Sentinel\nsentinel_masters:1\nsentinel_tilt:0", true],
  ["sentinel", "tilt", "sentinel_tilt:1\nsentinel_masters:1", true],
  ["sentinel", "tilt", "# Sentinel\nsentinel_masters:1", false],
  ["sentinel", "tilt", info, false],
];

test("what is an answer, for npm run status", () => {
  const isAnswer = (question: string, said: unknown) => {
    const replies = repliesOf(allWell());
    Object.assign(
      replies[question === "minReplicas" || question === "node" ? "nodes" : "sentinels"][0] ?? {},
      {
        [question === "node" || question === "sentinel" ? "info" : question]: { said },
      },
    );
    const { nodes, sentinels } = topologyOf(members, replies);
    if (question === "minReplicas") return nodes[0]?.facts?.wantedReplicas !== undefined;
    return (
      nodes[0]?.facts !== undefined &&
      sentinels[0]?.facts !== undefined &&
      sentinels[0].facts.unanswered === undefined
    );
  };
  for (const [question, , said, , wanted] of forms)
    assert.equal(isAnswer(question, said), wanted, `${question} ${JSON.stringify(said)}`);
  for (const [question, , text, wanted] of infos)
    assert.equal(isAnswer(question, text.replaceAll("\n", "\r\n")), wanted, text);
});

/** As `redis-cli --csv` prints it. */
function csv(said: unknown): string {
  if (said === null) return "NULL";
  if (Array.isArray(said)) return said.map(csv).join(",");
  return JSON.stringify(said);
}

/** What a client printed that was asked several questions: what is told of each. */
const rounds: [what: string, shape: string, printed: string, told: string[]][] = [
  [
    "several replies, and an INFO behind them",
    "a:address f:fields t:tilt",
    '"redis1","16300"\n"name","x"\n# Sentinel\r\nsentinel_tilt:0\r\n=0',
    [
      "a n +",
      "a n = redis1",
      "a n = 16300",
      "f n +",
      "f n = name",
      "f n = x",
      "t n +",
      "t n = # Sentinel",
      "t n = sentinel_tilt:0",
    ],
  ],
  [
    "a master that is not known",
    "a:address f:fields",
    'NULL\nERROR,"ERR No such master with that name"\n=0',
    ["a n +", "a n = ", "f n ! ERR No such master with that name"],
  ],
  [
    "an error of one is no error of the next",
    "w:setting i:info",
    `ERROR,"NOPERM this user \\"a\\\\b\\" has no permissions\\r\\n"\n${info}\n=0`,
    [
      'w n ! NOPERM this user "a\\b" has no permissions??',
      "i n +",
      ...info.split("\n").map((line) => `i n = ${line}`),
    ],
  ],
  [
    "nobody listens there",
    "a:address i:tilt",
    `${"Could not connect to Redis at 127.0.0.1:1: Connection refused\n".repeat(3)}=0`,
    ["a n -", "i n -"],
  ],
  [
    "no way there is not nobody",
    "a:address",
    "Could not connect to Redis at 10.0.0.1:1: No route to host\n=0",
    ["a n ! Could not connect to Redis at 10.0.0.1:1: No route to host"],
  ],
  [
    "behind a lost connection nothing counts: it may be the answer to another question",
    "a:address s:list p:list",
    'Error: Server closed the connection\n"name","x"\n"name","y"\n=0',
    [
      "a n ! Error: Server closed the connection",
      "s n ! Error: Server closed the connection",
      "p n ! Error: Server closed the connection",
    ],
  ],
  [
    "it was ended while it waited",
    "a:address f:fields i:tilt",
    '"redis1","16300"\n=137',
    [
      "a n +",
      "a n = redis1",
      "a n = 16300",
      "f n ! no answer within 5 s",
      "i n ! no answer within 5 s",
    ],
  ],
  [
    "it was ended within an INFO that looks whole",
    "i:info",
    `${info}=137`,
    ["i n ! no answer within 5 s"],
  ],
  [
    "it was ended, which the shell says, too",
    "w:setting i:info",
    "Killed\n=137",
    ["w n ! no answer within 5 s", "i n ! no answer within 5 s"],
  ],
  [
    "there is no place for one more client",
    "w:setting i:info",
    'ERROR,"ERR max number of clients reached"\nError: Server closed the connection\n=0',
    ["w n ! ERR max number of clients reached", "i n ! ERR max number of clients reached"],
  ],
  [
    "there is none for a sentinel's",
    "a:address f:fields t:tilt",
    'ERROR,"ERR max number of clients reached"\nError: Connection reset by peer\nError: Broken pipe\n=0',
    [
      "a n ! ERR max number of clients reached",
      "f n ! ERR max number of clients reached",
      "t n ! ERR max number of clients reached",
    ],
  ],
  ["it said nothing", "a:address", "=0", ["a n ! an empty reply"]],
];

for (const shell of shells) {
  test(`what is an answer among several, in ${shell.join(" ")}`, () => {
    const read = (shape: string, printed: string) =>
      inShell(
        shell,
        ["lib/ask.sh", "lib/ask-each.sh"],
        `ask_limit=5\nread_round n '${shape}'`,
        `${printed}\n`,
      );
    for (const [question, form, said, , wanted] of forms) {
      const told = read(`q:${form}`, `${csv(said)}\n=0`)[0] ?? "";
      assert.equal(told, wanted ? "q n +" : told.replace("+", "!"), `${question} ${csv(said)}`);
      assert.match(told, /^q n [+!]/);
    }
    for (const [, form, text, wanted] of infos)
      assert.match(
        read(`q:${form}`, `${text.replaceAll("\n", "\r\n")}\r\n=0`)[0] ?? "",
        wanted ? /^q n \+$/ : /^q n !/,
      );
    for (const [what, shape, printed, told] of rounds)
      assert.deepEqual(read(shape, printed), told, what);
  });

  test(`what is an answer, for pulumi up in ${shell.join(" ")}`, () => {
    const each = [
      ...forms.map(([, form, , printed, wanted]) => [form, printed, wanted] as const),
      ...infos.map(([, ...rest]) => rest),
    ];
    const program = each
      .map(
        ([form, printed]) =>
          `has_form ${form} '${printed.replaceAll("'", "'\\''")}' && echo true || echo false`,
      )
      .join("\n");
    const found = inShell(shell, ["lib/ask.sh"], program, "");
    assert.deepEqual(
      each.map(([form, printed], index) => [form, printed, found[index]]),
      each.map(([form, printed, wanted]) => [form, printed, String(wanted)]),
    );
  });
}
