import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Edit, keepsTheContract } from "./contract.ts";
import {
  bytes,
  isRoot,
  newDirectory,
  type Parameters,
  run,
  type Shell,
  shells,
} from "../../support/editShells.ts";

/** Programs whose calls are the steps of a script; with `killAt` it is killed before that one. */
const steps = ["mv", "rm", "mkdir", "cp", "dd", "nft"];
const killing = (killAt: number, directory: string) =>
  `rm -f ${directory}/steps\n` +
  steps
    .map(
      (each) =>
        `${each}() { echo x >>${directory}/steps; [ "$(wc -l <${directory}/steps)" -ne ${killAt} ] || kill -9 $$; command ${each} "$@"; }\n`,
    )
    .join("");

function runner(shell: Shell, script: string, through?: readonly string[]): Edit["run"] {
  const directory = newDirectory();
  return (action, settings, killAt) =>
    run(shell, script, action, settings, {
      through,
      prelude: killAt === undefined ? "" : killing(killAt, directory),
    });
}

/** Every file below the directory with its content. */
function tree(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).map((each) => {
    const path = join(each.parentPath, each.name);
    return each.isFile() ? `${path}\n${bytes(path)}` : path;
  });
  return files.sort().join("\n");
}

/** Where there is a network and a kernel to be set without harm to this machine's own. */
class Namespace {
  readonly through: readonly string[];
  readonly directory = newDirectory();
  readonly #pid: number;

  private constructor(pid: number) {
    this.#pid = pid;
    this.through = ["nsenter", "-t", String(pid), "-n", "-m"];
  }

  static async make(): Promise<Namespace> {
    // The kernel's own somaxconn is the namespace's; files stand in for what a machine has only one
    // of.
    const directory = newDirectory();
    mkdirSync(join(directory, "etc"));
    for (const each of ["sysctl.d", "tmpfiles.d"]) mkdirSync(join(directory, "etc", each));
    writeFileSync(join(directory, "overcommit"), "0\n");
    writeFileSync(join(directory, "hugepages"), "[always] madvise never\n");
    const text = `mount --make-rprivate / && mount --bind ${directory}/etc /etc && mount --bind ${directory}/overcommit /proc/sys/vm/overcommit_memory &&
      { [ ! -e /sys/kernel/mm/transparent_hugepage/enabled ] || mount --bind ${directory}/hugepages /sys/kernel/mm/transparent_hugepage/enabled; } &&
      mount -t tmpfs none /run && ip link set lo up; echo 128 >/proc/sys/net/core/somaxconn; touch ${directory}/ready; exec sleep 1000000`;
    const child = spawn("unshare", ["--net", "--mount", "sh", "-c", text], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.unref();
    while (!existsSync(join(directory, "ready"))) await sleep(20);
    rmSync(join(directory, "ready"));
    const made = new Namespace(child.pid ?? 0);
    process.on("exit", () => {
      made.end();
    });
    return Object.assign(made, { directory });
  }

  run(text: string): string {
    const { status, stdout, stderr } = spawnSync(
      "nsenter",
      [...this.through.slice(1), "sh", "-c", text],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`${text}: ${stderr}`);
    return stdout;
  }

  end(): void {
    try {
      process.kill(this.#pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

const needsRoot = !isRoot && "needs root";
const needsNft = needsRoot || (spawnSync("nft", ["--version"]).status !== 0 && "needs nft");
const spaces: Namespace[] = [];
after(() => {
  for (const space of spaces) space.end();
});
const newNamespace = async (): Promise<Namespace> => {
  const space = await Namespace.make();
  spaces.push(space);
  return space;
};

for (const plain of shells) {
  // What needs root needs more than a shell brings along.
  const shell = { ...plain, path: `${plain.path}:${process.env.PATH ?? ""}` };

  describe(`hosts-entries.sh, ${shell.name}`, () => {
    keepsTheContract(
      () => {
        const directory = newDirectory();
        const file = join(directory, "hosts");
        const text = "127.0.0.1 localhost\n10.0.0.1 a";
        writeFileSync(file, text);
        const settings = {
          FILE: file,
          OWNER: "prh/dev",
          ENTRIES: "127.0.0.1 redis1\n127.0.0.1 redis2",
        };
        const change = (from: string, to: string) => () => {
          writeFileSync(file, bytes(file).replace(from, to));
        };
        return {
          run: runner(plain, "hosts-entries.sh"),
          settings,
          others: { ...settings, ENTRIES: "127.0.0.2 redis1" },
          state: () => tree(directory),
          applied: /^127\.0\.0\.1 redis1$/m,
          byHand: {
            "an entry taken out": change("127.0.0.1 redis2\n", ""),
            "another address": change("127.0.0.1 redis2", "10.9.9.9 redis2"),
            "all gone": () => {
              writeFileSync(file, text);
            },
          },
          refused: {
            "a name with another address": {
              prepare: change("10.0.0.1 a", "10.0.0.1 a\n10.0.0.7\t\u001b[2Jx redis2"),
              reason: /line 3: redis2 /,
              undo: change("\n10.0.0.7\t\u001b[2Jx redis2", ""),
            },
            "no such file": { settings: { FILE: join(directory, "none") }, reason: /no such file/ },
          },
        };
      },
      { kills: true },
    );
  });

  describe(`kvdb.sh, ${shell.name}`, () => {
    keepsTheContract(() => {
      const directory = newDirectory();
      const file = join(directory, "server.conf");
      writeFileSync(
        file,
        "[main]\na=b\n\n[kvdb]\nhost=\nport=\nuse_redis_sentinels=False # off\nredis_sentinels=\n",
      );
      const settings: Parameters = {
        FILE: file,
        STORE: join(newDirectory(), "store"),
        WANTED: "host=zato1\nport=6379\nuse_redis_sentinels=True",
      };
      return {
        run: runner(plain, "kvdb.sh"),
        settings,
        others: { ...settings, WANTED: "host=zato2\nport=6379" },
        state: () => tree(directory),
        applied: /^host=zato1$/m,
        byHand: {
          "a value changed back": () => {
            writeFileSync(file, bytes(file).replace("host=zato1", "host="));
          },
        },
        refused: {
          "no such file": { settings: { FILE: join(directory, "none") }, reason: /no such file/ },
        },
      };
    });
  });

  describe(`kvdb.sh of all servers of an environment, ${shell.name}`, () => {
    keepsTheContract(
      () => {
        const directory = newDirectory();
        const file = (server: string) => join(directory, server, "config/repo/server.conf");
        const text = "[kvdb]\nhost=\nport=\nuse_redis_sentinels=False # off\n";
        const make = (server: string) => {
          mkdirSync(join(file(server), ".."), { recursive: true });
          writeFileSync(file(server), text);
        };
        for (const server of ["server1", "server2"]) make(server);
        const settings: Parameters = {
          ENVIRONMENT: directory,
          STORE: join(newDirectory(), "store"),
          WANTED: "host=zato1\nport=6379\nuse_redis_sentinels=True",
        };
        return {
          run: runner(plain, "kvdb.sh"),
          settings,
          others: { ...settings, WANTED: "host=zato2\nport=6379" },
          state: () => tree(directory),
          applied: /^host=zato1$[^]*^host=zato1$/m,
          byHand: {
            "a value changed back in one": () => {
              writeFileSync(file("server2"), bytes(file("server2")).replace("host=zato1", "host="));
            },
          },
          refused: {
            "a file that can't be read as Zato does": {
              prepare: () => {
                writeFileSync(file("server2"), `[${bytes(file("server2"))}`);
              },
              reason: /server2\/config\/repo\/server\.conf: line 1: /,
              undo: () => {
                writeFileSync(file("server2"), bytes(file("server2")).slice(1));
              },
            },
            "no environment": {
              settings: { ENVIRONMENT: join(directory, "server1") },
              reason: /no server of Zato is in there/,
            },
          },
        };
      },
      { kills: true },
    );
  });

  describe(`kernel.sh, ${shell.name}`, { skip: needsRoot }, () => {
    keepsTheContract(
      async () => {
        const space = await newNamespace();
        const store = join(newDirectory(), "kernel");
        const settings = { STORE: store, OWNER: "prh", WANTED: "overcommit\nhugepages\nsomaxconn" };
        const values =
          "cat /proc/sys/vm/overcommit_memory /sys/kernel/mm/transparent_hugepage/enabled /proc/sys/net/core/somaxconn";
        return {
          run: runner(shell, "kernel.sh", space.through),
          settings,
          others: { ...settings, WANTED: "overcommit\nhugepages" },
          // As the kernel words the one that files stand in for.
          state: () =>
            `${space.run(values).replace("[always] madvise never", "always")}${tree(join(space.directory, "etc"))} ${existsSync(store)}`,
          applied:
            /^1\nmadvise\n511\n[^]*^vm\.overcommit_memory = 1\nnet\.core\.somaxconn = 511\n/m,
          byHand: {
            "the kernel's own value": () => space.run("echo 64 >/proc/sys/net/core/somaxconn"),
            "another value": () => space.run("echo 2 >/proc/sys/vm/overcommit_memory"),
            "huge pages": () =>
              space.run("echo always >/sys/kernel/mm/transparent_hugepage/enabled"),
            "what sets it after a reboot": () => space.run("rm /etc/sysctl.d/60-prh.conf"),
          },
          refused: {
            "an unknown setting": {
              settings: { WANTED: "overcommit\nswap" },
              reason: /no kernel setting swap: known are overcommit/,
            },
          },
        };
      },
      { kills: true },
    );
  });

  describe(`kernel.sh where nobody can change a value, ${shell.name}`, { skip: needsRoot }, () => {
    keepsTheContract(async () => {
      const space = await newNamespace();
      space.run("mount -o remount,bind,ro /proc/sys/vm/overcommit_memory");
      const store = join(newDirectory(), "kernel");
      const settings = { STORE: store, OWNER: "prh", WANTED: "overcommit\nsomaxconn" };
      return {
        run: runner(shell, "kernel.sh", space.through),
        settings,
        others: { ...settings, WANTED: "overcommit" },
        state: () =>
          `${space.run("cat /proc/sys/vm/overcommit_memory /proc/sys/net/core/somaxconn")}${tree(join(space.directory, "etc"))}`,
        applied: /^0\n511\n/,
        byHand: {
          "the one that can be changed": () => space.run("echo 64 >/proc/sys/net/core/somaxconn"),
        },
        refused: {},
      };
    });
  });

  describe(`firewall.sh, ${shell.name}`, { skip: needsNft }, () => {
    keepsTheContract(
      async () => {
        const space = await newNamespace();
        space.run("nft add table inet other");
        const store = join(newDirectory(), "firewall");
        const settings = {
          TABLE: "prh_test",
          PORTS: "16300\n16355",
          ALLOWED: "10.0.0.1\n10.0.0.0/24\n10.0.0.1",
          STORE: store,
        };
        return {
          run: runner(shell, "firewall.sh", space.through),
          settings,
          others: { ...settings, ALLOWED: "10.0.0.2" },
          state: () =>
            `${space.run("nft -s list ruleset")}${existsSync(store) ? readFileSync(join(store, "rules"), "utf8") : ""}`,
          applied: /tcp dport \{ 16300, 16355 \} drop/,
          byHand: {
            "the table gone": () => space.run("nft delete table inet prh_test"),
            "a rule more": () => space.run("nft insert rule inet prh_test input accept"),
            "all rules gone": () => space.run("nft flush table inet prh_test"),
            "what is loaded at the next boot": () => {
              rmSync(join(store, "rules"));
            },
          },
          refused: {
            "what is no address": {
              settings: { ALLOWED: "10.0.0.0/8/9; drop" },
              reason: /nft does not take the rules/,
            },
          },
        };
      },
      { kills: true },
    );
  });
}
