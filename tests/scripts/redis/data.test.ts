import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

interface Case {
  wanted: "yes" | "no";
  record: "" | "on" | "off" | "turning-off";
  rdb: "absent" | "empty" | "keys" | "unreadable";
  aof: "absent" | "empty" | "keys" | "orphan";
  newer: "rdb" | "aof";
}

/** What reads the files of a server. */
const readers = ["redis/data/snapshot.sh", "redis/data/append-only.sh"];

const program = `
rdb_name=dump.rdb aof_dir=appendonlydir aof_name=appendonly.aof
while IFS=, read -r append_only record rdb aof rdb_ctime aof_time; do
  decide_data
  printf '%s|%s|%s\\n' "$load" "$begin_with" "$data_why"
done
`;

function decide(shell: readonly string[], cases: readonly Case[]) {
  const input = cases.map(({ wanted, record, rdb, aof, newer }) => {
    const [rdbTime, aofTime] = [
      rdb === "absent" ? 0 : newer === "rdb" ? 200 : 50,
      aof === "absent" ? 0 : 100,
    ];
    return `${[wanted, record, rdb, aof, rdbTime, aofTime].join(",")}\n`;
  });
  return inShell(shell, ["redis/data.sh"], program, input.join("")).map((line) => {
    const [load = "", beginWith = "", why = ""] = line.split("|");
    return { load, beginWith, why };
  });
}

function all(): Case[] {
  const cases: Case[] = [];
  for (const wanted of ["yes", "no"] as const)
    for (const record of ["", "on", "off", "turning-off"] as const)
      for (const rdb of ["absent", "empty", "keys", "unreadable"] as const)
        for (const aof of ["absent", "empty", "keys", "orphan"] as const)
          for (const newer of ["rdb", "aof"] as const)
            cases.push({ wanted, record, rdb, aof, newer });
  return cases;
}

for (const shell of shells) {
  describe(`which file holds the data, ${shell.join(" ")}`, () => {
    const cases = all();
    const decided = decide(shell, cases);
    const each = (
      check: (
        given: Case,
        decided: { load: string; beginWith: string; why: string },
      ) => boolean | undefined,
    ) => {
      const wrong = cases.filter(
        (given, index) => check(given, decided[index] as (typeof decided)[0]) === false,
      );
      assert.deepEqual(wrong, []);
    };

    test("what is loaded is what a server started like that would read", () => {
      each((given, { load, beginWith }) => {
        if (load === "aof")
          return beginWith === "yes" && given.aof !== "absent" && given.aof !== "orphan";
        if (load === "rdb")
          return beginWith === "no" && given.rdb !== "absent" && given.rdb !== "unreadable";
        return load === "refuse" || load === "nothing";
      });
    });

    test("nothing is started empty where there is a file with keys, unless the other file was in use", () => {
      each(({ rdb, aof, record }, { load }) => {
        const keys = { aof: aof === "keys", rdb: rdb === "keys", nothing: false, refuse: false }[
          load
        ];
        if (load === "refuse" || keys || (rdb !== "keys" && aof !== "keys")) return undefined;
        return (
          (load === "aof" && record === "on") ||
          (load === "aof" && record === "turning-off") ||
          (load === "rdb" && record !== "on" && record !== "")
        );
      });
    });

    test("with no record, two files with keys are refused and named", () => {
      each(({ record, rdb, aof }, { load, why }) =>
        record === "" && rdb === "keys" && aof === "keys"
          ? load === "refuse" && why.includes("both dump.rdb and an append-only file")
          : undefined,
      );
    });

    test("the cases an operator meets", () => {
      const rows: [Case, string, string][] = [
        // Ran with it all along; snapshots are written beside it.
        [{ wanted: "yes", record: "on", rdb: "keys", aof: "keys", newer: "rdb" }, "aof", "yes"],
        [{ wanted: "yes", record: "on", rdb: "absent", aof: "keys", newer: "aof" }, "aof", "yes"],
        // appendOnly false to true while it was down; a restored backup.
        [{ wanted: "yes", record: "off", rdb: "keys", aof: "absent", newer: "rdb" }, "rdb", "no"],
        [{ wanted: "yes", record: "", rdb: "keys", aof: "absent", newer: "rdb" }, "rdb", "no"],
        [{ wanted: "yes", record: "on", rdb: "keys", aof: "absent", newer: "rdb" }, "rdb", "no"],
        // true to false while it was down: the file has what the snapshot lacks, and is read before
        // it is turned off.
        [{ wanted: "no", record: "on", rdb: "keys", aof: "keys", newer: "aof" }, "aof", "yes"],
        [{ wanted: "no", record: "on", rdb: "absent", aof: "keys", newer: "aof" }, "aof", "yes"],
        // A stale directory.
        [{ wanted: "yes", record: "off", rdb: "keys", aof: "keys", newer: "rdb" }, "rdb", "no"],
        [{ wanted: "no", record: "off", rdb: "keys", aof: "keys", newer: "rdb" }, "rdb", "no"],
        [{ wanted: "yes", record: "off", rdb: "keys", aof: "keys", newer: "aof" }, "refuse", "yes"],
        [
          { wanted: "yes", record: "off", rdb: "absent", aof: "keys", newer: "aof" },
          "refuse",
          "yes",
        ],
        // Ended while it was being turned off.
        [
          { wanted: "no", record: "turning-off", rdb: "keys", aof: "keys", newer: "aof" },
          "aof",
          "yes",
        ],
        [
          { wanted: "no", record: "turning-off", rdb: "keys", aof: "keys", newer: "rdb" },
          "rdb",
          "no",
        ],
        // A synchronisation that was cut before the new file was there.
        [{ wanted: "yes", record: "on", rdb: "keys", aof: "empty", newer: "rdb" }, "rdb", "no"],
        [
          { wanted: "yes", record: "", rdb: "absent", aof: "absent", newer: "rdb" },
          "nothing",
          "yes",
        ],
        [{ wanted: "no", record: "", rdb: "absent", aof: "absent", newer: "rdb" }, "nothing", "no"],
        [
          { wanted: "yes", record: "on", rdb: "absent", aof: "orphan", newer: "rdb" },
          "refuse",
          "yes",
        ],
        [
          { wanted: "no", record: "off", rdb: "unreadable", aof: "absent", newer: "rdb" },
          "refuse",
          "no",
        ],
      ];
      for (const [index, { load, beginWith }] of decide(
        shell,
        rows.map(([given]) => given),
      ).entries()) {
        const [given, wanted, begin] = rows[index] as (typeof rows)[0];
        assert.deepEqual([load, beginWith], [wanted, begin], JSON.stringify(given));
      }
    });
  });

  describe(`what is in the files, ${shell.join(" ")}`, () => {
    const aux = (name: string, value: Buffer | string) =>
      Buffer.concat([
        Buffer.from([0xfa, name.length]),
        Buffer.from(name),
        typeof value === "string" ? Buffer.from([value.length]) : Buffer.of(),
        Buffer.from(value),
      ]);
    const snapshot = (...parts: (Buffer | string)[]) =>
      Buffer.concat([Buffer.from("REDIS0010"), ...parts.map((part) => Buffer.from(part))]);
    const int32 = (value: number) =>
      Buffer.from([0xc2, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >> 24]);
    const keys = Buffer.from([
      0xfe, 0, 0xfb, 1, 0, 0, 1, 0x61, 1, 0x62, 0xff, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    const none = Buffer.from([0xff, 0xfe, 1, 0xfe, 3, 4, 5, 6, 7]);
    const history = "0123456789abcdef0123456789abcdef01234567";
    const all = [
      aux("redis-ver", "7.0.15"),
      aux("ctime", int32(1_764_000_000)),
      aux("repl-id", history),
      aux("repl-offset", "5000000000"),
    ];

    const facts = (
      files: Record<string, Buffer | string>,
      names: Record<string, string> = {},
      multiPart = 1,
      times: Record<string, number> = {},
    ) => {
      const directory = mkdtempSync(join(tmpdir(), "redis-ha-data-"));
      try {
        for (const [file, content] of Object.entries(files)) {
          if (file.includes("/"))
            mkdirSync(join(directory, file.split("/")[0] as string), { recursive: true });
          writeFileSync(join(directory, file), content);
          utimesSync(
            join(directory, file),
            times[file] ?? 1_700_000_000,
            times[file] ?? 1_700_000_000,
          );
        }
        const { rdb = "dump.rdb", dir = "appendonlydir", aof = "appendonly.aof" } = names;
        const text = `cd ${directory}\nrdb_name='${rdb}' aof_dir='${dir}' aof_name='${aof}' multi_part=${multiPart}\naof_facts\nrdb_facts\necho "$aof $aof_time $rdb $rdb_ctime $rdb_replid $rdb_offset"`;
        return inShell(shell, readers, text, "")[0];
      } finally {
        rmSync(directory, { recursive: true });
      }
    };
    const manifest = (...files: string[]) =>
      files
        .map(
          (file, index) =>
            `file ${file} seq ${index + 1} type ${file.endsWith("base.rdb") ? "b" : "i"}\n`,
        )
        .join("");

    test("snapshots: keys or none, when, and how far in which history", () => {
      assert.equal(facts({}), "absent 0 absent 0 - 0");
      assert.equal(
        facts({ "dump.rdb": snapshot(...all, keys) }),
        `absent 0 keys 1764000000 ${history} 5000000000`,
      );
      assert.equal(
        facts({ "dump.rdb": snapshot(...all, none) }),
        `absent 0 empty 1764000000 ${history} 5000000000`,
      );
      assert.equal(
        facts({ "dump.rdb": snapshot(aux("repl-offset", int32(70_000)), keys) }),
        "absent 0 keys 0 - 70000",
      );
      assert.equal(
        facts({ "dump.rdb": Buffer.concat([Buffer.from("REDIS0006"), keys]) }),
        "absent 0 keys 0 - 0",
      );
      assert.equal(
        facts({
          "dump.rdb": Buffer.concat([Buffer.from("VALKEY080"), aux("ctime", int32(5)), none]),
        }),
        "absent 0 empty 5 - 0",
      );
      assert.equal(facts({ "dump.rdb": "" }), "absent 0 unreadable 0 - 0");
      assert.equal(facts({ "dump.rdb": "<html>" }), "absent 0 unreadable 0 - 0");
      assert.equal(
        facts({ "my dump.rdb": snapshot(keys) }, { rdb: "my dump.rdb" }),
        "absent 0 keys 0 - 0",
      );
    });

    test("append-only files: what the manifest lists, and nothing else", () => {
      const listed = "appendonlydir/appendonly.aof.manifest";
      const base = "appendonlydir/appendonly.aof.1.base.rdb";
      const increment = "appendonlydir/appendonly.aof.1.incr.aof";
      const both = manifest("appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof");
      assert.equal(
        facts({ [listed]: both, [base]: snapshot(none), [increment]: "" })?.split(" ")[0],
        "empty",
      );
      assert.equal(
        facts({ [listed]: both, [base]: snapshot(keys), [increment]: "" })?.split(" ")[0],
        "keys",
      );
      assert.equal(
        facts({ [listed]: both, [base]: snapshot(none), [increment]: "*1\r\n" }, {}, 1, {
          [increment]: 1_700_000_500,
        }),
        "keys 1700000500 absent 0 - 0",
      );
      assert.equal(
        facts({ [listed]: manifest("appendonly.aof.2.incr.aof"), [increment]: "*1\r\n" })?.split(
          " ",
        )[0],
        "empty",
      );
      assert.equal(facts({ [base]: snapshot(keys) })?.split(" ")[0], "orphan");
      assert.equal(
        facts({ "appendonlydir/temp-appendonly.aof.1.incr.aof": "*1\r\n" })?.split(" ")[0],
        "absent",
      );
      assert.equal(facts({ "appendonly.aof": "*1\r\n" })?.split(" ")[0], "keys");
      assert.equal(facts({ "appendonly.aof": "*1\r\n" }, {}, 0)?.split(" ")[0], "keys");
      // An older server would not see it, and start from whatever dump.rdb there is.
      assert.equal(
        facts({ [listed]: both, [base]: snapshot(keys) }, {}, 0)?.split(" ")[0],
        "orphan",
      );
      const odd = {
        "my dir/a b.aof.manifest": 'file "a b.aof.1.incr.aof" seq 1 type i\n',
        "my dir/a b.aof.1.incr.aof": "*1\r\n",
      };
      assert.equal(facts(odd, { dir: "my dir", aof: "a b.aof" })?.split(" ")[0], "keys");
    });

    test("what the installed server itself writes is read", () => {
      const directory = mkdtempSync(join(tmpdir(), "redis-ha-data-"));
      try {
        const config = `port 0\nunixsocket ${directory}/s\ndir ${directory}\nappendonly yes\nsave ""\ndaemonize no\n`;
        const script = `redis-server - >/dev/null <<'END' &
${config}END
server=$!
until redis-cli -s ${directory}/s PING 2>/dev/null | grep -q PONG; do sleep 0.1; done
redis-cli -s ${directory}/s SET a b >/dev/null
redis-cli -s ${directory}/s SAVE >/dev/null
kill $server
wait $server`;
        execFileSync("sh", ["-c", script]);
        const text = `cd ${directory}\nrdb_name=dump.rdb aof_dir=appendonlydir aof_name=appendonly.aof multi_part=1\naof_facts\nrdb_facts\necho "$aof $rdb $((rdb_ctime > 1700000000))"`;
        assert.equal(inShell(shell, readers, text, "")[0], "keys keys 1");
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  });
}
