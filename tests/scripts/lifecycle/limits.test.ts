import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { scriptText } from "../../../scripts/bundle.ts";
import { eventually, inTurn, portsFrom, shells, sleep } from "../../support/cluster.ts";

portsFrom(48_000);

describe("what counts as progress of a start", () => {
  const script = readFileSync(
    join(import.meta.dirname, "../../../scripts/supervisor/progress.sh"),
    "utf8",
  );
  const left = (bytes: number) => `node2: synchronising with the master, ${bytes} bytes left`;
  const loading = (percent: string) => `node2: loading, ${percent} % of the data`;
  const down = "node2: the link to the master redis1:16300 is down";
  const cases: [what: string, words: string[], progress: number, anew: number][] = [
    [
      "a transfer of known size, then its load",
      [left(-1), left(1000), left(500), left(500), left(0), loading("1.50"), loading("99.00")],
      6,
      0,
    ],
    [
      "a transfer of unknown size",
      [left(-1), left(0), left(-100), left(-5000), loading("50.00")],
      4,
      0,
    ],
    [
      "a transfer that begins anew, seen by what is left",
      [left(1000), left(500), left(1000), left(900), left(1000)],
      3,
      2,
    ],
    ["one of unknown size", [left(-100), left(-5000), left(-20), left(-100), left(-10)], 3, 2],
    [
      "seen by the link that was down",
      [left(-1), down, left(-1), down, left(-1), down, left(-1)],
      4,
      3,
    ],
    [
      "seen by the load before",
      [left(1000), loading("5.00"), left(1000), loading("5.00"), left(1000)],
      5,
      2,
    ],
    [
      "a load that begins anew",
      [loading("10.00"), loading("20.00"), loading("5.00"), loading("5.00")],
      2,
      1,
    ],
    ["nothing that gets on", [down, "node2: no answer on redis2:26300", down, down], 0, 0],
  ];
  for (const { name, path } of shells) {
    for (const [what, words, progress, anew] of cases) {
      test(`${what}, ${name}`, () => {
        const text = `set -u\n${script}\nanew=0 got=0 p_pid='' p_last='' p_best='' p_synced=''\nfor each; do progress "$each" 1 && got=$((got + 1)); done\necho $got $anew`;
        assert.equal(
          execFileSync("sh", ["-c", text, "sh", ...words], {
            env: { PATH: path },
            encoding: "utf8",
          }),
          `${progress} ${anew}\n`,
        );
      });
    }
    test(`another process begins anew, ${name}`, () => {
      const text = `set -u\n${script}\nanew=0 p_pid='' p_last='' p_best='' p_synced=''\nfor each in 1 2 2 3; do progress "$1" $each; done; echo $anew`;
      assert.equal(
        execFileSync("sh", ["-c", text, "sh", loading("5.00")], {
          env: { PATH: path },
          encoding: "utf8",
        }),
        "2\n",
      );
    });
  }
});

describe("waits end", { concurrency: 2 }, () => {
  for (const { name, path } of shells) {
    for (const without of ["", "timeout"]) {
      test(`a server that hangs when asked for its version${without && ", where timeout(1) is missing"}, ${name}`, () => {
        const directory = mkdtempSync(join(tmpdir(), "redis-ha-hangs-"));
        try {
          const server = join(directory, "redis-server");
          writeFileSync(server, "#!/bin/sh\nsleep 300\n");
          chmodSync(server, 0o755);
          const tools = ["sh", "sleep", "head", "cut", "rm", "mktemp", "ps", "sed"];
          if (without)
            for (const tool of tools)
              symlinkSync(
                execFileSync("which", [tool], { encoding: "utf8", env: { PATH: path } }).trim(),
                join(directory, tool),
              );
          const text = `${scriptText("look.sh")}\nlook_version node1 ${server}\n`;
          const said = execFileSync("sh", ["-s"], {
            input: text,
            env: { PATH: without ? directory : path },
            encoding: "utf8",
            timeout: 60_000,
          });
          assert.match(said, /^version\.node1 no answer within 10 s$/m);
        } finally {
          rmSync(directory, { recursive: true });
        }
      });
    }
  }

  for (const { name, path } of shells)
    test(`a machine that is too busy for all of a look still says who leads, ${name}`, () => {
      const directory = mkdtempSync(join(tmpdir(), "redis-ha-busy-"));
      try {
        writeFileSync(join(directory, "verified"), "1");
        const script = join(directory, "lifecycle.sh");
        writeFileSync(
          script,
          'case $1 in check) exec sleep 300 ;; leader) echo "leader node2" ;; esac',
        );
        const text = `${scriptText("look.sh")}\nours() { :; }\ncheck_limit=1\nlook_check redis-ha ${directory} ${script}\n`;
        const said = execFileSync("sh", ["-s"], {
          input: text,
          env: { PATH: path },
          encoding: "utf8",
          timeout: 60_000,
        });
        assert.equal(said, "unverified.redis-ha no answer within 1 s\nleader.redis-ha node2\n");
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

  inTurn(
    "a synchronisation that begins again and again ends with the master's reason",
    { nodes: 2, sentinels: 1, limits: { readySeconds: 60 } },
    async (cluster) => {
      // A slow snapshot, and no room for what is written meanwhile.
      const settings = {
        "repl-diskless-sync": "no",
        "client-output-buffer-limit": "replica 16kb 16kb 1",
        "repl-backlog-size": "16kb",
      };
      await cluster.done("create", "node1", { settings });
      await cluster.ask(
        "node1",
        "EVAL",
        "for i = 1, 4000 do redis.call('SET', i, string.rep('x', 1000)) end",
        "0",
      );
      assert.equal(await cluster.ask("node1", "CONFIG", "SET", "rdb-key-save-delay", "1000"), "OK");
      const writing = { now: true };
      const writes = (async () => {
        while (writing.now) {
          await cluster.ask(
            "node1",
            "EVAL",
            "for i = 1, 60 do redis.call('SET', 'written', string.rep('x', 1000)) end",
            "0",
          );
          await sleep(100);
        }
      })();
      try {
        const { status, err } = await cluster.step("create", "node2", { settings });
        assert.equal(status, 1);
        assert.match(err, /node2 (has begun anew 3 times and is not ready|is not ready after)/);
        assert.match(
          err,
          /node1 ended the link, because more was written meanwhile than it keeps for a replica[^]*16384/,
        );
      } finally {
        writing.now = false;
        await writes;
      }
      await cluster.ask("node1", "CONFIG", "SET", "rdb-key-save-delay", "0");
      await eventually("it is there", async () => (await cluster.ask("node1", "PING")) === "PONG");
      await cluster.done("create", "node2", { settings });
    },
  );
});
