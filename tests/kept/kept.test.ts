import assert from "node:assert/strict";
import { globSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { installPacked, unpack } from "../support/consumer.ts";
import { Engine, sandbox } from "../support/engine.ts";
import { busyboxImage } from "../support/images.ts";
import {
  checkout,
  eventually,
  isRunning,
  members,
  Project,
  supervisorOf,
} from "../support/project.ts";
import { run } from "../support/ssh/machine.ts";
import { makeNetwork, NamespaceMachine, privateKeyFile } from "../support/ssh/namespaces.ts";
import { MachinesStack } from "../support/ssh/stack.ts";

/** A program of somebody else's that has the package from npm. */
const program = {
  "package.json": '{ "main": "index.js" }',
  "Pulumi.yaml":
    "name: pulumi-redis-ha\nruntime:\n  name: nodejs\n  options: { typescript: false }\n",
  "index.js": `const { RedisHa, readConfig } = require("pulumi-redis-ha");
const redis = new RedisHa("redis-ha", readConfig());
for (const name of ["sentinels", "masterName", "nodes", "hosts"]) exports[name] = redis[name];
`,
};

/** A deployment, and what the tests have to know of it. */
interface Deployed {
  project: Project;
  /** `HOST:PORT`, as the machine that runs the tests reaches it. */
  sentinel: string;
  /** The pid of each server, on its machine. */
  pids: () => Promise<string>;
  /** Whether each server has somebody who starts it again. */
  supervised: () => boolean;
  /** Ends a server's process as a crash does. */
  crash: () => Promise<void>;
  /** What is left of it on the machines. */
  left: () => Promise<string>;
  remove: () => Promise<void>;
}

async function local(): Promise<Deployed> {
  const project = new Project(members("kept", 23_300), program);
  const pids = () => [...project.pids()].map(([name, pid]) => `${name} ${pid}`).sort();
  return Promise.resolve({
    project,
    sentinel: "kept1:23350",
    pids: () => Promise.resolve(pids().join("\n")),
    supervised: () => [...project.pids().values()].every(supervisorOf),
    crash: async () => {
      const pid = project.pids().get("node2") as number;
      process.kill(pid, "SIGKILL");
      await eventually("it has ended", () => !isRunning(pid));
    },
    left: () => Promise.resolve(pids().join("\n")),
    remove: () => project.remove(),
  });
}

async function overSsh(): Promise<Deployed> {
  const directory = "/var/lib/redis-ha";
  const project = new Project({}, program);
  const stack = new MachinesStack(
    (name, number) => new NamespaceMachine(name, number),
    privateKeyFile,
    directory,
    project,
  );
  await makeNetwork();
  for (const machine of stack.all) await machine.make();
  const hosts = readFileSync("/etc/hosts", "utf8");
  stack.knowNames();
  project.configure(stack.config());
  const on = async (text: string) =>
    (await Promise.all(stack.all.map((machine) => machine.run(text)))).join("\n").trim();
  return {
    project,
    sentinel: "redis1:16355",
    pids: () => on(`grep . ${directory}/*/processes/*/pid`),
    // What they have for that is not on this machine.
    supervised: () => true,
    crash: async () => {
      await stack.machines.redis2.run(
        `kill -9 "$(cut -d ' ' -f 1 ${directory}/*/processes/node2/pid)"`,
      );
    },
    left: () => on("ls -A /var/lib; grep -l redis-server /proc/[0-9]*/comm 2>/dev/null || :"),
    remove: async () => {
      await project.remove();
      for (const machine of stack.all) await machine.off();
      // The next one has hosts of the same names.
      writeFileSync("/etc/hosts", hosts);
    },
  };
}

async function inContainers(): Promise<Deployed> {
  const engine = new Engine("kept");
  await engine.start();
  await engine.load(await busyboxImage(sandbox));
  const hosts = ["redis1", "redis2", "redis3"];
  const project = new Project(
    {
      hosts: Object.fromEntries(hosts.map((host) => [host, { docker: { engine: engine.host } }])),
      docker: { image: "redis-ha-test:busybox" },
      sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 5000 },
    },
    program,
  );
  const containers = async (format: string) =>
    (await engine.docker("ps", "-a", "--no-trunc", "--format", format))
      .split("\n")
      .sort()
      .join("\n");
  return {
    project,
    sentinel: "redis1:16355",
    pids: async () => {
      const ids = (await containers("{{.ID}}")).split("\n").filter(Boolean);
      const server =
        "for each in /proc/[0-9]*; do case $(cat $each/comm) in redis*) echo ${each#/proc/};; esac; done";
      const pids = await Promise.all(
        ids.map(async (id) => `${id} ${await engine.docker("exec", id, "sh", "-c", server)}`),
      );
      return pids.join("\n");
    },
    supervised: () => true,
    crash: async () => {
      await engine.docker("kill", (await containers("{{.Names}}")).split("\n")[1] ?? "");
    },
    left: async () =>
      [...(await engine.names("container")), ...(await engine.names("volume"))].join("\n"),
    remove: async () => {
      await project.remove();
      await engine.stop();
    },
  };
}

/** Asks a server at `HOST:PORT`. */
function ask(place: string, ...words: string[]): Promise<string> {
  const [host = "", port = ""] = place.split(":");
  return run("redis-cli", "-h", host, "-p", port, ...words);
}

/** Puts a package where the program finds it, in place of what is there. */
function install(project: Project, put: (directory: string) => void): void {
  put(project.directory);
  for (const name of ["@pulumi", "fflate", "handlebars"]) {
    try {
      symlinkSync(
        join(checkout, "node_modules", name),
        join(project.directory, "node_modules", name),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

const versions = globSync("*.tgz", { cwd: import.meta.dirname }).sort();

before(() =>
  assert.ok(process.env.SANDBOX, `it is run in a sandbox (tests/sandbox.sh): ${sandbox}`),
);

it("a version is kept", () => assert.ok(versions.length > 0));

for (const version of versions) {
  for (const [where, deploy] of Object.entries({
    "on this machine": local,
    "over SSH": overSsh,
    "in containers": inContainers,
  })) {
    describe(
      `what ${version.replace(".tgz", "")} deployed ${where}`,
      { timeout: 2_400_000 },
      () => {
        let deployed: Deployed;
        let master = "";
        let running = "";
        const named = async () => {
          const words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "redis-ha"];
          return (await ask(deployed.sentinel, ...words)).replace("\n", ":");
        };
        const unchanged = async () => {
          assert.equal(await deployed.pids(), running);
          assert.equal(await named(), master);
          assert.equal(await ask(master, "GET", "kept"), version);
        };

        before(async () => {
          deployed = await deploy();
          install(deployed.project, (directory) =>
            unpack(join(import.meta.dirname, version), directory),
          );
          await deployed.project.init();
          await deployed.project.up();
          // Sentinel's own failover: what it decided is not to be undone either.
          const first = await named();
          assert.equal(await ask(deployed.sentinel, "SENTINEL", "FAILOVER", "redis-ha"), "OK");
          await eventually("another master", async () => (await named()) !== first, 120);
          await deployed.project.healthy();
          master = await named();
          assert.equal(await ask(master, "SET", "kept", version), "OK");
          assert.equal(await ask(master, "WAIT", "2", "10000"), "2");
          running = await deployed.pids();
          assert.equal(running.split("\n").length, 6);
        });
        after(() => deployed.remove());

        it("is this version's without a restart, and the next up changes nothing", async () => {
          install(deployed.project, installPacked);
          const planned = await deployed.project.planned();
          // What ends those that leave is new since 0.2.0, and does nothing as long as nobody does.
          assert.deepEqual(
            planned.filter((step) => !/^(update |create \S+-members$)/.test(step)),
            [],
          );
          await deployed.project.up();
          await unchanged();
          assert.ok(deployed.supervised());
          await deployed.project.upChangesNothing();
        });

        it("is a later one's without a restart, of which every script is another", async () => {
          const scripts = join(deployed.project.directory, "node_modules/pulumi-redis-ha/scripts");
          for (const script of globSync("**/*.sh", { cwd: scripts })) {
            const text = readFileSync(join(scripts, script), "utf8");
            writeFileSync(join(scripts, script), `of_a_later_version=1\n${text}`);
          }
          assert.notDeepEqual(await deployed.project.planned(), []);
          await deployed.project.up();
          await unchanged();
          await deployed.project.upChangesNothing();
        });

        it("is repaired by it", async () => {
          await deployed.crash();
          await deployed.project.up();
          await deployed.project.healthy();
          assert.equal(await ask(await named(), "GET", "kept"), version);
          await deployed.project.upChangesNothing();
        });

        it("and is destroyed by it, with nothing left", async () => {
          await deployed.project.succeed(
            "pulumi",
            "destroy",
            "--yes",
            "--skip-preview",
            "--stack",
            deployed.project.stack,
          );
          assert.equal(await deployed.left(), "");
        });
      },
    );
  }
}
