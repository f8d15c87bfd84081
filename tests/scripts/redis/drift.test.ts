import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

const directory = mkdtempSync(join(tmpdir(), "redis-ha-drift-"));
after(() => rmSync(directory, { recursive: true }));
writeFileSync(
  join(directory, "settings.conf"),
  "# a node\nmaxmemory 100mb\nsave 900 1\nsave 300 10\nrequirepass secret\n",
);

const pong = '"PONG"\n';
const node = `${pong}"maxmemory","104857600"\n"save","900 1 300 10"\n`;
const fields = (value: string) =>
  `"name","redis-ha","ip","10.0.0.1","down-after-milliseconds","${value}","quorum","2","config-epoch","7"`;
const sentinel = `${pong}${fields("10000")}\n`;

const cases: [
  what: string,
  kind: "node" | "sentinel",
  noted: string,
  said: string,
  status: 0 | 1 | 3,
  told: string,
][] = [
  ["all as it was set", "node", node, node, 0, ""],
  ["one is another", "node", node, node.replace("104857600", "5"), 3, "maxmemory"],
  ["two are", "node", node, `${pong}"maxmemory","1"\n"save",""\n`, 3, "maxmemory save"],
  ["nothing was noted yet", "node", "", node, 0, ""],
  [
    "nobody listens there",
    "node",
    node,
    "Could not connect to Redis at x:1: Connection refused\n",
    1,
    "",
  ],
  ["it says nothing", "node", node, "", 1, ""],
  ["it says nothing within the limit, which the shell says", "node", node, "Killed\n", 1, ""],
  [
    "an error is a sign of life, and says nothing of the settings",
    "node",
    node,
    'ERROR,"NOAUTH Authentication required."\n'.repeat(3),
    0,
    "",
  ],
  ["it was cut off half-way", "node", node, `${pong}"maxmemory","5"\n`, 0, ""],
  [
    "the connection was lost half-way",
    "node",
    node,
    `${pong}Error: Server closed the connection\n"save",""\n`,
    0,
    "",
  ],
  ["more lines than questions", "node", node, `${node}"x","y"\n`, 0, ""],
  ["a sentinel, in another epoch", "sentinel", sentinel, sentinel.replace('"7"', '"8"'), 0, ""],
  [
    "an option of a sentinel",
    "sentinel",
    sentinel,
    `${pong}${fields("7")}\n`,
    3,
    "sentinel down-after-milliseconds redis-ha",
  ],
  [
    "a sentinel that watches no longer",
    "sentinel",
    sentinel,
    `${pong}ERROR,"ERR No such master with that name"\n`,
    3,
    "redis-ha removed",
  ],
  ["a sentinel that gives another error", "sentinel", sentinel, `${pong}ERROR,"ERR x"\n`, 0, ""],
];

for (const shell of shells) {
  test(`what somebody else has set is told, and nothing that is not known, in ${shell.join(" ")}`, () => {
    for (const [what, kind, noted, said, status, told] of cases) {
      // The client of these is a file that has what it would say.
      const reply = (text: string) => writeFileSync(join(directory, "said"), text);
      const run = (program: string) =>
        inShell(
          shell,
          ["lib/ask.sh", "redis/reload.sh", "redis/drift.sh"],
          `cd ${directory}; client() { cat said; }; ask_limit=5 cli=x address=x port=1 settings=. kind=${kind} monitored='redis-ha 2'\n${program}`,
          "",
        );
      rmSync(join(directory, "live"), { force: true });
      reply(noted);
      run("note_settings");
      reply(said);
      assert.deepEqual(run('said=$(unchanged); echo "$? $said"'), [`${status} ${told}`], what);
    }
  });
}
