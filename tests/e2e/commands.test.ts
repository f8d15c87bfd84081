import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkout } from "../support/project.ts";

describe("the commands of the README, in a checkout of its own", { timeout: 1_200_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "redis-ha-commands-"));
  const copy = join(directory, "checkout");
  const hosts = readFileSync("/etc/hosts", "utf8");
  const npm = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("npm", args, {
      cwd: copy,
      encoding: "utf8",
      env: {
        ...process.env,
        HOME: join(directory, "home"),
        XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
        PULUMI_BACKEND_URL: undefined,
        PULUMI_STACK: undefined,
        NO_COLOR: "1",
      },
    });
    return { status, output: stdout + stderr };
  };

  before(() => {
    const left = [".git", ".built", "dist", "node_modules"];
    cpSync(checkout, copy, {
      recursive: true,
      filter: (file) => !left.includes(relative(checkout, file)),
    });
    symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
    mkdirSync(join(directory, "home"));
  });
  after(() => {
    npm("run", "destroy", "--", "--yes");
    rmSync(directory, { recursive: true });
  });

  it("npm start brings the stack dev up, shows it, and repairs nothing the second time", () => {
    for (const changed of [/\+ \d+ created/, /Resources:\n +\d+ unchanged\n/]) {
      const { status, output } = npm("start");
      assert.equal(status, 0, output);
      assert.match(output, changed);
      assert.match(output, /Sentinels: redis1:16355, redis2:26355, redis3:36355/);
    }
  });

  it("npm run status and npm run switchover say how it is, and what was done", () => {
    const healthy = npm("run", "status");
    assert.equal(healthy.status, 0, healthy.output);
    const { status, output } = npm("run", "switchover");
    assert.equal(status, 0, output);
    assert.equal(npm("run", "status").status, 0);
  });

  it("npm run destroy leaves nothing behind", () => {
    const { status, output } = npm("run", "destroy", "--", "--yes");
    assert.equal(status, 0, output);
    assert.equal(readFileSync("/etc/hosts", "utf8"), hosts);
    assert.notEqual(npm("run", "status").status, 0);
  });
});
