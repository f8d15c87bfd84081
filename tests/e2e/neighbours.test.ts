import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assignments } from "../../hosts/shell.ts";
import { scriptText } from "../../scripts/bundle.ts";
import { installPacked } from "../support/consumer.ts";
import { ask, checkout, hostsBesidesStacks, members, Project } from "../support/project.ts";

/**
 * Leaves nothing else in a block of /etc/hosts, under the editors' lock: stacks beside this one
 * have theirs in the same file.
 */
function leaveInHosts(owner: string, entries: string[]): void {
  const input = assignments({ OWNER: owner, ENTRIES: entries });
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", scriptText("hosts-entries.sh"), "sh", "apply"],
    { input, encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
}

const destroy = (project: Project) =>
  project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);

describe("what is not the stack's own", { timeout: 2_400_000 }, () => {
  it("two stacks at once share /etc/hosts, and each takes only its own entries away", async () => {
    const hosts = hostsBesidesStacks();
    const one = new Project(members("one", 21_100));
    const two = new Project(members("two", 21_300));
    try {
      await Promise.all(
        [one, two].map(async (project) => {
          await project.init();
          await project.up();
        }),
      );
      const together = readFileSync("/etc/hosts", "utf8");
      for (const name of ["one1", "one2", "one3", "two1", "two2", "two3"])
        assert.match(together, new RegExp(`^127\\.0\\.0\\.1 ${name}$`, "m"));
      await destroy(one);
      assert.match(readFileSync("/etc/hosts", "utf8"), /^127\.0\.0\.1 two1$/m);
      assert.doesNotMatch(readFileSync("/etc/hosts", "utf8"), /one1/);
      assert.match(String(await ask("two1:21350", "SENTINEL", "CKQUORUM", "redis-ha")), /^OK 3/);
      await destroy(two);
      assert.equal(hostsBesidesStacks(), hosts);
      assert.doesNotMatch(readFileSync("/etc/hosts", "utf8"), /two1$/m);
    } finally {
      await Promise.all([one.remove(), two.remove()]);
    }
  });

  it("a name that the hosts file gives another address is refused before anything is touched", async () => {
    const project = new Project(members("taken", 21_500));
    try {
      const hostsFile = join(project.directory, "hosts");
      writeFileSync(hostsFile, "10.0.0.7 taken2\n");
      project.configure({ ...members("taken", 21_500), hostsFile });
      await project.init();
      const { status, output } = await project.tryUp();
      assert.notEqual(status, 0);
      assert.match(output, /taken2/);
      assert.doesNotMatch(output, /command:local:Command(?! +\S*-deployment )/);
      assert.ok(!existsSync(project.redis));
      assert.equal(readFileSync(hostsFile, "utf8"), "10.0.0.7 taken2\n");
    } finally {
      await project.remove();
    }
  });

  it("Zato's server.conf files get the wanted values, nothing else, and have the previous ones back in the end; what somebody changes back, there and in the hosts file, shows in the preview and is repaired", async () => {
    const project = new Project({});
    try {
      const original =
        "[main]\ngunicorn_bind=0.0.0.0:17010 # π\n\n[kvdb]\nhost=\nport=\nuse_redis_sentinels=False # off\nredis_sentinels=\nredis_sentinels_master=\n";
      const expected =
        "[main]\ngunicorn_bind=0.0.0.0:17010 # π\n\n[kvdb]\nhost=zato1\nport=21700\nuse_redis_sentinels=True # off\nredis_sentinels=zato1:21750, zato2:21751, zato3:21752\nredis_sentinels_master=redis-ha\nsocket_timeout=0.5\n";
      const environment = join(project.directory, "qs-1");
      const files = ["server1", "server2"].map((server) =>
        join(environment, server, "config/repo/server.conf"),
      );
      for (const file of files) {
        mkdirSync(join(file, ".."), { recursive: true });
        writeFileSync(file, original, { mode: 0o640 });
      }
      const config = { ...members("zato", 21_700), zato: { serverConfs: files } };
      project.configure(config);
      await project.init();
      await project.up();
      for (const file of files) {
        assert.equal(readFileSync(file, "utf8"), expected);
        assert.equal(statSync(file).mode & 0o777, 0o640);
      }
      const { ino, mtimeMs } = statSync(files[0] as string);
      await project.upChangesNothing();
      assert.deepEqual(
        [statSync(files[0] as string).ino, statSync(files[0] as string).mtimeMs],
        [ino, mtimeMs],
      );
      // Somebody turned it off again, by hand or with web-admin.
      writeFileSync(
        files[1] as string,
        expected.replace("use_redis_sentinels=True", "use_redis_sentinels=False"),
      );
      leaveInHosts("pulumi-redis-ha/pulumi-redis-ha/test/redis-ha-hosts-zato1", [
        "127.0.0.1 zato1",
        "127.0.0.1 zato2",
      ]);
      assert.doesNotMatch(readFileSync("/etc/hosts", "utf8"), /zato3$/m);
      const edit = createHash("sha256")
        .update(files[1] as string)
        .digest("hex")
        .slice(0, 8);
      assert.deepEqual(await project.planned(), [
        "update redis-ha-hosts-zato1-entries",
        `update redis-ha-zato-${edit}`,
      ]);
      await project.up();
      assert.equal(readFileSync(files[1] as string, "utf8"), expected);
      assert.match(readFileSync("/etc/hosts", "utf8"), /^127\.0\.0\.1 zato2\n127\.0\.0\.1 zato3$/m);
      await project.upChangesNothing();
      // Found from now on: one more server, and those that were listed stay as they are.
      const third = join(environment, "server3/config/repo/server.conf");
      mkdirSync(join(third, ".."), { recursive: true });
      writeFileSync(third, original);
      project.configure({ ...config, zato: { environments: [environment] } });
      await project.up();
      for (const file of [...files, third]) assert.equal(readFileSync(file, "utf8"), expected);
      await project.upChangesNothing();
      await destroy(project);
      for (const file of [...files, third]) assert.equal(readFileSync(file, "utf8"), original);
      assert.ok(!existsSync(project.redis));
    } finally {
      await project.remove();
    }
  });

  for (const [what, content, said] of [
    ["that isn't there", undefined, /server\.conf/],
    ["without the stanza", "[main]\n", /kvdb/],
    ["that is malformed", "[kvdb\nhost=\n", /line 1/],
  ] as const) {
    it(`a server.conf ${what} is refused before anything is touched`, async () => {
      const project = new Project({});
      try {
        const file = join(project.directory, "server.conf");
        if (content !== undefined) writeFileSync(file, content);
        project.configure({ ...members("bad", 21_900), zato: { serverConfs: [file] } });
        await project.init();
        const { status, output } = await project.tryUp();
        assert.notEqual(status, 0);
        assert.match(output, said);
        assert.match(output, /server\.conf/);
        assert.doesNotMatch(output, /command:local:Command(?! +\S*-deployment )/);
        assert.ok(!existsSync(project.redis));
        if (content !== undefined) assert.equal(readFileSync(file, "utf8"), content);
      } finally {
        await project.remove();
      }
    });
  }
});

describe("the package in somebody else's program", { timeout: 2_400_000 }, () => {
  it("brings the example up and down", async () => {
    const example = (file: string) =>
      readFileSync(join(checkout, "examples", "library", file), "utf8");
    assert.ok(example("index.ts").split("\n").length <= 17, "the example has 15 lines");
    const project = new Project(
      {},
      Object.fromEntries(
        ["index.ts", "Pulumi.yaml", "package.json"].map((file) => [file, example(file)]),
      ),
    );
    try {
      installPacked(project.directory);
      for (const dependency of ["@pulumi", "fflate", "handlebars"])
        symlinkSync(
          join(checkout, "node_modules", dependency),
          join(project.directory, "node_modules", dependency),
        );
      writeFileSync(
        join(project.directory, `Pulumi.${project.stack}.yaml`),
        `config:\n  my-infrastructure:directory: ${project.redis}\n`,
      );
      await project.init();
      await project.up();
      assert.deepEqual(await project.output("sentinels"), [
        "sessions1:16455",
        "sessions2:26455",
        "sessions3:30455",
      ]);
      assert.match(
        String(await ask("sessions1:16455", "SENTINEL", "CKQUORUM", "sessions")),
        /^OK 3/,
      );
      await project.upChangesNothing();
      await destroy(project);
      assert.ok(!existsSync(project.redis));
    } finally {
      await project.remove();
    }
  });
});
