import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

// What a peer may have said: NAME is put in front. Our own snapshot is at 100 of history "h".
const peers = {
  gone: "gone - unknown - down 0 - 100 -",
  unknown: "unknown - unknown - down 0 - 100 -",
  serving: "up master yes - up 200 h 100 aof",
  emptyMaster: "up master no - up 5 m 100 aof",
  loadingMaster: "up master unknown - up 0 m 100 aof",
  ahead: "up slave yes self down 150 h 100 aof",
  behind: "up slave yes self down 100 h 100 aof",
  elsewhere: "up slave yes self down 70 other 100 aof",
  restarted: "up slave yes self down 0 other 100 aof",
  old: "up slave yes self down 0 - 100 aof",
  empty: "up slave no self down 0 h 100 aof",
  loading: "up slave unknown self down 0 - 100 aof",
  // Restarted while nobody was the master.
  waits: "up slave yes self down 0 w 0 aof 3:aaaa:9:100",
  waitsAhead: "up slave yes self down 150 h 0 snapshot 3:h:150:100",
} as const;
type Peer = keyof typeof peers;

interface Case {
  named: "" | "self" | "one" | "two";
  failover: "" | "1";
  /**
   * short: an append-only file, and both others may have writes that it lacks; behind: with a note
   * of an earlier epoch than that of one; later: with one of a later epoch than the sentinels know.
   */
  own: "none" | "aof" | "short" | "behind" | "later" | "rdb";
  first: "0" | "1";
  knew: "" | "self" | "one";
  initial: "self" | "one";
  one: Peer;
  two: Peer;
}

const program = `
name=self cli=redis-cli directory=/data
while IFS=, read -r named failover own first knew initial one two; do
  case $own in rdb) rdb_replid=h rdb_offset=100 ;; *) rdb_replid=- rdb_offset=0 ;; esac
  further= later= since=
  case $own in
    short) own=aof further=" one two" ;;
    behind) own=aof later=" one" ;;
    later) own=aof since=1 ;;
  esac
  peers="one $one
two $two"
  decide_role
  printf '%s|%s\\n' "$role" "$why"
done
`;

function all(): Case[] {
  const cases: Case[] = [];
  const states = Object.keys(peers) as Peer[];
  for (const named of ["", "self", "one", "two"] as const)
    for (const failover of ["", "1"] as const)
      for (const own of ["none", "aof", "short", "behind", "later", "rdb"] as const)
        for (const first of ["0", "1"] as const)
          for (const knew of ["", "self", "one"] as const)
            for (const initial of ["self", "one"] as const)
              for (const one of states)
                for (const two of states)
                  cases.push({ named, failover, own, first, knew, initial, one, two });
  return cases;
}

function decide(shell: readonly string[], cases: readonly Case[]): { role: string; why: string }[] {
  const input = cases
    .map(
      (each) =>
        [
          each.named,
          each.failover,
          each.own,
          each.first,
          each.knew,
          each.initial,
          peers[each.one],
          peers[each.two],
        ].join(",") + "\n",
    )
    .join("");
  return inShell(shell, ["redis/outage.sh", "redis/role.sh"], program, input).map((line) => {
    const [role = "", why = ""] = line.split("|");
    return { role, why };
  });
}

/** Peers that answered and are not known to hold no more than a node that would start like that. */
const more: Record<Case["own"], readonly Peer[]> = {
  none: [
    "serving",
    "loadingMaster",
    "ahead",
    "behind",
    "elsewhere",
    "restarted",
    "old",
    "loading",
    "unknown",
    "waits",
    "waitsAhead",
  ],
  rdb: [
    "serving",
    "loadingMaster",
    "ahead",
    "elsewhere",
    "restarted",
    "old",
    "loading",
    "unknown",
    "waits",
    "waitsAhead",
  ],
  // An append-only file has every acknowledged write of a killed process, but for those that were
  // held back; who says that it is the master may have more.
  aof: ["serving", "loadingMaster"],
  short: [
    "serving",
    "loadingMaster",
    "ahead",
    "behind",
    "elsewhere",
    "restarted",
    "old",
    "waits",
    "waitsAhead",
  ],
  behind: ["serving", "loadingMaster"],
  later: ["serving", "loadingMaster"],
};

for (const shell of shells) {
  const cases = all();
  const decided = decide(shell, cases);
  const say = (index: number) => JSON.stringify({ ...cases[index], ...decided[index] });
  const each = (
    check: (given: Case, decided: { role: string; why: string }) => boolean | undefined,
  ) => {
    const wrong = cases.flatMap((given, index) =>
      check(given, decided[index] as { role: string; why: string }) === false ? [say(index)] : [],
    );
    assert.deepEqual(wrong.slice(0, 5), []);
  };

  test(`every combination has one of the five roles and a reason, ${shell.join(" ")}`, () => {
    assert.equal(decided.length, cases.length);
    each(
      (_, { role, why }) =>
        /^(master|replica (one|two)|wait|failover|refuse)$/.test(role) && why !== "",
    );
    for (const role of ["master", "replica one", "replica two", "wait", "failover", "refuse"]) {
      assert.ok(
        decided.some((each) => each.role === role),
        role,
      );
    }
  });

  test(`never master when a peer that answers may hold what this node lacks, ${shell.join(" ")}`, () => {
    each((given, { role }) =>
      role === "master"
        ? ![given.one, given.two].some((peer) => more[given.own].includes(peer))
        : undefined,
    );
  });

  test(`never an empty master while a peer is not known to be empty, ${shell.join(" ")}`, () => {
    each((given, { role }) => {
      if (role !== "master" || given.own !== "none") return undefined;
      // What the stack is about to make for the first time has nothing yet.
      const known: Peer[] =
        given.first === "1" ? ["empty", "emptyMaster", "gone"] : ["empty", "emptyMaster"];
      return known.includes(given.one) && known.includes(given.two);
    });
  });

  test(`never master against the sentinels, in a failover, or since nobody answers, ${shell.join(" ")}`, () => {
    each((given, { role }) => {
      if (role !== "master") return undefined;
      if (given.failover !== "") return false;
      if (given.named === "self") return true;
      return (
        given.named === "" && given.first === "1" && given.knew === "" && given.initial === "self"
      );
    });
  });

  test(`a replica of the one that the sentinels name, whatever else is said, ${shell.join(" ")}`, () => {
    each((given, { role }) =>
      given.named === "one" || given.named === "two"
        ? given.own === "later"
          ? // Who has lost their state gets nothing that is later than that.
            role ===
            (["serving", "emptyMaster", "loadingMaster"].includes(given[given.named])
              ? "refuse"
              : "wait")
          : role === `replica ${given.named}`
        : undefined,
    );
  });

  test(`without a majority: of the one master, unless that would take data away, ${shell.join(" ")}`, () => {
    each((given, { role }) => {
      if (given.named !== "" || given.failover !== "" || !role.startsWith("replica"))
        return undefined;
      const masters = (["one", "two"] as const).filter((peer) =>
        ["serving", "emptyMaster", "loadingMaster"].includes(given[peer]),
      );
      if (masters.length === 0)
        return (
          given.first === "1" &&
          given.knew === "" &&
          given.initial === "one" &&
          given.own === "none"
        );
      if (masters.length > 1 || role !== `replica ${masters[0]}`) return false;
      const master = given[masters[0] as "one" | "two"];
      return master === "serving"
        ? given.own === "none" || given.knew !== "self"
        : master === "emptyMaster" && given.own === "none";
    });
  });

  test(`who is named waits with those that wait where they have followed a later master, or have all the data, ${shell.join(" ")}`, () => {
    each((given, { role }) => {
      if (given.named !== "self" || given.failover !== "") return undefined;
      const others = [given.one, given.two];
      const hold: Peer[] = ["ahead", "behind", "elsewhere", "restarted", "old"];
      if (given.own === "behind") return role === "wait";
      if (given.own !== "none" || !others.some((other) => other.startsWith("waits")))
        return undefined;
      return others.some((other) => hold.includes(other)) ? undefined : role === "wait";
    });
  });

  test(`from a snapshot: of those that were off, none is chosen while one is missing, ${shell.join(" ")}`, () => {
    each((given, { role }) => {
      const others = [given.one, given.two];
      return given.named === "self" &&
        given.failover === "" &&
        given.own === "rdb" &&
        others.includes("waitsAhead") &&
        (others.includes("unknown") || (others.includes("gone") && given.first === "0"))
        ? role === "wait"
        : undefined;
    });
  });

  test(`a failover is asked for only where this node is named, nobody serves, and others hold more, ${shell.join(" ")}`, () => {
    each((given, { role }) => {
      if (role !== "failover") return undefined;
      const serving =
        [given.one, given.two].includes("serving") ||
        [given.one, given.two].includes("loadingMaster");
      return (
        given.named === "self" &&
        given.failover === "" &&
        !serving &&
        [given.one, given.two].some((peer) => more[given.own].includes(peer))
      );
    });
  });

  test(`what an operator should see most often, ${shell.join(" ")}`, () => {
    const usual: Case = {
      named: "self",
      failover: "",
      own: "aof",
      first: "0",
      knew: "self",
      initial: "self",
      one: "behind",
      two: "behind",
    };
    const rows: [Partial<Case>, string, RegExp][] = [
      [{}, "master", /a majority/],
      [{ one: "gone", two: "unknown" }, "master", /a majority/],
      [{ own: "none" }, "failover", /it has no data, and one two has/],
      [
        { own: "none", one: "unknown", two: "unknown" },
        "wait",
        /nobody can tell whether one two has some/,
      ],
      [{ own: "none", one: "unknown", two: "behind" }, "failover", /two has/],
      [{ own: "none", one: "empty", two: "gone" }, "wait", /whether two has some/],
      [{ own: "none", one: "empty", two: "empty" }, "master", /nobody has any data/],
      [{ own: "rdb", one: "ahead" }, "failover", /from a snapshot, and one may hold more/],
      [
        { own: "rdb", one: "waitsAhead", two: "gone" },
        "wait",
        /whether two holds more than one, which was off as well/,
      ],
      [{ own: "rdb", one: "waitsAhead" }, "failover", /from a snapshot, and one may hold more/],
      [{ own: "rdb", one: "ahead", two: "gone" }, "failover", /and one may hold more/],
      [{ own: "rdb" }, "master", /a majority/],
      [{ own: "short" }, "failover", /one two may have writes that its append-only file lacks/],
      [{ own: "short", one: "gone", two: "empty" }, "master", /a majority/],
      [{ own: "rdb", one: "unknown" }, "wait", /whether one holds more/],
      [{ own: "rdb", one: "restarted" }, "wait", /whether one holds more/],
      [{ one: "serving" }, "wait", /one says it is a master, too/],
      [{ failover: "1" }, "wait", /a failover is in progress/],
      [{ named: "", one: "serving", knew: "one" }, "replica one", /one is the one master/],
      [{ named: "", one: "serving" }, "wait", /so was this node/],
      [
        { named: "", one: "serving", two: "serving" },
        "refuse",
        /more than one node says it is the master \(one two\)/,
      ],
      [{ named: "", one: "emptyMaster" }, "refuse", /one says it is the master and is empty/],
      [{ named: "", one: "loadingMaster" }, "wait", /still loads/],
      [{ named: "", one: "gone", two: "gone" }, "wait", /no other node is master/],
      [
        { named: "", own: "none", first: "1", knew: "", one: "gone", two: "gone" },
        "master",
        /first creation/,
      ],
      [
        { named: "", own: "none", first: "1", knew: "", one: "unknown", two: "gone" },
        "wait",
        /no other node is master/,
      ],
      [
        { named: "", own: "none", first: "1", knew: "", initial: "one", one: "gone", two: "gone" },
        "replica one",
        /first creation/,
      ],
      // A backup was put into the directory of a new one that is not the initial master: following
      // would wipe it.
      [
        { named: "", own: "rdb", first: "1", knew: "", initial: "one", one: "gone", two: "gone" },
        "wait",
        /no other node is master/,
      ],
    ];
    const given = rows.map(([change]) => ({ ...usual, ...change }));
    for (const [index, { role, why }] of decide(shell, given).entries()) {
      const [change, wanted, reason] = rows[index] as (typeof rows)[0];
      assert.equal(role, wanted, JSON.stringify(change));
      assert.match(why, reason, JSON.stringify(change));
    }
  });
}
