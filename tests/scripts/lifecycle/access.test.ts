import assert from "node:assert/strict";
import { describe } from "node:test";
import { Redis } from "ioredis";
import { type ApplicationUser, userNames } from "../../../components/redis/users.ts";
import { messageOf } from "../../../cli/program.ts";
import { lost, startWriters } from "../../support/load.ts";
import {
  type Cluster,
  eventually,
  inTurn,
  masterName,
  passwords,
  portsFrom,
} from "../../support/cluster.ts";
import { holders, ProcessWatch } from "../../support/secrets.ts";

portsFrom(52_000);

const app: ApplicationUser = {
  name: "app",
  password: "the password of app",
  channels: ["news:*"],
};
const users = [app];

const noLogin = /^NOAUTH /;
const noRight = /^NOPERM /;

/** What nobody but the stack may do at a node. */
const administration: readonly string[][] = [
  ["CONFIG", "GET", "masterauth"],
  ["CONFIG", "SET", "dir", "/tmp"],
  ["CONFIG", "REWRITE"],
  ["ACL", "LIST"],
  ["ACL", "SETUSER", "app", "+@all"],
  ["REPLICAOF", "NO", "ONE"],
  ["SLAVEOF", "NO", "ONE"],
  ["CLIENT", "PAUSE", "1"],
  ["CLIENT", "KILL", "TYPE", "normal"],
  ["CLIENT", "LIST"],
  ["PSYNC", "?", "-1"],
  ["REPLCONF", "listening-port", "1"],
  ["MODULE", "LIST"],
  ["MONITOR"],
  ["SAVE"],
  ["FLUSHALL"],
  ["FLUSHDB"],
  ["KEYS", "*"],
  ["FAILOVER"],
  ["SHUTDOWN", "NOSAVE"],
  ["PUBLISH", "__sentinel__:hello", "forged"],
  ["SUBSCRIBE", "__sentinel__:hello"],
  ["PSUBSCRIBE", "__sentinel__*"],
  ["PUBLISH", "other", "text"],
];

/** What anybody could have a sentinel do without passwords. */
const commands: readonly string[][] = [
  ["SENTINEL", "FAILOVER", masterName],
  ["SENTINEL", "SET", masterName, "quorum", "1"],
  ["SENTINEL", "REMOVE", masterName],
  ["SENTINEL", "RESET", masterName],
  ["SENTINEL", "MONITOR", "other", "127.0.0.1", "1", "1"],
  ["SENTINEL", "CONFIG", "GET", "*"],
  ["SENTINEL", "FLUSHCONFIG"],
  ["SENTINEL", "DEBUG"],
  ["SENTINEL", "SIMULATE-FAILURE", "help"],
  ["SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "1", "1", "*"],
  ["PUBLISH", "__sentinel__:hello", "forged"],
  ["PSUBSCRIBE", "*"],
  ["ACL", "LIST"],
  ["CLIENT", "KILL", "TYPE", "normal"],
  ["CLIENT", "LIST"],
  ["SHUTDOWN"],
];

/** Replies to these commands, errors as their texts, one after the other by one connection. */
async function replies(
  port: number,
  wanted: readonly string[][],
  user?: Pick<ApplicationUser, "name" | "password">,
): Promise<string[]> {
  const client = new Redis({ port, enableReadyCheck: false, retryStrategy: () => null });
  client.on("error", () => undefined);
  const reply = ([command = "", ...words]: readonly string[]) =>
    client.call(command, ...words).then(String, messageOf);
  const said: string[] = [];
  try {
    if (user) await reply(["AUTH", user.name, user.password]);
    for (const command of wanted) said.push(await reply(command));
  } finally {
    client.disconnect();
  }
  return said;
}

async function assertRefused(
  cluster: Cluster,
  name: string,
  refused: readonly string[][],
  by: RegExp,
  user?: Pick<ApplicationUser, "name" | "password">,
): Promise<void> {
  const said = await replies(cluster.member(name).port, refused, user);
  assert.deepEqual(
    refused.filter((_, index) => !by.test(said[index] ?? "")),
    [],
    `${name}, ${user?.name}: ${said.join("; ")}`,
  );
}

async function assertClosed(cluster: Cluster): Promise<void> {
  const beyond = [
    ["GET", "key"],
    ["CONFIG", "SET", "dir", "/tmp"],
    ["ACL", "LIST"],
    ["KEYS", "*"],
  ];
  const { replication, sentinel } = passwords.nodes;
  for (const { name } of cluster.nodes) {
    const all = [["PING"], ["GET", "key"], ["INFO"], ...administration];
    await assertRefused(cluster, name, all, noLogin);
    await assertRefused(cluster, name, all, noLogin, { ...app, password: "another one" });
    await assertRefused(cluster, name, administration, noRight, app);
    const ours = { [userNames.replication]: replication, [userNames.sentinel]: sentinel };
    for (const [user, password] of Object.entries(ours))
      await assertRefused(cluster, name, beyond, noRight, { name: user, password });
  }
  for (const { name, port } of cluster.sentinels) {
    const [pong, address, replicas] = await replies(port, [
      ["PING"],
      ["SENTINEL", "get-master-addr-by-name", masterName],
      ["SENTINEL", "REPLICAS", masterName],
    ]);
    assert.equal(pong, "PONG");
    assert.match(address ?? "", /,\d+$/);
    assert.match(replicas ?? "", /^name,/);
    await assertRefused(cluster, name, commands, noRight);
  }
}

async function assertUsable(cluster: Cluster): Promise<void> {
  const { port } = cluster.member(await cluster.named());
  assert.equal(await cluster.askAs(port, app, ["SET", "key", "value"]), "OK");
  assert.equal(await cluster.askAs(port, app, ["GET", "key"]), "value");
  assert.equal(await cluster.askAs(port, app, ["EVAL", "return 1", "0"]), "1");
  assert.match(await cluster.askAs(port, app, ["INFO", "replication"]), /role:master/);
  assert.equal(await cluster.askAs(port, app, ["PUBLISH", "news:1", "text"]), "0");
}

describe("users with passwords", { concurrency: 1 }, () => {
  inTurn(
    "nobody gets anything without, nobody but the stack administers, anybody may ask a sentinel; hand-over, failover and repair under four writers; no password where others could read it",
    // A busy machine may keep a server waiting for a second: no failover is wanted then.
    { users, downAfter: 5000 },
    async (cluster, t) => {
      const secrets: Record<string, string> = { "the application's": app.password };
      for (const [at, each] of Object.entries(passwords) as [string, Record<string, string>][])
        for (const [whose, password] of Object.entries(each))
          secrets[`${whose} at ${at}`] = password;
      const watch = new ProcessWatch(secrets);
      await cluster.up();
      await assertClosed(cluster);
      await assertUsable(cluster);

      const writers = startWriters(cluster);
      await writers.more();
      const { out } = await cluster.done("update", "node1", { settings: { databases: "17" } });
      assert.match(out, /handed over to node[23] by an election of our own/);
      await writers.more();
      const old = await cluster.named();
      // What it has sent to no replica when it is killed, nobody can have.
      assert.equal(await cluster.ask(old, "CLIENT", "PAUSE", "5000", "WRITE"), "OK");
      const master = await cluster.failOver();
      await writers.more();
      await cluster.done("update", old);
      await cluster.verify();
      await writers.more();
      const { acknowledged, gap } = await writers.stop();
      t.diagnostic(`${acknowledged.length} writes acknowledged, longest gap ${gap} ms`);
      assert.equal(await cluster.named(), master);
      assert.deepEqual(await lost(cluster, master, acknowledged), []);
      await assertClosed(cluster);
      await assertUsable(cluster);

      assert.deepEqual(watch.stop(), []);
      assert.ok(watch.reads > 100);
      const files = holders(cluster.root, secrets);
      assert.deepEqual(
        files.filter(({ mode }) => mode !== "600").map(({ file }) => file),
        [],
      );
      assert.deepEqual([...new Set(files.map(({ file }) => file.replace(/.*\//, "")))].sort(), [
        "credentials",
        "node.conf",
        "sentinel.conf",
      ]);
    },
  );

  inTurn(
    "users come, change and go without a restart, and without cutting off the others; a restart has the same",
    { users, nodes: 2 },
    async (cluster) => {
      await cluster.up();
      const { port } = cluster.member("node1");
      const pid = cluster.pid("node1");
      const client = new Redis({
        port,
        username: app.name,
        password: app.password,
        retryStrategy: () => null,
      });
      client.on("error", () => undefined);
      const id = await client.client("ID");
      const other = { name: "other", password: "the password of other" };

      const { out } = await cluster.done("update", "node1", { users: [app, other] });
      assert.match(out, /set 1 of its users, without a restart/);
      assert.equal(await cluster.askAs(port, other, ["SET", "key", "value"]), "OK");

      const less = { ...other, keys: ["other:*"] };
      await cluster.done("update", "node1", { users: [app, less] });
      assert.match(await cluster.askAs(port, other, ["SET", "key", "value"]), noRight);
      assert.equal(await cluster.askAs(port, other, ["SET", "other:key", "value"]), "OK");

      const again = await cluster.done("update", "node1", { users: [app, less] });
      assert.doesNotMatch(again.out, /users/);
      assert.equal(cluster.pid("node1"), pid);
      assert.equal(await client.client("ID"), id);
      await cluster.done("update", "node1", { users: [app, less], settings: { databases: "17" } });
      assert.notEqual(cluster.pid("node1"), pid);
      assert.equal(
        await cluster.askAs(port, other, ["SET", "other:key", "value"]),
        "READONLY You can't write against a read only replica.",
      );

      const master = cluster.member(await cluster.named());
      await cluster.done("update", "node1", { users });
      await cluster.done("update", "node2", { users });
      assert.match(await cluster.askAs(port, other, ["GET", "other:key"]), noLogin);
      assert.equal(await cluster.askAs(master.port, app, ["SET", "key", "value"]), "OK");
      client.disconnect();
      await cluster.verify();
    },
  );

  inTurn(
    "a password is changed with both valid for a while: nobody is locked out, no connection is cut, also where a node was down meanwhile",
    { users, nodes: 2 },
    async (cluster) => {
      await cluster.up();
      const login = (password: string) => {
        const { port } = cluster.member("node1");
        const client = new Redis({ port, username: app.name, password, retryStrategy: () => null });
        client.on("error", () => undefined);
        return client;
      };
      const other = { ...app, password: "the password that follows", formerPassword: app.password };
      const after = { ...app, password: other.password };
      const says = (node: string, { password }: ApplicationUser) =>
        cluster.askAs(cluster.member(node).port, { name: app.name, password }, ["GET", "key"]);
      const old = login(app.password);
      const id = await old.client("ID");
      await cluster.kill("node2");

      await cluster.done("update", "node1", { users: [other] });
      const current = login(other.password);
      assert.equal(await current.set("key", "value"), "OK");
      assert.equal(await old.client("ID"), id);
      assert.equal(await says("node1", app), "value");
      // It comes back with the file that it had.
      await cluster.done("update", "node2", { users: [other] });
      await cluster.verify();
      for (const user of [app, other]) assert.equal(await says("node2", user), "value");

      for (const node of ["node1", "node2"]) await cluster.done("update", node, { users: [after] });
      for (const node of ["node1", "node2"]) {
        assert.match(await says(node, app), noLogin);
        assert.equal(await says(node, after), "value");
      }
      // Who is logged in stays so.
      assert.equal(await old.client("ID"), id);
      for (const client of [old, current]) client.disconnect();
    },
  );

  inTurn(
    "users that the server does not take are refused before anything is changed",
    { users, nodes: 2, sentinels: 1 },
    async (cluster) => {
      await cluster.up();
      const pid = cluster.pid("node1");
      const wrong = { ...app, commands: ["+no-such-command"] };
      const { status, err } = await cluster.step("update", "node1", { users: [wrong] });
      assert.equal(status, 1);
      assert.match(err, /refused before anything was changed: .*users\.acl/s);
      assert.doesNotMatch(err, /[0-9a-f]{64}/);
      assert.equal(cluster.pid("node1"), pid);
      const { port } = cluster.member("node1");
      assert.equal(await cluster.askAs(port, app, ["SET", "key", "value"]), "OK");
      await eventually("it is as it was", async () => {
        const { status } = await cluster.lifecycle("unchanged", "node1");
        return status === 0;
      });
    },
  );
});
