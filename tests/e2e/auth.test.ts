import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AdministrationOutput, ConnectionOutput } from "../../components/access.ts";
import { checkout, eventually, members, namedMaster, Project } from "../support/project.ts";
import { holders, ProcessWatch, secretsIn } from "../support/secrets.ts";
import { callAs, secretsOf } from "../support/users.ts";
import { Writers } from "../support/writers.ts";

const { nodes, sentinels } = members("auth", 23_700);
const nodeAt = (place: string) =>
  Object.entries(nodes).find(([, each]) => each === place)?.[0] as string;
const given = "the-password-of-the-test";

describe("users with passwords, by pulumi up", { timeout: 1_200_000 }, () => {
  const config = {
    nodes,
    sentinels,
    sentinel: { downAfterMilliseconds: 2000, failoverTimeoutMilliseconds: 10_000 },
    auth: {
      enabled: true,
      applications: { app: {}, reader: { commands: ["+@read"] } },
    },
  };
  const project = new Project(config);
  const secrets: Record<string, string> = { given };
  /** What was printed, all of it. */
  let printed = "";
  let watch: ProcessWatch | undefined;
  let connection: Record<string, ConnectionOutput> = {};

  /** As a person sets one: by standard input. */
  const configure = async (wanted: Record<string, unknown>) => {
    project.configure(wanted);
    const key = "pulumi-redis-ha:auth.applications.reader.password";
    const words = ["config", "set", "--secret", "--path", key, "--stack", project.stack];
    const child = project.start("pulumi", words, "pipe");
    child.stdin?.end(given);
    assert.equal(await new Promise((resolve) => child.once("close", resolve)), 0);
  };

  before(async () => {
    await project.init();
    await configure(config);
  });
  after(() => project.remove());

  const shown = async <T>(name: string): Promise<T> => {
    const { output } = await project.succeed(
      ...([
        "pulumi",
        "stack",
        "output",
        name,
        "--json",
        "--show-secrets",
        "--stack",
        project.stack,
      ] as [string, ...string[]]),
    );
    return JSON.parse(output) as T;
  };
  const master = () => namedMaster(Object.values(sentinels)[0] as string);
  const login = (name: string) => {
    const { username, password } = connection[name] as ConnectionOutput;
    return { username, password };
  };
  const at = (place: string, user: string | undefined, [command = "", ...words]: string[]) =>
    callAs(
      {
        port: Number(place.split(":")[1]),
        host: "127.0.0.1",
        ...(user ? login(user) : {}),
      },
      command,
      ...words,
    );
  const preview = () => project.succeed("pulumi", "preview", "--diff", "--stack", project.stack);

  it("shows no password in a preview, also where it was given", async () => {
    const { output } = await preview();
    assert.deepEqual(secretsIn(output, secrets), []);
    assert.match(output, /passwords/);
  });

  it("comes up, and lets in who has a password, for what that one may do", async () => {
    printed += (await project.up()).output;
    connection = await shown("connection");
    Object.assign(secrets, await secretsOf(project));
    assert.equal(login("app").password, secrets.app);
    assert.equal(new Set(Object.values(secrets)).size, 8);
    watch = new ProcessWatch(secrets);
    const place = await master();
    assert.match(await at(place, undefined, ["GET", "key"]), /NOAUTH/);
    assert.equal(await at(place, "app", ["SET", "key", "value"]), "OK");
    assert.equal(await at(place, "reader", ["GET", "key"]), "value");
    assert.match(await at(place, "reader", ["SET", "key", "other"]), /NOPERM/);
    assert.match(await at(place, "app", ["CONFIG", "GET", "*"]), /NOPERM/);
    assert.match(await at(place, "app", ["PUBLISH", "__sentinel__:hello", "x"]), /NOPERM/);
    const sentinel = Object.values(sentinels)[0] as string;
    assert.match(await at(sentinel, undefined, ["SENTINEL", "FAILOVER", "redis-ha"]), /NOPERM/);
  });

  it("changes nothing the second time, and is healthy", async () => {
    const pids = project.pids();
    printed += (await project.upChangesNothing()).output;
    await project.healthy();
    assert.deepEqual(project.pids(), pids);
  });

  it("passes switchover and drill", async () => {
    const before = await master();
    printed += (await project.succeed("node", `${checkout}/cli/switchover.ts`)).output;
    assert.notEqual(await master(), before);
    printed += (await project.succeed("node", `${checkout}/cli/drill.ts`)).output;
    await project.upChangesNothing();
  });

  it("survives the kill -9 of the master with no acknowledged write lost, and up repairs it", async () => {
    const old = await master();
    const writers = new Writers(Object.values(sentinels), login("app"));
    await writers.more();
    const { nodes } = await shown<AdministrationOutput>("administration");
    const administration = { port: Number(old.split(":")[1]), host: "127.0.0.1", ...nodes };
    // What it has sent to no replica when it is killed, nobody can have.
    assert.equal(await callAs(administration, "CLIENT", "PAUSE", "5000", "WRITE"), "OK");
    project.kill(nodeAt(old));
    await eventually("another master", async () => (await master()) !== old, 120);
    await writers.more();
    printed += (await project.up()).output;
    await writers.more();
    const { acknowledged, lost } = await writers.stop();
    assert.ok(acknowledged.length > 0);
    assert.deepEqual(lost, []);
    assert.notEqual(await master(), old);
    printed += (await project.upChangesNothing()).output;
  });

  it("adds an application without restarting anybody", async () => {
    const pids = project.pids();
    const applications = { ...config.auth.applications, late: { keys: ["late:*"] } };
    await configure({ ...config, auth: { enabled: true, applications } });
    const { output } = await preview();
    printed += output;
    printed += (await project.up()).output;
    connection = await shown("connection");
    secrets.late = login("late").password;
    assert.equal(await at(await master(), "late", ["SET", "late:1", "value"]), "OK");
    assert.match(await at(await master(), "late", ["SET", "key", "value"]), /NOPERM/);
    assert.deepEqual(project.pids(), pids);
    printed += (await project.upChangesNothing()).output;
  });

  it("refuses to go without, before anything is touched", async () => {
    project.configure({ ...config, auth: {} });
    const { status, output } = await project.tryUp();
    assert.notEqual(status, 0);
    assert.match(output, /auth\.enabled: false is not allowed: \w+ was created with users/);
    printed += output;
    await configure(config);
  });

  it("leaves no password where others could read it", async () => {
    // Pulumi hands a program the secrets of its configuration in its environment.
    const pulumis = /^given in the environment of \S+ \S+\/@pulumi\/pulumi\/cmd\/run/;
    assert.deepEqual(
      watch?.stop().filter((where) => !pulumis.test(where)),
      [],
    );
    assert.ok(watch.reads > 100);
    assert.deepEqual(secretsIn(printed, secrets), []);
    const { output } = await project.succeed("pulumi", "stack", "export", "--stack", project.stack);
    assert.deepEqual(secretsIn(output, secrets), []);
    const files = holders(project.directory, secrets);
    const own = new RegExp(
      `^${project.redis}/[^/]+/[^/]+/(credentials|node\\.conf|sentinel\\.conf)$`,
    );
    assert.deepEqual(
      files
        .filter(({ file, mode }) => !own.test(file) || mode !== "600")
        .map(({ file, mode }) => `${mode} ${file}`),
      [],
    );
    assert.doesNotMatch(
      readFileSync(join(project.redis, "auth1", "node1", "users.acl"), "utf8"),
      />/,
    );
  });

  it("is gone after destroy", async () => {
    await project.up();
    printed += (
      await project.succeed(
        "pulumi",
        "destroy",
        "--yes",
        "--skip-preview",
        "--stack",
        project.stack,
      )
    ).output;
    assert.deepEqual([...project.pids()], []);
    assert.deepEqual(secretsIn(printed, secrets), []);
  });
});
