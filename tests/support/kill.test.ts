import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { killWhen } from "../e2e/kill.ts";

describe("a kill half-way", () => {
  const directory = mkdtempSync(join(tmpdir(), "redis-ha-kill-"));
  after(() => {
    rmSync(directory, { recursive: true });
  });
  // What matters is its name.
  const engine = join(directory, "pulumi");
  symlinkSync("/bin/sleep", engine);

  it("is one: the engine ends by the signal", async () => {
    const up = spawn(engine, ["60"], { stdio: ["ignore", "pipe", "pipe"] });
    await killWhen(up, () => true);
    assert.equal(up.signalCode, "SIGKILL");
  });

  it("fails, with what was said, where everything had ended before", async () => {
    const up = spawn("sh", ["-c", "echo 12 created"], { stdio: ["ignore", "pipe", "pipe"] });
    await assert.rejects(
      killWhen(up, () => false),
      /the engine was not killed: `pulumi up` ended with 0 and said:\n12 created/,
    );
  });
});
