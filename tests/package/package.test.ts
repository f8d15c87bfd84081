import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { once } from "node:events";
import { checkout, Consumer } from "../support/consumer.ts";
import { oldest, oldestPeers } from "./oldest.ts";

const read = (file: string) => readFileSync(join(checkout, file), "utf8");

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/**
 * What follows the imports in each kind of program: mocks as the SDK's documentation has them, and
 * what the outputs are.
 */
const mocked = (type = "") => `
void pulumi.runtime.setMocks({ newResource: (a) => ({ id: a.name + "_id", state: a.inputs }), call: (a) => a.inputs });
const args${type} = { masterName: "theirs" };
const redis = new RedisHa("sessions", args);
pulumi.all([redis.sentinels, redis.masterName, redis.nodes]).apply(([sentinels, masterName, nodes]) =>
  console.log(JSON.stringify([sentinels.length, masterName, nodes.map((node) => node.name)])),
);
const boxes = { redis1: { docker: {} }, redis2: { docker: {} }, redis3: { docker: {} } };
try {
  new RedisHa("boxes", { hosts: boxes });
  console.log("docker");
} catch (error) {
  console.log(error instanceof InputError ? error.message : error);
}
`;
const plain = mocked();
const typed = mocked(": RedisHaArgs");
const imports = `import * as pulumi from "@pulumi/pulumi";\nimport { InputError, RedisHa } from "pulumi-redis-ha";\n`;
const requires = `const pulumi = require("@pulumi/pulumi");\nconst { InputError, RedisHa } = require("pulumi-redis-ha");\n`;
const typeImports = `${imports}import type {
  BastionArgs,
  Directives,
  DockerArgs,
  HostArgs,
  HostSection,
  HostsEntriesArgs,
  LocalArgs,
  Located,
  MonitoredMasterArgs,
  NodeOutput,
  Problem,
  ProcessCommands,
  RedisArgs,
  RedisHaArgs,
  RedisNodeArgs,
  RedisNodesArgs,
  SentinelArgs,
  SentinelsArgs,
  ServerVersion,
  SshArgs,
  SshHostArgs,
  TimeoutsArgs,
  TopologyArgs,
  ZatoArgs,
  ZatoKvdbConfigArgs,
} from "pulumi-redis-ha";
import { DockerEngine, DockerHost, Host, HostsEntries, LocalHost, RedisNode, readConfig, Sentinel, SshHost, ZatoKvdbConfig } from "pulumi-redis-ha";
export type Arguments = [BastionArgs, Directives, DockerArgs, HostArgs, HostSection, HostsEntriesArgs, LocalArgs, Located, MonitoredMasterArgs];
export type Others = [NodeOutput, Problem, ProcessCommands, RedisNodeArgs, SentinelArgs, ServerVersion, TopologyArgs, ZatoKvdbConfigArgs];
export type Sections = [RedisArgs, RedisNodesArgs, SentinelsArgs, SshArgs, SshHostArgs, TimeoutsArgs, ZatoArgs];
export const classes = [DockerEngine, DockerHost, Host, HostsEntries, LocalHost, RedisNode, readConfig, Sentinel, SshHost, ZatoKvdbConfig];
`;

const compilerOptions = {
  module: "node16",
  target: "es2022",
  strict: true,
  skipLibCheck: false,
  outDir: "out",
  types: ["node"],
};

describe("the package in somebody else's program", { timeout: 600_000 }, () => {
  let consumer: Consumer;
  before(() => {
    consumer = new Consumer();
    consumer.write({
      "native.mts": typeImports + typed,
      "compiled.cts": typeImports + typed,
      "plain.mjs": imports + plain,
      "plain.cjs": requires + plain,
      "tsconfig.json": JSON.stringify({ compilerOptions, files: ["native.mts", "compiled.cts"] }),
    });
  });
  after(() => {
    consumer.remove();
  });

  it("type-checks with node16 modules of both kinds, its declarations as well, without the docker package", async () => {
    const { status, output } = await consumer.run(join(checkout, "node_modules", ".bin", "tsc"), [
      "-p",
      ".",
    ]);
    assert.equal(output, "");
    assert.equal(status, 0);
  });

  for (const [what, file] of [
    ["native TypeScript, ES modules", "native.mts"],
    ["TypeScript compiled to ES modules", "out/native.mjs"],
    ["TypeScript compiled to CommonJS", "out/compiled.cjs"],
    ["plain JavaScript, ES modules", "plain.mjs"],
    ["plain JavaScript, CommonJS", "plain.cjs"],
  ] as const) {
    it(`runs with mocks that echo: ${what}`, async () => {
      const { status, output } = await consumer.run("node", [
        "--disable-warning=ExperimentalWarning",
        file,
      ]);
      const [docker = "", outputs = ""] = output.split("\n");
      assert.equal(outputs, '[3,"theirs",["node1","node2","node3"]]', output);
      assert.match(
        docker,
        /^hosts\.redis1\.docker: it needs the npm package .*npm install .*@pulumi\/docker@/,
      );
      assert.equal(status, 0);
    });
  }

  it("has all that it reads in what is published, and no sources", async () => {
    const { output } = await consumer.run("tar", [
      "-tzf",
      readdirSync(consumer.directory).find((file) => file.endsWith(".tgz")) ?? "",
    ]);
    const files = output.trim().split("\n");
    for (const file of [
      "package/scripts/redis/main.sh",
      "package/scripts/edits/kvdb/plan.awk",
      "package/templates/node.conf.hbs",
    ])
      assert.ok(files.includes(file), file);
    assert.deepEqual(
      files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")),
      [],
    );
  });

  it("begins its peers' ranges with the versions that are tested, and names docker's in the message where that is missing", () => {
    const { peerDependencies, devDependencies } = JSON.parse(read("package.json")) as Manifest;
    const { "@pulumi/docker": docker, ...others } = peerDependencies;
    assert.deepEqual(
      others,
      Object.fromEntries(Object.entries(oldest).map(([name, version]) => [name, `^${version}`])),
    );
    assert.equal(docker, `^${devDependencies["@pulumi/docker"]}`);
    assert.ok(
      read("hosts/docker/package.ts").includes(
        `@pulumi/docker@${devDependencies["@pulumi/docker"]}`,
      ),
    );
  });
});

describe("the real engine", { timeout: 600_000 }, () => {
  let consumer: Consumer;
  let env: NodeJS.ProcessEnv;
  before(() => {
    consumer = new Consumer();
    mkdirSync(join(consumer.directory, "backend"));
    env = {
      PULUMI_BACKEND_URL: `file://${consumer.directory}/backend`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      PULUMI_STACK: undefined,
      XDG_STATE_HOME: join(consumer.directory, "state"),
    };
  });
  after(() => {
    consumer.remove();
  });
  const pulumi = async (...args: string[]) => {
    const { status, output } = await consumer.run("pulumi", [...args, "--non-interactive"], env);
    assert.equal(status, 0, output);
    return output;
  };

  it("previews a program in ts-node, with the SDK's own compiler, on the oldest SDK", async () => {
    const peers = await oldestPeers();
    for (const name of Object.keys(oldest)) consumer.link(name, peers);
    consumer.write({
      "Pulumi.yaml": "name: theirs\nruntime: nodejs\n",
      "package.json": JSON.stringify({ name: "theirs", main: "index.ts" }),
      // As `pulumi new typescript` makes it.
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          strict: true,
          outDir: "bin",
          target: "es2020",
          module: "commonjs",
          moduleResolution: "node",
        },
        files: ["index.ts"],
      }),
      "index.ts": `${imports}export const sentinels: pulumi.Output<string[]> = new RedisHa("sessions").sentinels;\nexport const known = typeof InputError;\n`,
    });
    await pulumi("stack", "init", "test");
    const output = await pulumi("preview", "--stack", "test");
    for (const name of [
      "sessions-node1-process",
      "sessions-sentinel3-process",
      "sessions-verified",
    ])
      assert.match(output, new RegExp(`${name} +create`));
    assert.match(output, /\[0\]: "redis1:16355"/);
  });

  it("makes a project of any name out of the template, whose stacks' settings are read", async () => {
    for (const name of Object.keys(oldest)) consumer.link(name, checkout);
    const project = join(consumer.directory, "shop");
    await pulumi(
      "new",
      join(checkout, "template"),
      "--generate-only",
      "--yes",
      "--force",
      "--name",
      "shop",
      "--dir",
      project,
    );
    assert.deepEqual(
      readdirSync(project).filter((file) => !file.startsWith(".")),
      [
        "Pulumi.dev.yaml",
        "Pulumi.docker.yaml",
        "Pulumi.prod.yaml",
        "Pulumi.yaml",
        "index.ts",
        "package.json",
      ],
    );
    consumer.write({
      "shop/Pulumi.test.yaml":
        "config:\n  pulumi-redis-ha:masterName: shop\n  shop:masterName: other\n",
    });
    await pulumi("stack", "init", "test", "--cwd", project);
    const output = await pulumi("preview", "--stack", "test", "--cwd", project);
    assert.match(output, /masterName *: "shop"/);
    assert.match(
      output,
      /warning: shop:masterName is .*\(pulumi config set pulumi-redis-ha:masterName\)/,
    );
  });

  it("gives its schema to other languages, by the plugin's directory and by the package's own program", async () => {
    cpSync(join(checkout, "plugin"), join(consumer.directory, "plugin"), { recursive: true });
    const installed =
      (JSON.parse(read("package.json")) as { bin: Record<string, string> }).bin[
        "pulumi-resource-redis-ha"
      ] ?? "";
    consumer.write({
      "bin/pulumi-resource-redis-ha": `#!/bin/sh\nexec node ${consumer.directory}/node_modules/pulumi-redis-ha/${installed} "$@"\n`,
    });
    await consumer.run("chmod", ["+x", "bin/pulumi-resource-redis-ha"]);
    const { name, version, resources, types } = JSON.parse(read("provider/schema.json")) as Record<
      string,
      unknown
    >;
    // No warning either; one of what gets the schema would not be JSON.
    assert.equal(await pulumi("schema", "check", join(checkout, "provider", "schema.json")), "");
    for (const directory of ["plugin", "bin"]) {
      const schema = JSON.parse(
        await pulumi("package", "get-schema", `./${directory}/pulumi-resource-redis-ha`),
      ) as Record<string, unknown>;
      assert.deepEqual(
        [schema.name, schema.version, Object.keys(schema.types as object)],
        [name, version, Object.keys(types as object)],
      );
      assert.deepEqual(
        Object.keys(schema.resources as object),
        Object.keys(resources as object).sort(),
      );
    }
  });

  it("is run as a plugin by the SDK, and ends with the engine", { timeout: 60_000 }, async (t) => {
    const runner = join(checkout, "node_modules", "@pulumi", "pulumi", "cmd", "run-plugin");
    const plugin = spawn("node", [runner, join(consumer.directory, "plugin"), "127.0.0.1:1"], {
      cwd: consumer.directory,
      stdio: "pipe",
    });
    t.after(() => plugin.kill("SIGKILL"));
    const ended = once(plugin, "exit");
    const [port] = (await once(plugin.stdout.setEncoding("utf8"), "data")) as [string];
    assert.match(port, /^\d+\n$/);
    // Not by a signal: an engine that was killed sends none.
    plugin.stdin.end();
    assert.deepEqual(await ended, [0, null]);
  });

  it("takes the template's stack prod for what it is, under the name of another project", async () => {
    await pulumi("stack", "init", "prod", "--cwd", join(consumer.directory, "shop"));
    const { status, output } = await consumer.run(
      "pulumi",
      ["preview", "--stack", "prod", "--cwd", "shop", "--non-interactive"],
      env,
    );
    assert.notEqual(status, 0);
    assert.match(output, /ssh\.privateKeyFile: "\/home\/me\//);
  });

  it("has the repository's own stacks in the template", () => {
    const settings = (text: string) =>
      text.split("\n").filter((line) => !line.trim().startsWith("#"));
    for (const stack of ["dev", "docker", "prod"])
      assert.deepEqual(
        settings(read(`template/Pulumi.${stack}.yaml`)),
        settings(read(`Pulumi.${stack}.yaml`)),
      );
    const { version, peerDependencies, devDependencies } = JSON.parse(
      read("package.json"),
    ) as Manifest;
    const { dependencies } = JSON.parse(read("template/package.json")) as Manifest;
    assert.deepEqual(dependencies, {
      "@pulumi/command": peerDependencies["@pulumi/command"],
      "@pulumi/pulumi": `^${devDependencies["@pulumi/pulumi"]}`,
      "pulumi-redis-ha": version,
    });
    assert.ok(read("template/index.ts").split("\n").length <= 10);
    for (const directory of ["plugin", "examples/python", "examples/yaml"])
      assert.deepEqual(
        (JSON.parse(read(`${directory}/package.json`)) as Manifest).dependencies,
        dependencies,
        directory,
      );
  });
});
