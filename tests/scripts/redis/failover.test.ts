import assert from "node:assert/strict";
import { test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

/** What a replica says of itself, as a line of node_table after its name. */
const states = {
  ahead: "up slave yes node1 down 500 h 100 aof",
  behind: "up slave yes node1 down 400 h 100 aof",
  preferred: "up slave yes node1 down 400 h 50 aof",
  never: "up slave yes node1 down 500 h 0 aof",
  otherHistory: "up slave yes node1 down 0 other 100 aof",
  empty: "up slave no node1 down 0 - 100 aof",
  gone: "gone - unknown - down 0 - 100 -",
} as const;
type State = keyof typeof states;

/** How a sentinel sees it: as it is, as it was, as one that is down, or not at all. */
const views = ["as it is", "older", "better", "down", "not"] as const;
type View = (typeof views)[number];

interface Seen {
  name: string;
  priority: number;
  offset: number;
  runid: string;
  flags: string;
}

interface Given {
  still: "" | "1";
  states: [State, State];
  views: [View, View];
}

const names = ["node2", "node3"] as const;

/** node3's run id is the lower one. */
function seen({ states: are, views: of }: Given): Seen[] {
  return names.flatMap((name, index): Seen[] => {
    const [, , , , , offset, , priority] = states[are[index] as State].split(" ");
    const view = of[index] as View;
    if (view === "not") return [];
    const [at, prefer] =
      view === "older"
        ? [300, 100]
        : view === "better"
          ? [600, 10]
          : [Number(offset), Number(priority)];
    return [
      {
        name,
        priority: prefer,
        offset: at,
        runid: index === 0 ? "b0" : "A0",
        flags: view === "down" ? "s_down,slave" : "slave",
      },
    ];
  });
}

const program = `
cli=redis-cli
nodes='node1 redis1 10.0.0.1 6379
node2 redis2 10.0.0.2 6380
node3 redis3 10.0.0.3 6381'
while IFS='|' read -r still two three replicas; do
  table="node1 gone - unknown - down 0 - 100 -
node2 $two
node3 $three"
  replicas=$(printf '%s' "$replicas" | tr '~' '\\n')
  with_two=$(furthest node2)
  among=$(furthest node2 node3)
  decide_choice
  printf '%s|%s|%s|%s\\n' "$among" "$choice" "$c_why" "$with_two"
done
`;

interface Decided {
  among: string[];
  choice: string;
  why: string;
  /** Who may be promoted where what node2 has is wanted. */
  withTwo: string[];
}

function decide(shell: readonly string[], cases: readonly Given[]): Decided[] {
  const input = cases.map((given) => {
    const items = seen(given).flatMap(({ name, priority, offset, runid, flags }) => {
      const [host, port] = name === "node2" ? ["redis2", "6380"] : ["10.0.0.3", "6381"];
      const fields = {
        name: `${host}:${port}`,
        ip: host,
        port,
        runid,
        flags,
        "slave-priority": priority,
        "slave-repl-offset": offset,
      };
      return Object.entries(fields).flat();
    });
    return [given.still, ...given.states.map((state) => states[state]), items.join("~")].join("|");
  });
  return inShell(shell, ["redis/failover.sh"], program, `${input.join("\n")}\n`).map((line) => {
    const [among = "", choice = "", why = "", withTwo = ""] = line.split("|");
    const [all, two] = [among, withTwo].map((each) => each.split(" ").filter(Boolean));
    return { among: all as string[], choice, why, withTwo: two as string[] };
  });
}

/** What a sentinel chooses of those (compareSlavesForPromotion, sentinel.c). */
const chosen = (of: readonly Seen[]) =>
  of
    .filter(({ flags, priority }) => flags === "slave" && priority !== 0)
    .sort(
      (a, b) =>
        a.priority - b.priority ||
        b.offset - a.offset ||
        (a.runid.toLowerCase() < b.runid.toLowerCase() ? -1 : 1),
    )[0]?.name;

const all = (["", "1"] as const).flatMap((still) =>
  (Object.keys(states) as State[]).flatMap((two) =>
    (Object.keys(states) as State[]).flatMap((three) =>
      views.flatMap((one) =>
        views.map((other): Given => ({ still, states: [two, three], views: [one, other] })),
      ),
    ),
  ),
);

for (const shell of shells) {
  const decided = decide(shell, all);
  const wrong = (check: (given: Given, decided: Decided) => boolean) =>
    all
      .flatMap((given, index) =>
        check(given, decided[index] as Decided) ? [] : [{ ...given, ...decided[index] }],
      )
      .slice(0, 5);

  test(`every combination has a choice or a reason, ${shell.join(" ")}`, () => {
    assert.equal(decided.length, all.length);
    assert.deepEqual(
      wrong((_, { choice, why }) => (choice === "") !== (why === "")),
      [],
    );
    assert.ok(decided.some(({ choice }) => choice !== ""));
  });

  test(`nobody may be promoted without data, or behind another one of the same history, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong(({ states: are }, { among }) =>
        names.every((name, index) => {
          const [state, , keys, , , offset, history] = states[are[index] as State].split(" ");
          const [otherState, , otherKeys, , , otherOffset, otherHistory] =
            states[are[1 - index] as State].split(" ");
          const behind =
            otherState === "up" &&
            otherKeys === "yes" &&
            history !== "-" &&
            history === otherHistory &&
            Number(otherOffset) > Number(offset);
          return among.includes(name) === (state === "up" && keys === "yes" && !behind);
        }),
      ),
      [],
    );
  });

  test(`who has all of what is wanted may be promoted as well as who it was found with, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong(({ states: are }, { among, withTwo }) => {
        const [[, , , , , offset, history], [, , , , , itsOffset, itsHistory]] = are.map((state) =>
          states[state].split(" "),
        ) as [string[], string[]];
        const hasAll =
          among.includes("node3") &&
          states[are[0]].startsWith("up slave yes") &&
          history !== "-" &&
          history === itsHistory &&
          Number(itsOffset) >= Number(offset);
        return (
          withTwo.includes("node2") === among.includes("node2") &&
          withTwo.includes("node3") === hasAll
        );
      }),
      [],
    );
  });

  test(`a choice is what the sentinel would choose by what it knows, and one of those, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong(
        (given, { among, choice }) =>
          choice === "" || (choice === chosen(seen(given)) && among.includes(choice)),
      ),
      [],
    );
  });

  test(`while nobody is the master, also by what it will know when its news of some or of all of them is new, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong((given, { choice }) => {
        if (choice === "" || given.still === "") return true;
        const known = seen(given);
        const is = seen({ ...given, views: ["as it is", "as it is"] });
        const up = (name: string) =>
          states[given.states[name === "node2" ? 0 : 1]].startsWith("up");
        const renewed = (which: string) => (one: Seen) =>
          one.name === which && up(which)
            ? { ...(is.find(({ name }) => name === which) as Seen), flags: one.flags }
            : one;
        return [
          known.map(renewed("node2")),
          known.map(renewed("node3")),
          known.map(renewed("node2")).map(renewed("node3")),
        ].every((mixed) => chosen(mixed) === choice);
      }),
      [],
    );
  });

  test(`it is asked where it would choose one of those by news that are new, ${shell.join(" ")}`, () => {
    assert.deepEqual(
      wrong((given, { among, choice }) => {
        if (given.views.some((view) => view !== "as it is")) return true;
        const one = chosen(seen(given));
        return one === undefined || !among.includes(one) || choice === one;
      }),
      [],
    );
  });
}
