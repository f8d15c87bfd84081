import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { packagesMissing } from "../../toolchain/npm.mjs";
import { CHECKOUT } from "../../toolchain/paths.mjs";
import { PIECES } from "../../toolchain/pieces.mjs";
import { program, scratch } from "./scratch.ts";
import type { TestContext } from "node:test";

const RUN = fileURLToPath(new URL("../../toolchain/run.mjs", import.meta.url));
const SETUP = fileURLToPath(new URL("../../toolchain/setup.mjs", import.meta.url));

// With npm packages missing run.mjs would install them, and these tests must not change the
// checkout.
const skip = packagesMissing(CHECKOUT) ? "needs the npm packages" : false;

/** An environment in which nothing is missing. */
function complete(t: TestContext) {
  const home = scratch(t);
  for (const piece of PIECES) program(join(home, ".pulumi", piece.file));
  return { HOME: home, PATH: process.env.PATH };
}

test(
  "with everything in place no other program is run for a command, nothing is made, and nothing is said",
  { skip },
  (t) => {
    const env = complete(t);
    const [called, spies] = [join(env.HOME, "called"), join(env.HOME, "spies")];
    const spy = (file: string) => program(file, `echo "$0 $*" >>${called}; exit 1`);
    for (const piece of PIECES) spy(join(env.HOME, ".pulumi", piece.file));
    for (const each of [
      "node",
      "npm",
      "npx",
      "go",
      "pulumi",
      "sh",
      "sudo",
      "apt-get",
      "dpkg-query",
      "redis-server",
      "docker",
      "ssh",
    ])
      spy(join(spies, each));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [RUN, "--need", "stack", "--", "/bin/sh", "-c", "echo here"],
      {
        env: { ...env, PATH: `${spies}:${env.PATH}` },
        encoding: "utf8",
      },
    );
    assert.deepEqual([status, stdout, stderr], [0, "here\n", ""]);
    assert.equal(existsSync(called) ? readFileSync(called, "utf8") : "", "");
    assert.equal(existsSync(join(env.HOME, ".cache")), false);
    // The spies see what is run by name.
    assert.equal(spawnSync("npm", { env: { ...env, PATH: `${spies}:${env.PATH}` } }).status, 1);
    assert.match(readFileSync(called, "utf8"), /spies\/npm/);
  },
);

test("arguments, output and exit status are the command's own", { skip }, (t) => {
  const args = [RUN, "--", "sh", "-c", 'echo "$1|$PULUMI_HOME"; exit 7', "sh", "two words"];
  const env = complete(t);
  const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  assert.deepEqual([status, stdout], [7, `two words|${env.HOME}/.pulumi\n`]);
});

test("a signal reaches the command, and its end by a signal is ours too", { skip }, async (t) => {
  const args = [
    RUN,
    "--",
    "sh",
    "-c",
    "trap 'kill $!; echo got it; exit 3' TERM; sleep 30 & echo ready; wait; exit 1",
  ];
  const child = spawn(process.execPath, args, {
    env: complete(t),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (text.includes("ready")) child.kill("SIGTERM");
  });
  const [code] = (await once(child, "exit")) as [number | null];
  assert.deepEqual([code, output], [3, "ready\ngot it\n"]);

  const killed = spawnSync(process.execPath, [RUN, "--", "sh", "-c", "kill -9 $$"], {
    env: complete(t),
  });
  assert.equal(killed.signal, "SIGKILL");
});

test("the variables can be taken over by a shell, whatever is in them", { skip }, (t) => {
  const env = { ...complete(t), PULUMI_BACKEND_URL: "file:///it's $HERE" };
  const script = `eval "$(${process.execPath} ${SETUP} --print-env)" && echo "$PULUMI_BACKEND_URL|$PULUMI_HOME"`;
  const { stdout } = spawnSync("sh", ["-c", script], { env, encoding: "utf8" });
  assert.equal(stdout, `file:///it's $HERE|${env.HOME}/.pulumi\n`);
});

test("a command that does not exist ends as in a shell", { skip }, (t) => {
  const { status, stderr } = spawnSync(process.execPath, [RUN, "--", "no-such-command"], {
    env: complete(t),
    encoding: "utf8",
  });
  assert.equal(status, 127);
  assert.match(stderr, /no-such-command/);
});

test(
  "plugins are not downloaded during a command whose needs are known, unless the person wants it",
  { skip },
  (t) => {
    const downloads = (env: NodeJS.ProcessEnv, ...need: string[]) =>
      spawnSync(
        process.execPath,
        [RUN, ...need, "--", "sh", "-c", 'echo "$PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"'],
        { env, encoding: "utf8" },
      ).stdout;
    const env = complete(t);
    assert.equal(downloads(env, "--need", "hosts"), "true\n");
    assert.equal(
      downloads(
        { ...env, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false" },
        "--need",
        "hosts",
      ),
      "false\n",
    );
    assert.equal(downloads(env), "\n", "nothing is known of any other command");
  },
);

test("what cannot be understood is refused", (t) => {
  const env = { HOME: scratch(t), PATH: process.env.PATH };
  for (const [args, message] of [
    [[RUN], /Usage/],
    [
      [RUN, "--need", "tea", "--", "true"],
      /--need tea: expected one or more of redis, docker, ssh, tests, stack, hosts,/,
    ],
    [[SETUP, "--prnt-env"], /Usage/],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at /);
  }
});
