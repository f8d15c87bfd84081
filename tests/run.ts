import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { findGo } from "../toolchain/go.mjs";

/** A stage of the tests; those that count report in the words of node's test runner. */
interface Stage {
  name: string;
  what: string;
  command: string[];
  /** What it runs with besides this process's environment. */
  env?: () => NodeJS.ProcessEnv;
}

const { positionals } = parseArgs({ allowPositionals: true });

const tests = ["node", "--test", "--test-reporter=spec"];

/**
 * Files of a stage at once. Servers are started, stopped and waited for most of the time: two are
 * not slower on two cores. But where stages run beside each other, a third stack would slow all of
 * them down to what limits don't expect.
 */
const concurrency = process.env.TEST_CONCURRENCY ?? (positionals.length === 1 ? 2 : 1);

const node = (what: string, ...files: string[]): Omit<Stage, "name"> => ({
  what,
  command: [...tests, `--test-concurrency=${concurrency}`, ...files],
});

const stages: Stage[] = [
  { name: "types", what: "type check", command: ["tsc", "-p", "."] },
  { name: "lint", what: "lint", command: ["eslint", "."] },
  { name: "format", what: "format", command: ["prettier", "--check", "."] },
  {
    name: "scripts",
    what: "shellcheck",
    command: [
      "sh",
      "-c",
      "node tests/shellcheck.ts && shellcheck .ci/run tests/sandbox.sh plugin/pulumi-resource-redis-ha",
    ],
  },
  {
    name: "provider",
    what: "the stand-ins for plugins",
    command: [
      "sh",
      "-c",
      "(cd toolchain/command-provider && go vet ./... && go test ./...) && cd toolchain/docker-provider && go test -tags no_compose ./...",
    ],
    // As the set-up finds it: Go need not be on the PATH.
    env: () => findGo(process.env).env,
  },
  {
    name: "unit",
    ...node(
      "the resource graph and the values in it",
      "tests/components/*.test.ts",
      "tests/hosts/*.test.ts",
      "tests/provider/*.test.ts",
      "tests/support/*.test.ts",
      "tests/cli/*.test.ts",
      "tests/toolchain/*.test.ts",
    ),
  },
  {
    name: "decisions",
    ...node(
      "what is decided, as tables of cases",
      "tests/scripts/redis/*.test.ts",
      "tests/topology/*.test.ts",
    ),
  },
  {
    name: "package",
    what: "the package in programs of others",
    command: [
      "sh",
      "-c",
      `node tests/package/prepare.ts && exec ${tests.join(" ")} tests/package/package.test.ts`,
    ],
  },
  {
    name: "languages",
    what: "programs in other languages, in a sandbox",
    // Packs the package, as the stage before: not both at once.
    command: [
      "sh",
      "-c",
      `node tests/provider/languages/prepare.ts && exec sh tests/sandbox.sh ${tests.join(" ")} tests/provider/languages/*.test.ts`,
    ],
  },
  {
    name: "kept",
    what: "deployments of versions that were released, in a sandbox",
    // It packs the package, too.
    command: ["sh", "-c", `exec sh tests/sandbox.sh ${tests.join(" ")} tests/kept/*.test.ts`],
  },
  {
    name: "e2e",
    what: "the real engine, real processes, in a sandbox",
    // It packs the package, as well.
    command: [
      "sh",
      "-c",
      `exec sh tests/sandbox.sh ${tests.join(" ")} --test-concurrency=${concurrency} tests/e2e/*.test.ts`,
    ],
  },
  { name: "matrix", ...node("servers from 2.8 to 8 and Valkey", "tests/matrix/*.test.ts") },
];

/**
 * @param preparation what needs a network is made before the tests go into their sandbox, which has
 * none.
 */
const sandboxed = (name: string, what: string, file: string, preparation = "true"): Stage => ({
  name,
  what: `${what}, in a sandbox`,
  command: [
    "sh",
    "-c",
    `${preparation} && exec sh tests/sandbox.sh ${tests.join(" ")} --test-concurrency=${concurrency} tests/${file}`,
  ],
});

/**
 * These have networks, mounts and an /etc of their own, and so run beside the others; the longest
 * first.
 */
const besides: Stage[] = [
  sandboxed(
    "containers",
    "a real Docker engine",
    "hosts/docker/one-engine.test.ts",
    "node tests/support/images.ts",
  ),
  sandboxed(
    "lifecycle",
    "the lifecycle script against real servers",
    "scripts/lifecycle/*.test.ts",
  ),
  sandboxed(
    "machines",
    "three machines with systemd, over SSH",
    "hosts/ssh/systemd.test.ts",
    "node tests/support/ssh/image.ts",
  ),
  sandboxed("model", "changes and faults in random order, against a model", "model/model.test.ts"),
  sandboxed(
    "input",
    "what is rendered, quoted and edited, as its real readers read it",
    "input/*.test.ts",
  ),
  sandboxed("edit", "edits of files that are not ours", "scripts/edits/*.test.ts"),
  sandboxed("hostile", "servers whose user means harm", "hosts/ssh/hostile.test.ts"),
  sandboxed(
    "namespaces",
    "three machines without systemd, over SSH",
    "hosts/ssh/namespaces.test.ts",
  ),
  sandboxed(
    "clients",
    "clients in five languages, as docs/clients.md has them, and Zato's",
    "clients/*.test.ts",
    "node tests/clients/prepare.ts",
  ),
  sandboxed(
    "engines",
    "three Docker engines, by socket, SSH and TLS",
    "hosts/docker/engines.test.ts",
  ),
  sandboxed("program", "machines that the same program makes", "hosts/ssh/program.test.ts"),
  sandboxed("owners", "names that are taken on a Docker engine", "hosts/docker/owners.test.ts"),
  sandboxed(
    "rpm",
    "packages where dnf installs them",
    "hosts/ssh/rpm.test.ts",
    "node tests/support/ssh/image.ts",
  ),
  sandboxed(
    "hostkeys",
    "host keys as the command plugin can use them",
    "hosts/ssh/hostkeys.test.ts",
  ),
  sandboxed("policy", "the policy pack, on good and bad stacks", "policy/*.test.ts"),
  sandboxed("localuser", "local servers as a user of their own", "hosts/local/user.test.ts"),
  sandboxed("authdocker", "users with passwords, in containers", "hosts/docker/users.test.ts"),
  sandboxed("authssh", "users with passwords, over SSH", "hosts/ssh/users.test.ts"),
  sandboxed(
    "authlocal",
    "users with passwords, of local servers as a user of their own",
    "hosts/local/users.test.ts",
  ),
];

/**
 * Only where they are named, as `npm run soak` does: the same is tried by others on this machine.
 */
const named: Stage[] = [
  sandboxed(
    "versions",
    "another version on machines over SSH",
    "hosts/ssh/versions.test.ts",
    "node tests/support/servers.ts 'Redis 8.0.2'",
  ),
];

/**
 * ms; far above what any stage takes: one that hangs is ended, so that what failed before it is
 * still told.
 */
const stageLimit = 45 * 60_000;

/** What a stage that failed said about it, to be said again at the end, where one looks first. */
const failures: string[] = [];
/** Where each test that failed is, and its name. */
const failedTests: string[] = [];
/** Programs of the stages that run now. */
const children = new Set<ChildProcess>();
const counted = { passed: 0, failed: 0, skipped: 0 };

/** Keeps what is to be said again: of each test that failed the beginning and the end. */
function tell(said: string[]): void {
  const failing = said.findIndex((line) => line.endsWith("✖ failing tests:"));
  if (failing < 0) {
    failures.push(...said.slice(-40));
    return;
  }
  const tests: string[][] = [];
  for (const line of said.slice(failing + 1)) {
    if (/ test at \S+$/.test(line)) tests.push([]);
    tests.at(-1)?.push(line);
  }
  for (const lines of tests) {
    failures.push(
      ...(lines.length > 40 ? [...lines.slice(0, 25), "…", ...lines.slice(-14)] : lines),
    );
    failedTests.push(lines.slice(0, 2).join(" ").replace(/ +/g, " "));
  }
}

/** Runs a stage with its output passed on line by line, and adds what it counted. */
async function run({ name, command: [program = "", ...args], env }: Stage): Promise<number> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env?.() },
  });
  children.add(child);
  const limit = setTimeout(() => {
    console.log(`${name.padEnd(10)} ended: it took over ${stageLimit / 60_000} minutes`);
    child.kill();
  }, stageLimit);
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 1));
  }).finally(() => {
    clearTimeout(limit);
    children.delete(child);
  });
  const numbers = new Map<string, number>();
  const said: string[] = [];
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream })) {
      console.log(`${name.padEnd(10)} ${line}`);
      said.push(`${name.padEnd(10)} ${line}`);
      const [, word, number] = /^ℹ (pass|fail|cancelled|skipped) (\d+)$/.exec(line) ?? [];
      if (word) numbers.set(word, Number(number));
    }
  });
  const status = await ended;
  await Promise.all(reading);
  if (status !== 0) tell(said);
  const number = (word: string) => numbers.get(word) ?? 0;
  counted.passed += number("pass");
  counted.failed += number("fail") + number("cancelled");
  counted.skipped += number("skipped");
  return status;
}

const all = [...stages, ...besides, ...named].map(({ name }) => name);
const unknown = positionals.filter((wanted) => !all.includes(wanted));
if (unknown.length > 0)
  throw new Error(`no such stage: ${unknown.join(", ")}; there are ${all.join(", ")}`);

const times: string[] = [];
const failed: string[] = [];
let ended = false;

const wanted = (list: Stage[]) =>
  list.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

/** One stage after the other, until no list has one left. */
async function runAll(...lists: Stage[][]): Promise<void> {
  for (
    let next = lists.find(({ length }) => length > 0)?.shift();
    next && !ended;
    next = lists.find(({ length }) => length > 0)?.shift()
  ) {
    console.log(`=== ${next.name}: ${next.what}`);
    const began = Date.now();
    if ((await run(next)) !== 0) failed.push(next.name);
    times.push(
      `${next.name} ${Math.round((Date.now() - began) / 1000)} s${failed.includes(next.name) ? " FAILED" : ""}`,
    );
  }
}

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.log(`${signal}: ending what runs`);
    ended = true;
    for (const child of children) child.kill(signal);
  });
}
const apart = [...wanted(besides), ...named.filter(({ name }) => positionals.includes(name))];
// Most of the time they wait for servers, machines and containers: with two at once, two cores had
// nothing to do for a third of it.
await Promise.all([runAll(wanted(stages), apart), runAll(apart), runAll(apart)]);
if (failures.length > 0) console.log(`\n${failures.join("\n")}`);
console.log(`\n${times.join(", ")}`);
if (failed.length > 0) console.log([`failed: ${failed.join(", ")}`, ...failedTests].join("\n"));
console.log(`${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;
