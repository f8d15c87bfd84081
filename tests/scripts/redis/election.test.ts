import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/**
 * What a replica says, as a line of node_table after its name; the master is at 500 of history "h".
 */
const replicas = {
  equal: "up slave yes node1 up 500 h 100 aof",
  behind: "up slave yes node1 up 400 h 100 aof",
  empty: "up slave no node1 up 500 h 100 aof",
  preferred: "up slave yes node1 up 400 h 50 aof",
  never: "up slave yes node1 up 500 h 0 aof",
  newer: "up slave yes node1 up 500 h 1000000100 aof",
  unlinked: "up slave yes node1 down 500 h 100 aof",
  loading: "up slave unknown node1 down 0 - 100 aof",
  otherHistory: "up slave yes node1 up 500 other 100 aof",
  elsewhere: "up slave yes node3 up 500 h 100 aof",
  master: "up master yes - up 500 h 100 aof",
  gone: "gone - unknown - down 0 - 100 -",
  unknown: "unknown - unknown - down 0 - 100 -",
} as const;
type Replica = keyof typeof replicas;

const seen = "node2=redis2,6380;node3=redis3,6381;";
const peer = "redis9,26380,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/** What a sentinel says, as a line of sentinel_table after its name. */
const sentinels = {
  agrees: `node1 master 7 2 redis1,6379 ${peer} ${seen}`,
  strict: `node1 master 7 3 redis1,6379 ${peer} ${seen}`,
  later: `node1 master 9 2 redis1,6379 ${peer} ${seen}`,
  seesOne: `node1 master 7 2 redis1,6379 ${peer} node3=redis3,6381;`,
  seesNone: `node1 master 7 2 redis1,6379 ${peer} -`,
  byAddress: `node1 master 7 2 10.0.0.1,6379 ${peer} ${seen}`,
  replicaByAddress: `node1 master 7 2 redis1,6379 ${peer} node2=10.0.0.2,6380;node3=redis3,6381;`,
  namesAnother: `node2 master 7 2 redis2,6380 ${peer} ${seen}`,
  down: `node1 master,s_down 7 2 redis1,6379 ${peer} ${seen}`,
  failingOver: `node1 master,failover_in_progress 7 2 redis1,6379 ${peer} ${seen}`,
  alone: `node1 master 7 2 redis1,6379 - ${seen}`,
  noEpoch: `node1 master - 2 redis1,6379 ${peer} ${seen}`,
  oddEpoch: `node1 master 7a 2 redis1,6379 ${peer} ${seen}`,
  silent: "- - - - - - -",
} as const;
type Sentinel = keyof typeof sentinels;
const takesPart: readonly Sentinel[] = [
  "agrees",
  "strict",
  "later",
  "seesOne",
  "seesNone",
  "replicaByAddress",
];

/** By whatever address, as long as it is the same one. */
const oneAddress = (said: readonly Sentinel[]) =>
  said.every((one) => takesPart.includes(one)) || said.every((one) => one === "byAddress");

interface Given {
  pause: "" | "1";
  failover: "" | "1";
  wanted: "" | "node3";
  sentinels: [Sentinel, Sentinel, Sentinel];
  two: Replica;
  three: Replica;
}

const usual: Given = {
  pause: "1",
  failover: "",
  wanted: "",
  sentinels: ["agrees", "agrees", "agrees"],
  two: "equal",
  three: "equal",
};

const program = `
name=node1 addresses='node1=redis1,6379;${seen}'
while IFS=: read -r pause_write failover wanted s1 s2 s3 two three; do
  sits="sentinel1 $s1
sentinel2 $s2
sentinel3 $s3"
  table="node1 up master yes - up 500 h 100 aof
node2 $two
node3 $three"
  decide_election
  printf '%s|%s|%s|%s\\n' "$why" "$candidates" "$epoch" "$votes"
done
`;

interface Decided {
  why: string;
  candidates: string[];
  epoch: number;
  votes: number;
}

function decide(shell: readonly string[], cases: readonly Given[]): Decided[] {
  const input = cases
    .map((each) =>
      [
        each.pause,
        each.failover,
        each.wanted,
        ...each.sentinels.map((which) => sentinels[which]),
        replicas[each.two],
        replicas[each.three],
      ].join(":"),
    )
    .join("\n");
  return inShell(
    shell,
    ["lib/ask.sh", "redis/program.sh", "redis/election/candidates.sh"],
    program,
    `${input}\n`,
  ).map((line) => {
    const [why = "", candidates = "", epoch, votes] = line.split("|");
    return {
      why,
      candidates: candidates.split(" ").filter(Boolean),
      epoch: Number(epoch),
      votes: Number(votes),
    };
  });
}

const may: readonly Replica[] = ["equal", "behind", "empty", "preferred", "newer"];

function all(): Given[] {
  const states = Object.keys(replicas) as Replica[];
  const said = Object.keys(sentinels) as Sentinel[];
  const pairs = states.flatMap((two) => states.map((three) => ({ two, three })));
  const triples = said.flatMap((one) =>
    said.flatMap((two) => said.map((three): Given["sentinels"] => [one, two, three])),
  );
  return [
    ...(["", "1"] as const).flatMap((pause) =>
      (["", "1"] as const).flatMap((failover) =>
        (["", "node3"] as const).flatMap((wanted) =>
          pairs.map((pair): Given => ({ ...usual, pause, failover, wanted, ...pair })),
        ),
      ),
    ),
    ...triples.flatMap((each) =>
      (["equal", "behind"] as const).map((two): Given => ({ ...usual, sentinels: each, two })),
    ),
  ];
}

/** May be promoted, and runs an older program than one that is put behind it. */
const isOlder = (one: Replica) => may.includes(one) && one !== "newer";

for (const shell of shells) {
  const cases = all();
  const decided = decide(shell, cases);
  const each = (check: (given: Given, decided: Decided) => boolean | undefined) => {
    const wrong = cases.flatMap((given, index) =>
      check(given, decided[index] as Decided) === false ? [{ ...given, ...decided[index] }] : [],
    );
    assert.deepEqual(wrong.slice(0, 5), []);
  };
  const goes = ({ why }: Decided) => why === "";

  test(`every combination goes or says why not, ${shell.join(" ")}`, () => {
    assert.equal(decided.length, cases.length);
    each((_, said) => (goes(said) ? said.candidates.length > 0 : true));
    assert.ok(decided.some(goes));
  });

  test(`no election unless every sentinel answers and takes this node, by one address, for a master that is up, ${shell.join(" ")}`, () => {
    each((given, said) =>
      goes(said)
        ? given.pause === "1" && given.failover === "" && oneAddress(given.sentinels)
        : undefined,
    );
  });

  test(`no election beside a second master or a node that replicates another, ${shell.join(" ")}`, () => {
    each(({ two, three }, said) =>
      goes(said) ? ![two, three].some((one) => one === "master") && two !== "elsewhere" : undefined,
    );
  });

  test(`candidates are linked, of the same history, allowed, and seen by every sentinel by the name that they get, ${shell.join(" ")}`, () => {
    each((given, said) => {
      if (!goes(said)) return undefined;
      const bySentinels = given.sentinels.some(
        (one) => one === "seesOne" || one === "replicaByAddress",
      )
        ? ["node3"]
        : ["node2", "node3"];
      if (given.sentinels.includes("seesNone")) return false;
      return said.candidates.every(
        (one) =>
          bySentinels.includes(one) && may.includes(one === "node2" ? given.two : given.three),
      );
    });
  });

  test(`a newer program only where no older one is left, whoever wants it, ${shell.join(" ")}`, () => {
    each(({ two, three, sentinels: said }, decision) => {
      if (!goes(decision) || said.includes("seesOne") || said.includes("replicaByAddress"))
        return undefined;
      return !(
        (decision.candidates.includes("node2") && two === "newer" && isOlder(three)) ||
        (decision.candidates.includes("node3") && three === "newer" && isOlder(two))
      );
    });
  });

  test(`it is done where it can be, ${shell.join(" ")}`, () => {
    each((given, said) => {
      const able =
        given.pause === "1" &&
        given.failover === "" &&
        given.sentinels.every((one) => ["agrees", "strict", "later"].includes(one)) &&
        ![given.two, given.three].some((one) => ["master", "elsewhere"].includes(one)) &&
        (may.includes(given.three) || (given.wanted === "" && may.includes(given.two))) &&
        !(given.wanted !== "" && given.three === "newer" && isOlder(given.two));
      return able ? goes(said) : undefined;
    });
  });

  test(`the best priority, the furthest first, or the one that is wanted; majority, quorum and epoch, ${shell.join(" ")}`, () => {
    const rows: [Partial<Given>, string[], number, number][] = [
      [{}, ["node2", "node3"], 7, 2],
      [{ two: "behind" }, ["node3", "node2"], 7, 2],
      [{ three: "preferred" }, ["node3"], 7, 2],
      [{ two: "preferred", wanted: "node3" }, ["node3"], 7, 2],
      [{ two: "never" }, ["node3"], 7, 2],
      [{ two: "newer" }, ["node3"], 7, 2],
      [{ two: "newer", three: "newer" }, ["node2", "node3"], 7, 2],
      [{ two: "newer", three: "newer", wanted: "node3" }, ["node3"], 7, 2],
      [{ two: "gone" }, ["node3"], 7, 2],
      [{ sentinels: ["agrees", "strict", "later"] }, ["node2", "node3"], 9, 3],
      [{ sentinels: ["agrees", "seesOne", "agrees"] }, ["node3"], 7, 2],
      [{ sentinels: ["seesOne", "agrees", "agrees"] }, ["node3"], 7, 2],
    ];
    const got = decide(
      shell,
      rows.map(([given]) => ({ ...usual, ...given })),
    );
    assert.deepEqual(
      got.map(({ why, candidates, epoch, votes }) => [why, candidates, epoch, votes]),
      rows.map(([, ...wanted]) => ["", ...wanted]),
    );
  });

  test(`the target has all that the master had, and no less than any other, ${shell.join(" ")}`, () => {
    const target = (within: number, ...replies: string[]) =>
      inShell(
        shell,
        ["redis/election/target.sh"],
        `name=node1 candidates=' node2 node3' within=${within} replies=$(cat)\ndecide_target\necho "$target"`,
        replies.join("\n"),
      )[0];
    const master = "node1 master 500 redis2 6380 500";
    const replica = (node: string, offset: number | string, state = "connected") =>
      `${node} slave redis1 6379 ${state} ${offset}`;
    assert.equal(target(0, master, replica("node2", 500), replica("node3", 500)), "node2");
    assert.equal(target(0, master, replica("node2", 499), replica("node3", 500)), "node3");
    assert.equal(target(0, master, replica("node2", 499), replica("node3", 499)), "");
    assert.equal(target(0, master, replica("node2", 500), replica("node3", 514)), "node3");
    assert.equal(target(0, master, replica("node2", 500)), "node2");
    assert.equal(
      target(0, master, replica("node2", 500), replica("node4", 514)),
      "",
      "one that may not be promoted is ahead",
    );
    assert.equal(target(0, master, replica("node2", 500, "connect"), replica("node3", 499)), "");
    assert.equal(
      target(0, replica("node2", 500), replica("node3", 500)),
      "",
      "the master did not answer",
    );
    assert.equal(
      target(0, master, replica("node2", 500), "node3 master 500"),
      "",
      "a second master",
    );
    assert.equal(target(0, "node1 LOADING Redis is loading", replica("node2", 500)), "");
    assert.equal(target(0, "node1 master ten", replica("node2", 500)), "");
    assert.equal(
      target(0, master, replica("node2", "5oo"), "node3 NOAUTH Authentication required."),
      "",
    );
    assert.equal(target(100, master, replica("node2", 400)), "node2");
    assert.equal(target(99, master, replica("node2", 400)), "");
  });

  test(`only a vote for us in our epoch counts, ${shell.join(" ")}`, () => {
    const votes = (...replies: string[]) =>
      inShell(
        shell,
        ["redis/election/votes.sh"],
        `runid=me epoch=8 replies=$(cat)\ncount_votes\necho "$given $later"`,
        replies.join("\n"),
      )[0];
    assert.equal(votes("a 0 me 8", "b 1 me 8", "c 0 me 8"), "3 0");
    assert.equal(votes("a 0 me 8", "b 0 other 8", "c 0 me 7"), "1 8");
    assert.equal(votes("a 0 other 12", "b 0 other 11"), "0 12");
    assert.equal(votes("a 0 * 0", "b ERR unknown command 8", "c", "d 0 me", "e 0 me 8x"), "0 0");
  });
}
