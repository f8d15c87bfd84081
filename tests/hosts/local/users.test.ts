import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe } from "node:test";
import { members, Project } from "../../support/project.ts";
import { holders } from "../../support/secrets.ts";
import { tryUsers, withUsers } from "../../support/users.ts";
import { Writers } from "../../support/writers.ts";

// In a sandbox, as user.test.ts.
describe(
  "users with passwords, of local servers as a user of their own",
  { timeout: 1_200_000 },
  () => {
    const { nodes, sentinels } = members("pass", 24_700);
    const project = new Project({
      nodes,
      sentinels,
      sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 20_000 },
      directory: "",
      local: { user: "redis-local" },
      ...withUsers,
    });

    before(async () => {
      assert.ok(process.env.SANDBOX, "it is run in a sandbox (tests/sandbox.sh)");
      execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib"]);
      await project.init();
    });
    after(() => {
      Writers.endAll();
      return project.remove();
    });

    tryUsers(project, {
      sentinels: Object.values(sentinels),
      addressOf: () => "127.0.0.1",
      shown: () => Promise.resolve(""),
      holding: (texts) =>
        Promise.resolve(
          holders("/var/lib", Object.fromEntries(texts.map((text) => [text, text]))).map(
            ({ mode, file }) => `${mode} ${file}`,
          ),
        ),
    });
  },
);
