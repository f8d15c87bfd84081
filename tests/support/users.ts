import assert from "node:assert/strict";
import { it } from "node:test";
import { Redis, type RedisOptions } from "ioredis";
import type { AdministrationOutput, ConnectionOutput } from "../../components/access.ts";
import { passwordFor, passwordsFrom } from "../../components/redis/credentials.ts";
import { checkout, eventually, type Project } from "./project.ts";
import { ProcessWatch, secretsIn } from "./secrets.ts";
import { Writers } from "./writers.ts";

/** What a deployment is to have in its configuration for {@link tryUsers}. */
export const withUsers = { auth: { enabled: true, applications: { app: {} } } };

/** @returns all passwords of a deployment by name, and the secret that they come from. */
export async function secretsOf(project: Project): Promise<Record<string, string>> {
  const words = ["stack", "export", "--show-secrets", "--stack", project.stack];
  const { deployment } = JSON.parse((await project.succeed("pulumi", ...words)).output) as {
    deployment: { resources: { urn: string; inputs?: { stdin?: { plaintext: string } } }[] };
  };
  const record = deployment.resources.find(({ urn }) => urn.endsWith("-passwords"));
  const secret = JSON.parse(record?.inputs?.stdin?.plaintext ?? "") as string;
  assert.match(secret, /^[0-9a-f]{64}$/);
  const { nodes, sentinels } = passwordsFrom(secret);
  return {
    secret,
    app: passwordFor(secret, "application app"),
    nodes: nodes.administration,
    replication: nodes.replication,
    watching: nodes.sentinel,
    sentinels: sentinels.administration,
    peers: sentinels.sentinel,
  };
}

/** How a kind of host is looked at. */
export interface Place {
  /** HOST:PORT of each sentinel. */
  sentinels: readonly string[];
  /** The address of a host's name, for clients here. */
  addressOf: (host: string) => string;
  /** What that kind of host keeps and shows beside files: all that is to have no secret in it. */
  shown: () => Promise<string>;
  /** Files with one of these texts in them on all machines: `MODE PATH`. */
  holding: (texts: readonly string[]) => Promise<string[]>;
}

/** @returns what a server replies to whom the options say, an error as its text. */
export async function callAs(
  options: RedisOptions,
  command: string,
  ...words: string[]
): Promise<string> {
  const client = new Redis({ ...options, enableReadyCheck: false, retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    return await client.call(command, ...words).then(String, String);
  } finally {
    client.disconnect();
  }
}

/** Tries users with passwords on one kind of host, from the first `up` to its destruction. */
export function tryUsers(project: Project, place: Place): void {
  const secrets: Record<string, string> = {};
  let watch: ProcessWatch | undefined;
  let printed = "";
  let app = { username: "", password: "" };

  const reached = (at: string) => {
    const [host = "", port = ""] = at.split(":");
    return { host: place.addressOf(host), port: Number(port) };
  };
  const ask = (at: string, user: typeof app | undefined, command: string, ...words: string[]) =>
    callAs({ ...reached(at), ...user }, command, ...words);
  const output = async <T>(name: string) => {
    const words = ["stack", "output", name, "--json", "--show-secrets", "--stack", project.stack];
    return JSON.parse((await project.succeed("pulumi", ...words)).output) as T;
  };
  const master = async () => {
    const [sentinel = ""] = place.sentinels;
    const said = await ask(sentinel, undefined, "SENTINEL", "get-master-addr-by-name", "redis-ha");
    return said.replace(",", ":");
  };
  const upAndQuiet = async () => {
    printed += (await project.up()).output;
    await project.healthy();
    printed += (await project.upChangesNothing()).output;
  };

  it("lets nobody in without a password, and an application for what it may do", async () => {
    await upAndQuiet();
    const { app: connection } = await output<Record<string, ConnectionOutput>>("connection");
    const { nodes, sentinels } = await output<AdministrationOutput>("administration");
    Object.assign(secrets, await secretsOf(project));
    assert.deepEqual(
      [connection?.password, nodes.password, sentinels.password],
      [secrets.app, secrets.nodes, secrets.sentinels],
    );
    assert.ok(connection);
    app = { username: connection.username, password: connection.password };
    watch = new ProcessWatch(secrets);
    const at = await master();
    assert.match(await ask(at, undefined, "GET", "key"), /NOAUTH/);
    assert.equal(await ask(at, app, "SET", "key", "value"), "OK");
    assert.match(await ask(at, app, "CONFIG", "GET", "*"), /NOPERM/);
    assert.match(await ask(at, app, "PUBLISH", "__sentinel__:hello", "x"), /NOPERM/);
    for (const sentinel of place.sentinels)
      assert.match(await ask(sentinel, undefined, "SENTINEL", "RESET", "*"), /NOPERM/);
  });

  it("hands over, survives the loss of its master, and is repaired: no acknowledged write lost", async () => {
    const writers = new Writers(
      place.sentinels.map((at) => `${reached(at).host}:${reached(at).port}`),
      app,
    );
    await writers.more();
    printed += (await project.succeed("node", `${checkout}/cli/switchover.ts`)).output;
    await writers.more();
    const old = await master();
    const nodes =
      await output<{ host: string; port: number; commands: { kill: string } }[]>("nodes");
    // What it has sent to no replica when it is killed, nobody can have.
    const { nodes: admin } = await output<AdministrationOutput>("administration");
    assert.equal(await ask(old, admin, "CLIENT", "PAUSE", "60000", "WRITE"), "OK");
    const lost = nodes.find(({ host, port }) => `${host}:${port}` === old);
    printed += (await project.succeed("sh", "-c", lost?.commands.kill ?? "false")).output;
    await eventually("another master", async () => ![old, ""].includes(await master()), 120);
    await writers.more();
    await upAndQuiet();
    await writers.more();
    const written = await writers.stop();
    assert.ok(written.acknowledged.length > 0);
    assert.deepEqual(written.lost, []);
  });

  it("shows no password, and keeps it in files that nobody else reads", async () => {
    assert.deepEqual(watch?.stop(), []);
    const exported = await project.succeed("pulumi", "stack", "export", "--stack", project.stack);
    for (const text of [printed, exported.output, await place.shown()])
      assert.deepEqual(secretsIn(text, secrets), []);
    const files = await place.holding(Object.values(secrets));
    const names = [...new Set(files.map((line) => line.replace(/ .*\//, " ")))].sort();
    assert.deepEqual(
      names.filter((each) => !/^6[04]0 (credentials|node\.conf|sentinel\.conf)$/.test(each)),
      [],
    );
    assert.equal(names.length, 3);
  });
}
