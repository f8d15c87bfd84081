import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";

const shells: [string, string[]][] = [
  ["dash", ["dash"]],
  ["busybox", ["busybox", "sh"]],
];
const mark = (id: string) => `deployment ${id}\nproject shop\nstack ${id}-stack\nname cache`;

for (const [name, [program = "", ...words]] of shells) {
  describe(
    `the directory of a deployment (${name})`,
    { skip: spawnSync(program, [...words, "-c", "true"]).status !== 0 },
    () => {
      let root: string;
      beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "redis-ha-directories-"));
      });
      afterEach(() => {
        rmSync(root, { recursive: true, force: true });
      });
      const place = (...names: string[]) => join(root, ...names);
      const sh = (text: string) =>
        spawnSync(program, [...words, "-s"], { input: text, encoding: "utf8" });
      const installing = (directory: string, id: string, adopt = 0) =>
        `here=${quote(directory)}\nmark=${quote(mark(id))}\nadopt=${adopt}\n${scriptText("install.sh")}put host.sh ${quote(scriptText("host.sh"))}\n`;
      const install = (directory: string, id: string, adopt = 0) =>
        sh(installing(directory, id, adopt));
      const uninstall = (directory: string) =>
        spawnSync(program, [...words, join(directory, "host.sh"), "uninstall"], {
          encoding: "utf8",
        });
      const look = (question: string) => sh(`${scriptText("look.sh")}${question}\n`).stdout;
      const file = (path: string, text = "x") => {
        mkdirSync(join(path, ".."), { recursive: true });
        writeFileSync(path, text);
      };

      it("is made, marked and removed with all that was made for it", () => {
        assert.equal(install(place("a", "b", "host"), "one").status, 0);
        assert.match(
          readFileSync(place("a", "b", "host", ".pulumi-redis-ha"), "utf8"),
          /^deployment one\nproject shop\nstack one-stack\nname cache\n/,
        );
        assert.equal(install(place("a", "b", "host"), "one").status, 0, "once more");
        assert.deepEqual([uninstall(place("a", "b", "host")).status, readdirSync(root)], [0, []]);
      });

      it("that was there before stays, and so does what is above it", () => {
        mkdirSync(place("a", "host"), { recursive: true });
        assert.equal(install(place("a", "host"), "one").status, 0);
        assert.equal(uninstall(place("a", "host")).status, 0);
        assert.deepEqual(readdirSync(place("a", "host")), []);
      });

      it("keeps what is not ours, which is named", () => {
        install(place("a", "host"), "one");
        file(place("a", "host", "precious.txt"));
        file(place("a", "host", "backup.sh"));
        const { status, stdout } = uninstall(place("a", "host"));
        assert.equal(status, 0);
        assert.match(
          stdout,
          /host stays, with what is not of this deployment: backup\.sh precious\.txt/,
        );
        assert.deepEqual(readdirSync(place("a", "host")).sort(), ["backup.sh", "precious.txt"]);
      });

      it("goes with the last of two below directories that were made for both, whoever is first", () => {
        for (const [first, second] of [
          ["x", "y"],
          ["y", "x"],
        ] as const) {
          install(place("a", "x", "host"), "one");
          install(place("a", "y", "host"), "two");
          uninstall(place("a", first, "host"));
          assert.ok(existsSync(place("a", second, "host", "host.sh")));
          uninstall(place("a", second, "host"));
          assert.deepEqual(readdirSync(root), []);
        }
      });

      it("goes with the last of two that were made at the same moment", () => {
        // Each finds that nothing is there yet, before either makes anything.
        const slowly = (id: string) =>
          `(mkdir() { sleep 0.5; command mkdir "$@"; }\n${installing(place("a", "b", id), id)}) &\n`;
        assert.equal(sh(`${slowly("one")}${slowly("two")}wait\n`).status, 0);
        assert.deepEqual(readdirSync(place("a", "b")).sort(), ["made", "one", "two"]);
        uninstall(place("a", "b", "one"));
        uninstall(place("a", "b", "two"));
        assert.deepEqual(readdirSync(root), []);
      });

      it("with somebody's files, or another's mark, is left as it is, unless it is to be adopted", () => {
        file(place("full", "precious.txt"));
        install(place("other"), "other");
        for (const [directory, said] of [
          ["full", /is not empty, and of no deployment: precious\.txt/],
          ["other", /belongs to another deployment \(cache in the stack other-stack of shop\)/],
        ] as const) {
          const before = readdirSync(place(directory));
          const { status, stderr } = install(place(directory), "one");
          assert.equal(status, 1);
          assert.match(stderr, said);
          assert.deepEqual(readdirSync(place(directory)), before);
          assert.equal(install(place(directory), "one", 1).status, 0);
          assert.match(
            readFileSync(place(directory, ".pulumi-redis-ha"), "utf8"),
            /^deployment one\n/,
          );
        }
      });

      it("of anybody else: nothing in it is run or sourced by a look", () => {
        const plant = (directory: string) => {
          const touch = `touch ${quote(place("canary"))}\nhost=h port=1\n`;
          for (const each of ["parameters", "settings.conf", "instance", "verified"])
            file(place(directory, "node1", each), touch);
          for (const each of ["host.sh", "lifecycle.sh"]) file(place(directory, each), touch);
        };
        const asked = (directory: string) => {
          const process = `${quote(place(directory, "node1"))} ${quote(place(directory, "lifecycle.sh"))}`;
          return sh(
            `deployment=one\n${scriptText("look.sh")}look_instance node1 ${process}\nlook_check redis-ha ${process}\n`,
          ).stdout;
        };
        install(place("other"), "two");
        install(place("ours"), "one");
        for (const directory of ["other", "none", "ours"]) plant(directory);
        for (const directory of ["other", "none"]) {
          assert.equal(asked(directory), "populated.node1 1\n", directory);
          assert.equal(existsSync(place("canary")), false, directory);
        }
        assert.match(asked("ours"), /^endpoint\.node1 h:1$/m);
        assert.ok(existsSync(place("canary")), "the canary sings");
      });

      /**
       * What is there, the deployment, whether it is to be adopted, and what is said against it.
       */
      const looks: [string, () => void, string, 0 | 1, RegExp | undefined][] = [
        ["nothing", () => undefined, "one", 0, undefined],
        ["an empty directory", () => mkdirSync(place("host")), "one", 0, undefined],
        [
          "a new file system",
          () => mkdirSync(place("host", "lost+found"), { recursive: true }),
          "one",
          0,
          undefined,
        ],
        ["our own", () => install(place("host"), "one"), "one", 0, undefined],
        [
          "our own with a restored backup",
          () => {
            install(place("host"), "one");
            file(place("host", "node1", "dump.rdb"));
          },
          "one",
          0,
          undefined,
        ],
        [
          "another's",
          () => install(place("host"), "two"),
          "one",
          0,
          /belongs to another deployment \(cache in the stack two-stack of shop\); in it: /,
        ],
        ["another's, to be adopted", () => install(place("host"), "two"), "one", 1, undefined],
        [
          "another's that runs, to be adopted",
          () => {
            install(place("host"), "two");
            file(place("host", "node1", "pid"), `${process.pid} ${born(process.pid)}\n`);
          },
          "one",
          1,
          new RegExp(`and node1 \\(pid ${process.pid}\\) still runs on it`),
        ],
        [
          "somebody's file",
          () => {
            file(place("host", "precious.txt"));
          },
          "one",
          0,
          /is not empty, and of no deployment; in it: precious\.txt/,
        ],
        [
          "a link to the system's",
          () => {
            symlinkSync("/etc", place("host"));
          },
          "one",
          1,
          /is the system's/,
        ],
        [
          "a file",
          () => {
            file(place("host"));
          },
          "one",
          1,
          /is no directory/,
        ],
        [
          "a mark that is a link",
          () => {
            mkdirSync(place("host"));
            symlinkSync("/etc/passwd", place("host", ".pulumi-redis-ha"));
          },
          "one",
          0,
          /of no deployment/,
        ],
        ...[
          "dump.rdb",
          "node1/other.rdb",
          "node1/appendonly.aof",
          "processes/node1/appendonlydir/x",
          "sentinel1/sentinel.conf",
          "node.conf",
        ].map((each): [string, () => void, string, 0 | 1, RegExp | undefined] => [
          `a server's ${each}`,
          () => {
            file(place("host", each));
          },
          "one",
          0,
          new RegExp(`a server's data is in it: \\S+/host/${each.replace("/x", "")}`),
        ]),
        [
          "a server's data, to be adopted",
          () => {
            file(place("host", "dump.rdb"));
          },
          "one",
          1,
          undefined,
        ],
      ];
      for (const [what, make, id, adopt, said] of looks) {
        it(`is looked at: ${what}`, () => {
          make();
          const answer = look(`look_place ${quote(place("host"))} ${id} ${adopt}`);
          if (said) assert.match(answer, said);
          else assert.equal(answer, "");
        });
      }

      it("is never the system's", () => {
        for (const each of [
          "/",
          "/etc",
          "/home",
          "/proc",
          "/usr",
          "/usr/lib",
          "/proc/sys",
          "/var",
        ]) {
          assert.match(look(`look_place ${each} one 1`), /refused\.place is the system's/, each);
        }
      });

      it("has processes' directories of its own only", () => {
        install(place("host"), "one");
        file(place("host", "node1", "dump.rdb"));
        const part = (adopt: number) =>
          look(
            `look_part node1 ${quote(place("host", "node1"))} ${quote(place("host"))} one ${adopt}`,
          );
        assert.match(
          part(0),
          /refused\.part\.node1 has no mark of a deployment, and a server's data is in it: \S+dump\.rdb/,
        );
        assert.equal(part(1), "");
        file(place("host", "node1", ".pulumi-redis-ha"), mark("two"));
        assert.match(part(0), /refused\.part\.node1 belongs to another deployment/);
        file(place("host", "node1", ".pulumi-redis-ha"), mark("one"));
        assert.equal(part(0), "");
      });

      it("keeps a process's directory that is another's when it is uninstalled, and ends nothing in it", () => {
        install(place("host"), "one");
        file(place("host", "node1", "parameters"), "");
        file(place("host", "node1", ".pulumi-redis-ha"), mark("two"));
        const { stdout } = uninstall(place("host"));
        assert.match(stdout, /node1 stays: it belongs to another deployment/);
        assert.deepEqual(readdirSync(place("host")), ["node1"]);
      });
    },
  );
}

function born(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
}
