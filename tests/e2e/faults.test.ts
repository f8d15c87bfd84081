import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { killWhen } from "./kill.ts";
import {
  ask,
  checkout,
  eventually,
  hostsBesidesStacks,
  isRunning,
  members,
  Project,
} from "../support/project.ts";

describe("`pulumi up` killed with -9 half-way", { timeout: 2_400_000 }, () => {
  const { nodes, sentinels } = members("killed", 20_100);
  const config = { nodes, sentinels, sentinel: { downAfterMilliseconds: 2000 } };
  const place = sentinels.sentinel1 as string;
  const moments: [string, (project: Project) => boolean][] = [
    ["as soon as there is a directory", (project) => existsSync(project.redis)],
    ["when the first node has a pid", (project) => project.pids().size >= 1],
    ["when all nodes have one", (project) => project.pids().size >= 3],
    ["when five processes have one", (project) => project.pids().size >= 5],
  ];

  for (const [moment, condition] of moments) {
    it(`converges in the next run, killed ${moment}`, async () => {
      const project = new Project(config);
      try {
        await project.init();
        await killWhen(
          project.start("pulumi", ["up", "--yes", "--skip-preview", "--stack", project.stack]),
          () => condition(project),
        );
        // Plain `pulumi up` does it as well after `pulumi cancel`, unless the engine was killed
        // while it wrote its own state.
        await project.succeed("node", `${checkout}/cli/start.ts`, project.stack);
        assert.match(String(await ask(place, "SENTINEL", "CKQUORUM", "redis-ha")), /^OK 3 usable/);
        assert.deepEqual([...project.pids().values()].map(isRunning), Array(6).fill(true));
        await project.upChangesNothing();
      } finally {
        await project.remove();
      }
    });
  }

  it("leaves nothing behind when it is destroyed instead", async () => {
    const hosts = hostsBesidesStacks();
    const project = new Project(config);
    try {
      await project.init();
      await killWhen(
        project.start("pulumi", ["up", "--yes", "--skip-preview", "--stack", project.stack]),
        () => project.pids().size >= 2,
      );
      const pids = [...project.pids().values()];
      const running = project.pids();
      const refused = await project.run("node", `${checkout}/cli/destroy.ts`);
      assert.equal(refused.status, 2, refused.output);
      // The engine may have been killed while it wrote the state.
      assert.match(
        refused.output,
        /taking test, which PULUMI_STACK says\nStack test(: \d+ resources, state in file:|, whose state cannot be read as it is)[^]*no terminal to ask on[^]*--yes/,
      );
      const typed = (text: string) => [
        "-c",
        `printf '%s\\n' ${text} | script -qec "node ${checkout}/cli/destroy.ts" /dev/null`,
      ];
      const denied = await project.run("sh", ...typed("dev"));
      assert.match(denied.output, /Type test to remove it[^]*Nothing was touched/);
      assert.ok([...running.values()].every(isRunning), "nothing was ended");
      await project.succeed("node", `${checkout}/cli/destroy.ts`, project.stack, "--yes");
      await eventually("all processes have ended", () => !pids.some(isRunning));
      assert.ok(!existsSync(project.redis));
      assert.equal(hostsBesidesStacks(), hosts);
      assert.doesNotMatch(readFileSync("/etc/hosts", "utf8"), /killed1$/m);
    } finally {
      await project.remove();
    }
  });
});

describe("a failing start says what was wrong", { timeout: 2_400_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), "redis-ha-failing-"));
  after(() => {
    rmSync(scratch, { recursive: true });
  });
  const { nodes, sentinels } = members("failing", 20_300);

  /** Brings the stack up, which has to fail, and gives what it said and how long it took. */
  const failure = async (config: Record<string, unknown>) => {
    const project = new Project({ nodes, sentinels, ...config });
    try {
      await project.init();
      const ended = await project.tryUp();
      assert.notEqual(ended.status, 0, ended.output);
      return { ...ended, pids: project.pids() };
    } finally {
      await project.remove();
    }
  };

  it("a port that is taken: whose, with the last lines of the log", async (t) => {
    const server = createServer().listen(Number(nodes.node2?.split(":")[1]), "127.0.0.1");
    try {
      const { output, seconds } = await failure({});
      t.diagnostic(`${seconds} s`);
      assert.match(
        output,
        /node2 ended before it was ready\. The last lines of .*\/failing2\/node2\/log:/,
      );
      assert.match(output, /Address already in use/);
    } finally {
      server.close();
    }
  });

  it("a directory that can't be made", async (t) => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    const { output, seconds, pids } = await failure({ directory: join(file, "redis") });
    t.diagnostic(`${seconds} s`);
    assert.match(output, new RegExp(`the directory ${file}/redis/failing\\d cannot be made`));
    assert.equal(pids.size, 0);
  });

  it("a server program that isn't there: before anything is touched", async (t) => {
    const { output, seconds, pids } = await failure({
      redis: { serverBinary: join(scratch, "redis-server") },
    });
    t.diagnostic(`${seconds} s`);
    assert.match(
      output,
      /redis\.serverBinary: .*redis-server" is not allowed: a redis-server of at least 2\.8\.4 or a valkey-server on failing1; trying it said: .*not found/,
    );
    assert.doesNotMatch(output, /command:local:Command(?! +\S*-deployment )/);
    assert.equal(pids.size, 0);
  });

  it("a server program that is too old: before anything is touched", async () => {
    const old = join(scratch, "old-redis-server");
    writeFileSync(
      old,
      "#!/bin/sh\necho 'Redis server v=2.8.3 sha=00000000:0 malloc=libc bits=64 build=0'\n",
      { mode: 0o755 },
    );
    const { output } = await failure({ redis: { serverBinary: old } });
    assert.match(output, /is Redis 2\.8\.3: allowed is a redis-server of at least 2\.8\.4/);
    assert.doesNotMatch(output, /command:local:Command(?! +\S*-deployment )/);
  });

  it("a setting that the server does not know: in its words, before anything is started", async () => {
    const { output } = await failure({ redis: { directives: { "no-such-directive": "1" } } });
    assert.match(output, /refused before anything was changed/);
    assert.match(output, /no-such-directive/);
  });

  it("a value of a wrong kind: before anything is touched", async () => {
    const { output } = await failure({ sentinel: { quorum: "two" } });
    assert.match(output, /sentinel\.quorum: "two" is not allowed: a number/);
  });
});
