import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, globSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { ask, checkout, eventually, namedMaster, Project } from "../support/project.ts";
import { built, languages, missingTool, shownFiles } from "./builds.ts";

/** One of the programs, which writes until it is ended. */
class Client {
  readonly name: string;
  readonly #file: string;
  readonly #errors: string;
  readonly #process: ChildProcess;

  constructor(name: string, [program = "", ...args]: string[], directory: string) {
    this.name = name;
    this.#file = join(directory, `${name}.acknowledged`);
    this.#errors = join(directory, `${name}.errors`);
    const errors = openSync(this.#errors, "a");
    this.#process = spawn(program, [...args, this.#file], {
      cwd: directory,
      stdio: ["ignore", errors, errors],
    });
    this.#process.on("error", (error) => writeFileSync(this.#errors, String(error)));
    closeSync(errors);
  }

  /** What was acknowledged so far, and when (ms). */
  acknowledged(): { what: string; at: number }[] {
    const text = existsSync(this.#file) ? readFileSync(this.#file, "utf8") : "";
    // The last line may not be whole.
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" "))
      .map(([what = "", at]) => ({ what, at: Number(at) }));
  }

  /** The last of what it said. */
  said(): string {
    return readFileSync(this.#errors, "utf8").split("\n").slice(-4).join("\n").slice(-600);
  }

  end(): void {
    this.#process.kill("SIGKILL");
  }
}

/** Something that happens to the master, and when. */
interface Event {
  name: string;
  began: number;
  /** All write again. */
  ended: number;
}

const nodes: Record<string, string> = {
  node1: "redis1:16300",
  node2: "redis2:26300",
  node3: "redis3:36300",
};
const sentinel = "redis3:36355";
/** Seconds; far above what any client needs: one that waits for the frozen master waits longer. */
const limit = 120;

describe("clients that are configured as docs/clients.md shows", { timeout: 2_400_000 }, () => {
  // The default topology, which that page has; its ports are free in the sandbox.
  const config: Record<string, unknown> = {
    sentinel: { downAfterMilliseconds: 2000, failoverTimeoutMilliseconds: 5000 },
    redis: { minReplicasToWrite: 1 },
  };
  const project = new Project(config);
  const clients: Client[] = [];
  const events: Event[] = [];
  const unreplicated = new Set<string>();

  before(async () => {
    assert.ok(
      process.env.SANDBOX,
      "this edits /etc/hosts and takes the default ports: run it by tests/sandbox.sh",
    );
    // Two of the ports are among those of outgoing connections.
    writeFileSync("/proc/sys/net/ipv4/ip_local_reserved_ports", "36300,36355");
    const programs = await Promise.all(
      Object.entries(languages).map(async ([name, language]) =>
        missingTool(name) === undefined
          ? Object.entries(language.clients(await built(name, console.log)))
          : [],
      ),
    );
    await project.init();
    await project.up();
    for (const [name, command] of programs.flat())
      clients.push(new Client(name, command, project.directory));
    await more();
  });

  after(async () => {
    for (const client of clients) client.end();
    await project.remove();
  });

  /** Waits until each client has got that many more writes acknowledged. */
  async function more(count = 20): Promise<void> {
    const wanted = new Map(clients.map((client) => [client, client.acknowledged().length + count]));
    const behind = () =>
      clients.filter((client) => client.acknowledged().length < (wanted.get(client) ?? 0));
    await eventually("every client writes", () => behind().length === 0, limit).catch(
      (error: unknown) => {
        throw new Error(
          `${String(error)}; not so: ${behind()
            .map((client) => `${client.name}: ${client.said()}`)
            .join("\n")}`,
        );
      },
    );
  }

  async function during(name: string, work: () => Promise<unknown>): Promise<void> {
    const began = Date.now();
    await work();
    await more();
    events.push({ name, began, ended: Date.now() });
  }

  async function master(): Promise<string> {
    const place = await namedMaster(sentinel);
    return Object.keys(nodes).find((name) => nodes[name] === place) as string;
  }

  /**
   * Notes what the lost master acknowledged and had not sent to anybody: replication is
   * asynchronous, and nobody can have that. At most the last write of each: whoever gets to write
   * again was answered after the replicas had been sent the one before.
   */
  async function withoutReplica(lost: string): Promise<void> {
    // Much less than until somebody else answers, enough to write down what they were told.
    await sleep(700);
    const acknowledged = clients.map((client) => client.acknowledged().slice(-20));
    const replicas = Object.keys(nodes).filter((name) => name !== lost);
    const there = await Promise.all(replicas.map((name) => readBack(nodes[name] as string)));
    for (const list of acknowledged) {
      const missing = list
        .map(({ what }) => what)
        .filter((what) => !there.some((has) => has(what)));
      assert.ok(missing.length <= 1, `no replica has ${missing.join(", ")}`);
      for (const what of missing) unreplicated.add(what);
    }
  }

  async function freeze(name: string): Promise<void> {
    const pid = project.pids().get(name) as number;
    const began = Date.now();
    process.kill(pid, "SIGSTOP");
    try {
      await withoutReplica(name);
      // Nothing can be acknowledged by that one: they have let go of it.
      await more();
      await sleep(Math.max(0, began + 20_000 - Date.now()));
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await follows(name);
  }

  const follows = (name: string) =>
    eventually(
      `${name} follows the master`,
      async () =>
        String(await ask(nodes[name] as string, "INFO", "replication")).includes(
          "role:slave\r\nmaster_host:redis",
        ) &&
        String(await ask(nodes[name] as string, "INFO", "replication")).includes(
          "master_link_status:up",
        ),
    );

  it("write again after hand-overs, for a setting that needs restarts", async () => {
    project.configure({
      ...config,
      redis: { directives: { databases: "17" }, minReplicasToWrite: 1 },
    });
    await during("hand-over", () => project.up());
  });

  it("write again after a master was killed with -9", async () => {
    const killed = await master();
    await during("kill -9", async () => {
      project.kill(killed);
      await withoutReplica(killed);
      await more();
    });
    await project.up();
    await follows(killed);
  });

  it("write again while a master is frozen", async () => {
    const frozen = await master();
    await during("frozen for 20 s", () => freeze(frozen));
  });

  it("write again while a master is frozen that takes writes without a replica", async () => {
    project.configure({
      ...config,
      redis: { directives: { databases: "17" }, minReplicasToWrite: 0 },
    });
    await project.up();
    await more();
    const frozen = await master();
    await during("frozen, minReplicasToWrite 0", () => freeze(frozen));
  });

  describe("lose no acknowledged write", () => {
    let there: (what: string) => boolean;

    before(async () => {
      await more();
      for (const client of clients) client.end();
      there = await readBack(nodes[await master()] as string);
    });

    for (const [language, { clients: list }] of Object.entries(languages)) {
      const tool = missingTool(language);
      for (const name of Object.keys(list(""))) {
        it(name, { skip: tool && `${tool} is not on this machine` }, (t) => {
          const client = clients.find((each) => each.name === name);
          assert.ok(client, `${name} did not run`);
          const acknowledged = client.acknowledged();
          const lost = acknowledged.filter(({ what }) => !unreplicated.has(what) && !there(what));
          const cells = report(t, acknowledged, lost);
          assert.deepEqual(
            lost.slice(0, 10),
            [],
            `${lost.length} of ${acknowledged.length} lost; ${cells.join(", ")}`,
          );
        });
      }
    }
  });

  /** Row of the table in docs/clients.md: for each event lost / longest gap in seconds. */
  function report(
    t: TestContext,
    acknowledged: { what: string; at: number }[],
    lost: { at: number }[],
  ): string[] {
    const cells = events.map(({ name, began, ended }, index) => {
      const until = events[index + 1]?.began ?? Infinity;
      const times = acknowledged.map(({ at }) => at);
      const gaps = times.map((at, each) =>
        at >= began && at <= ended ? at - (times[each - 1] ?? at) : 0,
      );
      const gone = lost.filter(({ at }) => at >= began && at < until).length;
      return `${name}: ${gone} / ${(Math.max(0, ...gaps) / 1000).toFixed(1)} s`;
    });
    const unsent = acknowledged.filter(({ what }) => unreplicated.has(what)).length;
    t.diagnostic(
      `${t.name}: ${acknowledged.length} acknowledged, ${lost.length} lost, ${unsent} that no replica had; ${cells.join(", ")}`,
    );
    return cells;
  }
});

/**
 * @returns whether the server there has a key with its own name as the value, or a task, by its
 * identity, in Celery's queue.
 */
async function readBack(place: string): Promise<(what: string) => boolean> {
  const redis = new Redis(Number(place.split(":")[1]), "127.0.0.1");
  try {
    const keys = (await redis.keys("*")).filter(
      (key) => key !== "celery" && !key.startsWith("_kombu"),
    );
    const there = new Set<string>();
    for (let from = 0; from < keys.length; from += 1000) {
      const some = keys.slice(from, from + 1000);
      const values = await redis.mget(some);
      // Django's key has its version before it, and its value is pickled.
      for (const [index, key] of some.entries())
        if (values[index]?.includes(key.replace(/^:1:/, ""))) there.add(key);
    }
    for (const task of await redis.lrange("celery", 0, -1))
      there.add((JSON.parse(task) as { headers: { id: string } }).headers.id);
    return (what) => there.has(what);
  } finally {
    redis.disconnect();
  }
}

describe("docs/clients.md", () => {
  const text = readFileSync(join(checkout, "docs/clients.md"), "utf8");

  it("has no block of code that isn't run", () => {
    assert.equal(text.match(/^```\w/gm)?.length, shownFiles().size);
    for (const path of shownFiles().keys())
      assert.ok(Object.keys(languages).includes(path.split("/")[0] ?? ""), path);
  });

  it("names the versions that are run", () => {
    const pins = globSync(
      join(checkout, "tests/clients/*/{requirements.txt,package.json,pom.xml,go.mod,Cargo.toml}"),
    )
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    const table = [...text.matchAll(/^\| \[.*?\| (.*) \|$/gm)].flatMap(([, cell = ""]) =>
      cell.split(", "),
    );
    assert.ok(table.length >= 10);
    for (const each of table) {
      const [name = "", version = ""] = each
        .split(" ")
        .map((word) => word.replaceAll(".", String.raw`\.`));
      assert.match(
        pins,
        new RegExp(
          String.raw`\b${name}\W[^\n]*(\n\s*<version>)?\b${version.replace(/^v/, "v?")}\b`,
        ),
        each,
      );
    }
  });
});
