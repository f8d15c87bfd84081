import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  ask,
  checkout,
  eventually,
  isRunning,
  killForGood,
  namedMaster,
  Project,
} from "../../support/project.ts";
import { installPacked } from "../../support/consumer.ts";
import { which } from "../../../toolchain/programs.mjs";
import { told, tryMade } from "../../support/ssh/made.ts";
import { makeNetwork } from "../../support/ssh/namespaces.ts";
import { python } from "./python.ts";

const read = (file: string) => readFileSync(join(checkout, file), "utf8");

/** Where npm would have put the package, and what it needs. */
const installed = mkdtempSync(join(tmpdir(), "redis-ha-languages-"));
before(() => {
  assert.ok(process.env.SANDBOX, "it is run in a sandbox (tests/sandbox.sh)");
  installPacked(installed);
  const modules = join(installed, "node_modules");
  const { bin, dependencies } = JSON.parse(read("package.json")) as Record<
    "bin" | "dependencies",
    Record<string, string>
  >;
  for (const name of ["@pulumi", ...Object.keys(dependencies)])
    symlinkSync(join(checkout, "node_modules", name), join(modules, name));
  mkdirSync(join(modules, ".bin"));
  for (const [name, file] of Object.entries(bin)) {
    chmodSync(join(modules, "pulumi-redis-ha", file), 0o755);
    symlinkSync(join("../pulumi-redis-ha", file), join(modules, ".bin", name));
  }
});
after(() => {
  rmSync(installed, { recursive: true, force: true });
});

/** A project of somebody else's, with the package. */
function projectOf(files: Record<string, string>, config: Record<string, unknown> = {}): Project {
  const project = new Project(config, files);
  symlinkSync(join(installed, "node_modules"), join(project.directory, "node_modules"));
  // Where its servers are: the examples say nothing of it.
  project.environment.XDG_STATE_HOME = join(project.directory, "state");
  return project;
}

/** Its configuration is written for a project of that name. */
const named = (text: string) => text.replace(/^name: .*$/m, "name: pulumi-redis-ha");

/** What a user does with an example, of which the test says only where the servers are. */
function tryExample(
  language: string,
  files: readonly string[],
  prepare: (project: Project) => Promise<unknown>,
): void {
  const project = projectOf(
    Object.fromEntries(files.map((file) => [file, read(join("examples", language, file))])),
  );
  const pids = () => project.pidsBelow("../state/redis-ha/my-infrastructure.test");
  before(async () => {
    await prepare(project);
    await project.init();
  });
  after(() => project.remove());

  it("previews what it will create, and touches nothing", async () => {
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    for (const each of [
      "sessions-node3-process",
      "sessions-sentinel3-process",
      "sessions-verified",
    ])
      assert.match(output, new RegExp(`Command ${each} +create`));
    assert.match(output, /\[0\]: "sessions1:16455"/);
    assert.equal(pids().size, 0);
  });

  it("comes up, replicates, and is known to its sentinels", async () => {
    await project.up();
    assert.equal(pids().size, 6);
    assert.deepEqual(await project.output("sentinels"), [
      "sessions1:16455",
      "sessions2:26455",
      "sessions3:30455",
    ]);
    assert.equal(await namedMaster("sessions3:30455", "sessions"), "sessions1:16400");
    await eventually("both replicas are there", async () =>
      /^connected_slaves:2/m.test(String(await ask("sessions1:16400", "INFO", "replication"))),
    );
  });

  it("changes nothing when all is well", async () => {
    const found = pids();
    await project.upChangesNothing();
    assert.deepEqual(pids(), found);
  });

  it("shows what has died, and repairs only that", async () => {
    const found = pids();
    killForGood(found.get("sentinel2") as number);
    await eventually("it has ended", () => !isRunning(found.get("sentinel2") as number));
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    assert.match(output, /Command sessions-sentinel2-process +update/);
    await project.up();
    for (const [name, pid] of pids())
      assert.equal(pid === found.get(name), name !== "sentinel2", name);
    await project.upChangesNothing();
  });

  it("is refused what is not allowed, with nothing touched and nothing deleted", async () => {
    const found = pids();
    const file = join(project.directory, files.at(-1) ?? "");
    const program = readFileSync(file, "utf8");
    writeFileSync(file, program.replace("sessions3:30455", "sessions3:99999"));
    const { status, output } = await project.tryUp();
    writeFileSync(file, program);
    assert.notEqual(status, 0);
    assert.match(output, /^ +sentinels\.sentinel3: "sessions3:99999" is not allowed/m);
    assert.doesNotMatch(output, /delete/);
    assert.deepEqual(pids(), found);
    await project.upChangesNothing();
  });

  it("leaves nothing behind", async () => {
    const found = [...pids().values()];
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);
    assert.ok(!found.some(isRunning));
    assert.ok(!existsSync(join(project.directory, "state", "redis-ha")));
    assert.doesNotMatch(readFileSync("/etc/hosts", "utf8"), /sessions1/);
  });
}

describe("the example in YAML", { timeout: 600_000 }, () => {
  tryExample("yaml", ["Pulumi.yaml"], () => Promise.resolve());
});

/** What a program in Python needs: the language host, Pulumi's packages, and the SDK of ours. */
async function withPython({ directory, environment }: Project): Promise<void> {
  const made = await python();
  execFileSync(join(made, "bin/writeSdk"), [
    join(checkout, "provider/schema.json"),
    join(directory, "sdk"),
  ]);
  // What an installation leaves: the SDK asks for its own version.
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const metadata = join(directory, `sdk/pulumi_redis_ha-${version}.dist-info`);
  mkdirSync(metadata);
  writeFileSync(
    join(metadata, "METADATA"),
    `Metadata-Version: 2.1\nName: pulumi_redis_ha\nVersion: ${version}\n`,
  );
  environment.PYTHONPATH = `${join(made, "lib")}:${join(directory, "sdk")}`;
  environment.PATH = `${join(made, "bin")}:${environment.PATH}`;
  // In place of the virtual environment, which can't be moved out of the cache.
  const project = join(directory, "Pulumi.yaml");
  writeFileSync(
    project,
    readFileSync(project, "utf8").replace(/ {2}options:\n {4}virtualenv: venv\n/, ""),
  );
}

const hasPython = which("python3", process.env.PATH) !== undefined;
describe(
  "the example in Python",
  { timeout: 600_000, skip: hasPython ? false : "python3 is not on this machine" },
  () => {
    tryExample("python", ["Pulumi.yaml", "__main__.py"], withPython);
  },
);

/** Tries a program with the smaller components, each of them with a host of its own. */
function tryParts(project: Project, prepare: () => Promise<unknown>): void {
  const serverConf = join(project.directory, "zato", "server.conf");
  const kvdb = `[main]
work_dir=x
[hot_deploy]
[startup_services_first_worker]
[kvdb]
host=
port=
password=
use_redis_sentinels=False
`;
  const processes = ["node1", "node2", "sentinel1", "sentinel2", "sentinel3"];
  const pids = () => project.pidsBelow("../state/redis-ha/pulumi-redis-ha.test");
  const preview = async () =>
    (await project.succeed("pulumi", "preview", "--stack", project.stack)).output;
  const changed = (output: string) =>
    [...output.matchAll(/Command (\S+) +(create|update|replace|delete)/g)].map(
      ([, name, operation]) => `${operation} ${name}`,
    );
  const follows = (place: string, master: string) =>
    eventually(`${place} follows ${master}`, async () => {
      const said = String(await ask(place, "INFO", "replication"));
      return [
        /^role:slave/m,
        /^master_link_status:up/m,
        new RegExp(`^master_port:${master}`, "m"),
      ].every((each) => each.test(said));
    });
  let hosts = "";
  before(async () => {
    hosts = readFileSync("/etc/hosts", "utf8");
    mkdirSync(dirname(serverConf));
    writeFileSync(serverConf, kvdb);
    project.configure({ serverConf });
    await prepare();
    await project.init();
  });
  after(() => project.remove());

  it("previews each, and touches nothing", async () => {
    const creates = changed(await preview());
    for (const each of [...processes.map((name) => `${name}-process`), "names-entries"])
      assert.ok(creates.includes(`create ${each}`), `${each} of ${creates.join()}`);
    for (const each of ["node2-parts2-scripts", "sentinel3-deployment", "zato-deployment"])
      assert.ok(creates.includes(`create ${each}`), `${each} of ${creates.join()}`);
    assert.ok(creates.every((each) => each.startsWith("create")));
    assert.equal(pids().size, 0);
    assert.equal(readFileSync("/etc/hosts", "utf8"), hosts);
    assert.equal(readFileSync(serverConf, "utf8"), kvdb);
  });

  it("brings up a master and its replica, sentinels that know them, and Zato's file", async () => {
    await project.up();
    assert.deepEqual([...pids().keys()].sort(), processes);
    assert.match(readFileSync("/etc/hosts", "utf8"), /^127\.0\.0\.1 parts3$/m);
    await follows("parts2:17301", "17300");
    assert.equal(await namedMaster("parts3:17352", "parts"), "parts1:17300");
    await eventually("the sentinels know each other", async () =>
      String(await ask("parts3:17352", "SENTINEL", "CKQUORUM", "parts")).startsWith("OK 3"),
    );
    assert.match(
      readFileSync(serverConf, "utf8"),
      /^redis_sentinels=parts1:17350, parts2:17351, parts3:17352$/m,
    );
    assert.match(await project.output("stanza"), /^\[kvdb\]\nhost=parts1$/m);
    assert.match(await project.output("server"), /^(Redis|Valkey) \d/);
  });

  it("changes nothing when all is well", async () => {
    const found = pids();
    await project.upChangesNothing();
    assert.deepEqual(pids(), found);
  });

  it("repairs a master that was killed, as what the sentinels have made of it", async () => {
    const found = pids();
    killForGood(found.get("node1") as number);
    for (const place of ["parts1:17350", "parts2:17351", "parts3:17352"])
      await eventually(
        `${place} names the replica`,
        async () => (await namedMaster(place, "parts")) === "parts2:17301",
      );
    assert.deepEqual(changed(await preview()), ["update node1-process"]);
    await project.up();
    for (const [name, pid] of pids()) assert.equal(pid === found.get(name), name !== "node1", name);
    await follows("parts1:17300", "17301");
    await project.upChangesNothing();
  });

  it("leaves no process, file or entry behind", async () => {
    const found = [...pids().values()];
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview", "--stack", project.stack);
    assert.ok(!found.some(isRunning));
    assert.ok(!existsSync(join(project.directory, "state", "redis-ha")));
    assert.equal(readFileSync("/etc/hosts", "utf8"), hosts);
    assert.deepEqual(readdirSync(dirname(serverConf)), ["server.conf"]);
    assert.equal(readFileSync(serverConf, "utf8"), kvdb);
  });
}

describe("programs of the smaller components", { timeout: 600_000 }, () => {
  const parts = (file: string) => read(join("tests/provider/languages/parts", file));

  describe("in YAML", () => {
    tryParts(projectOf({ "Pulumi.yaml": named(parts("Pulumi.yaml")) }), () => Promise.resolve());
  });
  describe("in Python", { skip: hasPython ? false : "python3 is not on this machine" }, () => {
    const project = projectOf({
      "Pulumi.yaml": named(read("examples/python/Pulumi.yaml")),
      "__main__.py": parts("__main__.py"),
    });
    tryParts(project, () => withPython(project));
  });
});

describe("pulumi package add", { timeout: 300_000 }, () => {
  const project = projectOf({ "Pulumi.yaml": "name: theirs\nruntime: yaml\n" });
  after(() => project.remove());
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const added = `packages:\n  redis-ha: { source: redis-ha, version: ${version} }\n`;

  it("makes the SDK of a project in YAML, of the package's own program", async () => {
    const program = "./node_modules/.bin/pulumi-resource-redis-ha";
    const { status, output } = await project.run("pulumi", "package", "add", program);
    assert.match(output, /Successfully generated an SDK for the redis-ha package/);
    assert.doesNotMatch(output, /warning/i);
    assert.equal(
      readFileSync(join(project.directory, `sdks/redis-ha/redis-ha-${version}.yaml`), "utf8"),
      `packageDeclarationVersion: 1\nname: redis-ha\nversion: ${version}\n`,
    );
    // What the engine asks for then, the language host that is built from the registries has not.
    if (status !== 0)
      assert.match(output, /^error: linking package: method Link not implemented$/m);
  });

  it("and a program with it is previewed, where it says where the program is", async () => {
    const example = read("examples/yaml/Pulumi.yaml");
    writeFileSync(join(project.directory, "Pulumi.yaml"), `${example}${added}`);
    await project.init();
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    assert.match(output, /Command sessions-verified +create/);
  });
});

describe("programs that make their machines in the same update", { timeout: 1_200_000 }, () => {
  before(makeNetwork);
  const machines = (file: string) => read(join("tests/provider/languages/machines", file));

  describe("in YAML", () => {
    tryMade(projectOf({ "Pulumi.yaml": named(machines("Pulumi.yaml")) }, told), () =>
      Promise.resolve(),
    );
  });
  describe("in Python", { skip: hasPython ? false : "python3 is not on this machine" }, () => {
    const project = projectOf(
      {
        "Pulumi.yaml": named(read("examples/python/Pulumi.yaml")),
        "__main__.py": machines("__main__.py"),
      },
      told,
    );
    tryMade(project, () => withPython(project));
  });
});

describe("a program in YAML that makes what it depends on", { timeout: 300_000 }, () => {
  // One that takes a machine for made only once it has made it: its id is unknown until then, as
  // with a cloud's.
  const provider = `import { ComponentResource } from "@pulumi/pulumi";
import { main } from "@pulumi/pulumi/provider/index.js";
const state = { address: "127.0.0.1" };
const create = () => Promise.resolve({ id: "made", outs: state });
const construct = (name, type, inputs, options) =>
  Promise.resolve({ urn: new ComponentResource(type, name, {}, options).urn, state });
const provider = { version: "1.0.0", schema: process.env.SLOW_SCHEMA, create, construct };
await main(provider, process.argv.slice(2));
`;
  const properties = { address: { type: "string" } };
  const schema = {
    name: "slow",
    version: "1.0.0",
    resources: {
      "slow:index:Machine": { properties, required: ["address"] },
      "slow:index:Network": { properties, required: ["address"], isComponent: true },
    },
  };
  const program = (hosts: string, options = "") => `name: theirs
runtime: yaml
plugins:
  providers:
    - { name: redis-ha, path: node_modules/.bin }
    - { name: slow, path: bin }
resources:
  machine:
    type: slow:Machine
  cache:
    type: redis-ha:RedisHa
    properties:
      hosts: ${hosts}
${options}`;
  const project = projectOf({
    "Pulumi.yaml": program("{ redis1: {} }"),
    "bin/main.mjs": provider,
    "bin/pulumi-resource-slow": `#!/bin/sh\nexec node "$(dirname "$0")/main.mjs" "$@"\n`,
  });
  before(async () => {
    chmodSync(join(project.directory, "bin/pulumi-resource-slow"), 0o755);
    project.environment.SLOW_SCHEMA = JSON.stringify(schema);
    await project.init();
  });
  after(() => project.remove());
  const preview = async (...given: Parameters<typeof program>) => {
    writeFileSync(join(project.directory, "Pulumi.yaml"), program(...given));
    return project.run("pulumi", "preview", "--stack", project.stack);
  };
  /** The program with these in place of all that it makes. */
  const write = (resources: Record<string, unknown>) => {
    const text = program("{}").replace(/^ {2}machine:[^]*/m, "");
    // JSON is YAML.
    const lines = Object.entries(resources).map(
      ([name, resource]) => `  ${name}: ${JSON.stringify(resource)}\n`,
    );
    writeFileSync(join(project.directory, "Pulumi.yaml"), text + lines.join(""));
  };
  const later = /redis1 can't be looked at before what it depends on is there/;

  it("previews all of it where an address is not known yet", async () => {
    const { status, output } = await preview('{ redis1: { address: "${machine.address}" } }');
    assert.equal(status, 0, output);
    assert.match(output, later);
    assert.match(output, /Command cache-sentinel3-process +create/);
  });

  it("and where it is known, and depends on a machine that has yet to be made", async () => {
    const { status, output } = await preview(
      "{}",
      '    options:\n      dependsOn: ["${machine}"]\n',
    );
    assert.equal(status, 0, output);
    assert.match(output, later);
  });

  it("is told all that is wrong, a line each, and no private key", async () => {
    const hosts = "{ redis1: { address: 127.0.0.1, ssh: { privateKey: 'once upon a time' } } }";
    const { status, output } = await preview(hosts, "      sentinel: { quorum: 7 }\n");
    assert.notEqual(status, 0);
    assert.match(
      output,
      /^ +sentinel\.quorum: 7 is not allowed: a majority of the 3 sentinels, 2 to 3$/m,
    );
    assert.match(output, /^ +hosts\.redis1\.ssh\.privateKey: "\(not shown\)" is not allowed/m);
    assert.doesNotMatch(output, /once upon/);
  });

  it("is told what is not known in time", async () => {
    const { status, output } = await preview('{ redis1: { directory: "${machine.address}" } }');
    assert.notEqual(status, 0);
    assert.match(
      output,
      /^ +hosts\.redis1\.directory: has to be known before anything is created/m,
    );
  });

  it("previews the other components where an address is not known yet", async () => {
    const address = "${machine.address}";
    const [host, options] = [{ name: "a1" }, { dependsOn: ["${names}"] }];
    write({
      machine: { type: "slow:Machine" },
      names: { type: "redis-ha:HostsEntries", properties: { host, entries: { a1: address } } },
      node: {
        type: "redis-ha:RedisNode",
        properties: {
          host: { ...host, address },
          port: 7001,
          masterName: "m",
          initialMaster: "node",
          nodes: [{ name: "node", host: "a1", port: 7001, address }],
          sentinels: [{ name: "s1", host: "a1", port: 7101, address }],
        },
        options,
      },
    });
    const { output } = await project.succeed("pulumi", "preview", "--stack", project.stack);
    for (const each of ["names-entries", "node-process", "node-a1-scripts"])
      assert.match(output, new RegExp(`Command ${each} +create`));
  });

  it("works on a machine that it knows from a component of another package", async () => {
    const file = join(project.directory, "hosts");
    writeFileSync(file, "");
    const entries = { a1: "${network.address}" };
    write({
      network: { type: "slow:Network" },
      names: {
        type: "redis-ha:HostsEntries",
        properties: { host: { name: "a1" }, file, entries },
        options: { dependsOn: ["${network}"] },
      },
    });
    await project.up();
    assert.match(readFileSync(file, "utf8"), /^127\.0\.0\.1 a1$/m);
    await project.upChangesNothing();
  });
});
