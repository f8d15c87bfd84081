import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Output } from "@pulumi/pulumi";
import { Redis } from "ioredis";
import type { TimeoutsArgs } from "../../components/redis/args.ts";
import {
  nodeCredentials,
  passwordsFrom,
  sentinelCredentials,
} from "../../components/redis/credentials.ts";
import { lifecycleParameters, type Located } from "../../components/redis/lifecycleParameters.ts";
import { nodeConf, persistenceOf } from "../../components/redis/nodeConf.ts";
import { mastersConf, sentinelConf } from "../../components/redis/sentinelConf.ts";
import {
  type ApplicationUser,
  nodeUsers,
  sentinelUsers,
  userNames,
} from "../../components/redis/users.ts";
import {
  featuresOf,
  parseServerVersion,
  type ServerVersion,
} from "../../components/redis/version.ts";
import type { Host } from "../../hosts/host.ts";
import { quote } from "../../hosts/shell.ts";
import { scriptText } from "../../scripts/bundle.ts";

export { sleep };

/** A shell and, as PATH, its tools. */
export interface Shell {
  name: string;
  path: string;
}

export interface Result {
  status: number | null;
  out: string;
  err: string;
  /** Duration in ms. */
  took: number;
}

export const masterName = "redis-ha";
const scripts = ["host.sh", "lifecycle.sh", "hosts-entries.sh"];
// On disk and not in /dev/shm: the servers are to be killed on a real file system.
const scratch = mkdtempSync(join(tmpdir(), "prh-lifecycle-"));
const mounts = new Set<string>();

function find(program: string): string {
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .find((directory) => existsSync(join(directory, program)));
  if (found === undefined)
    throw new Error(`${program} is needed for these tests and is not in PATH`);
  return join(found, program);
}

function programs(name: string, targets: Record<string, string>): string {
  const directory = join(scratch, `bin-${name}`);
  mkdirSync(directory);
  for (const [program, target] of Object.entries(targets))
    symlinkSync(target, join(directory, program));
  return directory;
}

const busybox = find("busybox");
const applets = execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n");
const redis = { "redis-server": find("redis-server"), "redis-cli": find("redis-cli") };

export const shells: readonly Shell[] = [
  {
    name: "dash",
    path: [programs("dash", { sh: find("dash") }), process.env.PATH].join(delimiter),
  },
  {
    name: "busybox",
    path: programs("busybox", {
      ...Object.fromEntries(applets.map((applet) => [applet, busybox])),
      ...redis,
    }),
  },
];

/**
 * The shells for a test with servers: every second test of a file has dash, the others busybox;
 * `npm run soak` (ROUNDS set) runs each in both. What a script does without a server is tried in
 * both everywhere.
 */
export function shellsInTurn(): readonly Shell[] {
  if (process.env.ROUNDS !== undefined) return shells;
  const next = shells[turn++ % shells.length];
  return next ? [next] : [];
}
let turn = 0;

/** A test with a cluster of its own, in the shell whose turn it is. */
export function inTurn(
  name: string,
  args: ClusterArgs,
  run: (cluster: Cluster, t: TestContext) => Promise<void>,
  options: { skip?: boolean } = {},
): void {
  for (const shell of shellsInTurn())
    test(`${name}, ${shell.name}`, options, (t) =>
      withCluster(shell, args, (cluster) => run(cluster, t)),
    );
}

export const installedVersion = parseServerVersion(
  execFileSync("redis-server", ["--version"], { encoding: "utf8" }),
) as ServerVersion;
/**
 * A version without CLIENT PAUSE WRITE; what the installed server understands of its words is all
 * that is needed.
 */
export const withoutPause: ServerVersion = { label: "Redis 6.0.0", program: "", level: [6, 0, 0] };

// What a test started is found by the test's own directory in its command line, even if its pid
// file was lost.
function processesOf(directory: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          pid !== process.pid &&
          (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(directory) ||
            readlinkSync(`/proc/${pid}/cwd`).startsWith(directory))
        );
      } catch {
        return false;
      }
    });
}

function endAll(directory: string): void {
  for (let round = 0; round < 20; round++) {
    const left = processesOf(directory);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

process.on("exit", () => {
  endAll(scratch);
  unmount(scratch);
  rmSync(scratch, { recursive: true, force: true });
});
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => process.exit(1));

export const isRoot = process.getuid?.() === 0;

/** A small file system of its own, for a full or read-only disk. */
export function mountSmall(directory: string, options: string): void {
  mkdirSync(directory, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", directory]);
  mounts.add(directory);
}

function unmount(below: string): void {
  for (const mount of [...mounts].filter((each) => each.startsWith(`${below}/`))) {
    execFileSync("umount", ["-l", mount]);
    mounts.delete(mount);
  }
}

let firstPort = 45_000;
let portsTaken = 0;

/** Each test file has its own thousand ports, so that files can run at the same time. */
export function portsFrom(first: number): void {
  firstPort = first;
}

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    // Connections leave from even ports (ip_local_port_range), and block those for a minute after
    // their end.
    const port = firstPort + ((2 * portsTaken++ + 1) % 1000);
    const server = await listen(port).catch(() => undefined);
    if (server !== undefined) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
  throw new Error("no free port");
}

export function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** The text of an output, outside of a Pulumi program. */
function settled<T>(output: Output<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error("an output was never resolved"));
    }, 10_000);
    output.apply((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  limit = 60_000,
): Promise<void> {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`not within ${limit} ms: ${what}`);
}

export interface ClusterArgs {
  nodes?: number;
  sentinels?: number;
  downAfter?: number;
  failoverTimeout?: number;
  appendOnly?: boolean;
  settings?: Record<string, string>;
  server?: string;
  version?: ServerVersion;
  limits?: TimeoutsArgs;
  /** Users of applications: then nobody gets to a node without a password. */
  users?: readonly ApplicationUser[];
}

/** What the stack's own users log in with. */
export const passwords = passwordsFrom("the secret of the tests");

/** Nodes and sentinels on 127.0.0.1, under one host.sh, as the components render them. */
export class Cluster {
  readonly shell: Shell;
  readonly root: string;
  /** Where host.sh is; the processes' directories are below it. */
  readonly here: string;
  readonly nodes: Located[];
  readonly sentinels: Located[];
  readonly args: ClusterArgs;
  /** What whoever calls the scripts has in its environment. */
  environment: Record<string, string> = {};
  #parent = "";

  private constructor(
    shell: Shell,
    root: string,
    nodes: Located[],
    sentinels: Located[],
    args: ClusterArgs,
  ) {
    this.shell = shell;
    this.root = root;
    this.here = join(root, "stack", "here");
    this.nodes = nodes;
    this.sentinels = sentinels;
    this.args = args;
  }

  static async make(shell: Shell, args: ClusterArgs = {}): Promise<Cluster> {
    const root = mkdtempSync(join(scratch, `${shell.name}-`));
    const members = async (kind: string, count: number): Promise<Located[]> => {
      const list: Located[] = [];
      for (let index = 1; index <= count; index++)
        list.push({
          name: `${kind}${index}`,
          host: "localhost",
          address: "127.0.0.1",
          port: await freePort(),
        });
      return list;
    };
    const cluster = new Cluster(
      shell,
      root,
      await members("node", args.nodes ?? 3),
      await members("sentinel", args.sentinels ?? 3),
      { ...args },
    );
    await cluster.install();
    return cluster;
  }

  async install(): Promise<void> {
    const text = `here=${quote(this.here)} mark="deployment test"\n${scriptText("install.sh")}${scripts.map((each) => `put ${each} ${quote(scriptText(each))}\n`).join("")}`;
    const { status, err } = await this.sh([], text);
    if (status !== 0) throw new Error(`install: ${err}`);
  }

  /** Ends everything that runs in this cluster's directory and removes that. */
  remove(): void {
    endAll(`${this.root}/`);
    unmount(this.root);
    rmSync(this.root, { recursive: true, force: true });
  }

  /**
   * Runs `sh ARGS` with the shell's tools.
   *
   * @throws Error where it has not ended after five minutes: every step has limits of its own,
   * which are far shorter.
   */
  sh(args: string[], stdin = "", onStart?: (child: ChildProcess) => void): Promise<Result> {
    const start = Date.now();
    return new Promise((resolve, reject) => {
      const child = spawn("sh", args, {
        env: { PATH: this.shell.path, ...this.environment },
        cwd: "/",
        detached: true,
      });
      onStart?.(child);
      let out = "";
      let err = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
      child.stdin.on("error", () => undefined);
      child.stdin.end(stdin);
      const limit = setTimeout(() => {
        signal(-(child.pid as number), "SIGKILL");
        reject(new Error(`not ended after five minutes: sh ${args.join(" ")}\n${out}${err}`));
      }, 300_000);
      child.on("error", reject);
      child.on("close", (status) => {
        clearTimeout(limit);
        resolve({ status, out, err, took: Date.now() - start });
      });
    });
  }

  host(...words: string[]): Promise<Result> {
    return this.sh([join(this.here, "host.sh"), ...words]);
  }

  /** A parent for the process, as a container or a service manager starts it. */
  supervise(name: string): ChildProcess {
    this.#parent = "its parent";
    const script = join(this.here, "host.sh");
    const said = openSync(join(this.root, `${name}.said`), "a");
    try {
      return spawn("sh", [script, "supervise", this.directory(name)], {
        env: { PATH: this.shell.path },
        cwd: "/",
        stdio: ["ignore", said, said],
      });
    } finally {
      closeSync(said);
    }
  }

  /** What the parent of a process, and the start of that, have said. */
  said(name: string): string {
    return readFileSync(join(this.root, `${name}.said`), "utf8");
  }

  lifecycle(action: string, name: string): Promise<Result> {
    return this.sh([join(this.here, "lifecycle.sh"), action, this.directory(name)]);
  }

  directory(name: string): string {
    return join(this.here, name);
  }

  file(name: string, file: string): string {
    const path = join(this.directory(name), file);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  log(name: string): string {
    return this.file(name, "log");
  }

  pid(name: string): number {
    return Number(this.file(name, "pid").split(" ")[0]);
  }

  member(name: string): Located {
    const found = [...this.nodes, ...this.sentinels].find((each) => each.name === name);
    if (!found) throw new Error(name);
    return found;
  }

  get names(): string[] {
    return [...this.nodes, ...this.sentinels].map(({ name }) => name);
  }

  /** What `create` and `update` read: as hosts/localHost.ts writes it. */
  async settings(
    name: string,
    changes: {
      settings?: Record<string, string>;
      forget?: string[];
      instance?: string;
      server?: string;
      cli?: string;
      users?: readonly ApplicationUser[];
    } = {},
  ): Promise<string> {
    const self = this.member(name);
    const version = this.args.version ?? installedVersion;
    // What the files of the installed server look like does not depend on the words that are used.
    const features = {
      ...featuresOf(version),
      multiPartAof: featuresOf(installedVersion).multiPartAof,
    };
    const { nodes, sentinels, args } = this;
    const host = { hostName: "localhost" } as Host;
    const server = changes.server ?? args.server ?? "redis-server";
    const common = {
      self,
      server,
      cli: changes.cli ?? "redis-cli",
      nodes,
      sentinels,
      masterName,
      initialMaster: "node1",
    };
    const limits: Required<TimeoutsArgs> = {
      readySeconds: 20,
      stopSeconds: 20,
      verifySeconds: 90,
      outageSeconds: 60,
      ...args.limits,
    };
    const place = {
      name,
      host,
      port: self.port,
      bind: "127.0.0.1",
      address: "127.0.0.1",
      directory: this.directory(name),
      logFile: join(this.directory(name), "log"),
    };
    const files: Record<string, string> = {};
    if (name.startsWith("node")) {
      const persistence = persistenceOf({ ...args.settings, ...changes.settings }, args.appendOnly);
      const downAfterMilliseconds = args.downAfter ?? 1000;
      files.parameters = await settled(
        lifecycleParameters(
          {
            ...common,
            timeouts: limits,
            kind: "node",
            persistence,
            minReplicas: 0,
            downAfterMilliseconds,
            auth: args.users !== undefined,
          },
          features,
        ),
      );
      files["settings.conf"] = nodeConf(
        {
          ...place,
          appendOnly: args.appendOnly,
          directives: { ...args.settings, ...changes.settings },
        },
        version,
      );
    } else {
      const quorum = Math.floor(sentinels.length / 2) + 1;
      files.parameters = await settled(
        lifecycleParameters(
          {
            ...common,
            timeouts: limits,
            kind: "sentinel",
            forget: changes.forget,
            auth: args.users !== undefined,
            monitored: [`${masterName} node1 ${quorum}`],
          },
          features,
        ),
      );
      files["settings.conf"] = sentinelConf(place, version);
      const master = {
        name: masterName,
        initialMaster: "node1",
        quorum,
        downAfterMilliseconds: args.downAfter ?? 1000,
        parallelSyncs: 1,
        failoverTimeoutMilliseconds: args.failoverTimeout ?? 4000,
      };
      files["masters.conf"] = mastersConf([master], changes.settings ?? {});
    }
    const users = changes.users ?? args.users;
    if (users !== undefined) {
      const isNode = name.startsWith("node");
      files.credentials = (isNode ? nodeCredentials : sentinelCredentials)(passwords);
      files["users.acl"] = isNode
        ? nodeUsers(passwords.nodes, users)
        : sentinelUsers(passwords.sentinels, version);
    }
    const puts = Object.entries(files).map(([file, content]) => `put ${file} ${quote(content)}\n`);
    return [`instance=${quote(changes.instance ?? "an instance")}\n`, ...puts].join("");
  }

  async step(
    action: "create" | "update",
    name: string,
    changes: Parameters<Cluster["settings"]>[1] = {},
    onStart?: (child: ChildProcess) => void,
  ): Promise<Result> {
    return this.sh(
      [join(this.here, "host.sh"), action, this.directory(name), "", this.#parent],
      await this.settings(name, changes),
      onStart,
    );
  }

  /** The step, and an error where it fails. */
  async done(
    action: "create" | "update",
    name: string,
    changes: Parameters<Cluster["settings"]>[1] = {},
  ): Promise<Result> {
    const result = await this.step(action, name, changes);
    if (result.status !== 0)
      throw new Error(`${action} ${name}: ${result.status}\n${result.out}${result.err}`);
    return result;
  }

  async verify(): Promise<void> {
    const result = await this.lifecycle("verify", "node1");
    if (result.status !== 0)
      throw new Error(
        `verify: ${result.out}${result.err}\n${this.names.map((name) => `--- ${name}\n${this.log(name).slice(-1500)}`).join("\n")}`,
      );
  }

  /** Waits until everything is as it should be without touching anything. */
  async verifiedByItself(): Promise<void> {
    let said = "";
    await eventually(
      "everything is as it should be",
      async () => {
        const { status, out, err } = await this.lifecycle("check", "node1");
        said = out + err;
        return status === 0;
      },
      60_000,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${said}`);
    });
  }

  /** Everything created in the order of `pulumi up`, and verified. */
  async up(): Promise<this> {
    for (const name of this.names) await this.done("create", name);
    await this.verify();
    return this;
  }

  async upNodes(): Promise<this> {
    for (const { name } of this.nodes) await this.done("create", name);
    return this;
  }

  /** The reply of a process, an empty string if it gives none. */
  async ask(name: string, ...command: string[]): Promise<string> {
    const { port } = this.member(name);
    if (!this.args.users) return this.askPort(port, ...command);
    const { administration } = name.startsWith("node") ? passwords.nodes : passwords.sentinels;
    return this.askAs(port, { name: userNames.administration, password: administration }, command);
  }

  askPort(port: number, ...command: string[]): Promise<string> {
    return this.askAs(port, undefined, command);
  }

  /** The reply to that user; undefined is one without a password. */
  askAs(
    port: number,
    user: Pick<ApplicationUser, "name" | "password"> | undefined,
    command: readonly string[],
  ): Promise<string> {
    return new Promise((resolve) => {
      const login = user ? ["--user", user.name] : [];
      const child = spawn("redis-cli", ["-p", String(port), ...login, ...command], {
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 3000,
        env: { ...process.env, ...(user ? { REDISCLI_AUTH: user.password } : {}) },
      });
      let out = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.on("close", () => resolve(out.replaceAll("\r", "").trimEnd()));
    });
  }

  async role(name: string): Promise<string> {
    return (await this.ask(name, "ROLE")).split("\n")[0] ?? "";
  }

  /** Which of the nodes a sentinel names. */
  async named(sentinel = "sentinel1"): Promise<string> {
    const port = (
      await this.ask(sentinel, "SENTINEL", "get-master-addr-by-name", masterName)
    ).split("\n")[1];
    return this.nodes.find((node) => String(node.port) === port)?.name ?? "";
  }

  /** The pid of what would start it again, 0 without one. */
  supervisor(name: string): number {
    const path = `${this.directory(name)}.supervisor`;
    if (!existsSync(path)) return 0;
    const [pid = "", birth] = readFileSync(path, "utf8").trim().split(" ");
    return !isGone(Number(pid)) && born(Number(pid)) === birth ? Number(pid) : 0;
  }

  /** The pids of all that take themselves for its parent. */
  supervisors(name: string): number[] {
    return processesOf(this.directory(name)).filter((pid) => {
      const [, , action, directory] = wordsOf(pid);
      return action === "supervise" && directory === this.directory(name) && !isFork(pid);
    });
  }

  /** The pids of all servers that run on its configuration. */
  servers(name: string): number[] {
    return processesOf(this.directory(name)).filter((pid) =>
      /redis-(server|sentinel)/.test(wordsOf(pid)[0] ?? ""),
    );
  }

  /**
   * Kills like a power failure: what would start them again as well, but for parents that the test
   * has given them.
   */
  async kill(...names: string[]): Promise<void> {
    if (this.#parent === "")
      for (const pid of names.map((name) => this.supervisor(name)))
        if (pid > 0) signal(pid, "SIGKILL");
    await this.crash(...names);
  }

  /** Kills the servers alone. */
  async crash(...names: string[]): Promise<void> {
    const pids = names.map((name) => this.pid(name));
    for (const pid of pids) if (pid > 0) signal(pid, "SIGKILL");
    await eventually("killed", () => pids.every((pid) => pid === 0 || isGone(pid)));
  }

  /**
   * Writes `count` keys and waits until every replica that is linked to that node has them, and
   * none has them in its memory alone: while a disk is busy, a server that syncs every second holds
   * back what it has acknowledged, for two seconds at most.
   */
  async write(node: string, prefix: string, count = 20): Promise<Record<string, string>> {
    const written = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `${prefix}:${index}`,
        `${prefix} value ${index}`,
      ]),
    );
    const online = async () =>
      (await this.ask(node, "INFO", "replication")).match(/^slave\d+:.*state=online/gm)?.length ??
      0;
    // Of one connection: what WAIT waits for is what its own client wrote.
    const client = new Redis({
      host: "127.0.0.1",
      port: this.member(node).port,
      ...applicationLogin(this),
      retryStrategy: () => null,
    });
    client.on("error", () => undefined);
    try {
      await client.mset(written);
      const have = await client.wait(await online(), 20_000);
      // One that was killed a moment before was linked still when it was counted.
      const linked = await online();
      if (have < linked)
        throw new Error(
          `${have} of ${linked} replicas have within 20 s what was written to ${node}`,
        );
    } finally {
      client.disconnect();
    }
    const held = async () =>
      (
        await Promise.all(this.nodes.map(({ name }) => this.ask(name, "INFO", "persistence")))
      ).join();
    await eventually(
      "nothing is held back",
      async () => !/aof_buffer_length:[1-9]/.test(await held()),
    );
    return written;
  }

  async holds(node: string, keys: Record<string, string>): Promise<boolean> {
    return (await this.ask(node, "MGET", ...Object.keys(keys))) === Object.values(keys).join("\n");
  }

  /**
   * Makes the sentinels choose another master by killing the present one; gives the new one's name.
   */
  async failOver(): Promise<string> {
    const old = await this.named();
    await this.kill(old);
    await eventually(`failover from ${old}`, async () => {
      const names = await Promise.all(this.sentinels.map(({ name }) => this.named(name)));
      return (
        names.every((name) => name !== "" && name !== old && name === names[0]) &&
        (await this.role(names[0] ?? "")) === "master"
      );
    });
    return this.named();
  }

  /** The process that hands a node over now; 0 if none does. */
  handingOver(node: string): number {
    const words = `lifecycle.sh\0handover\0${this.directory(node)}\0`;
    for (const entry of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
      try {
        if (readFileSync(`/proc/${entry}/cmdline`, "utf8").includes(words)) return Number(entry);
      } catch {
        // It has ended.
      }
    }
    return 0;
  }

  /** Files of a process and what would show a change to them. */
  snapshot(name: string, ...files: string[]): string {
    return files
      .map((file) => {
        const path = join(this.directory(name), file);
        if (!existsSync(path)) return `${file} is missing`;
        const { ino, mtimeNs, size } = statSync(path, { bigint: true });
        return `${file} ${ino} ${mtimeNs} ${size}`;
      })
      .join("\n");
  }

  loseData(name: string): void {
    for (const file of ["appendonlydir", "dump.rdb"])
      rmSync(join(this.directory(name), file), { recursive: true, force: true });
  }
}

/**
 * @returns whether there is no such process, or just a zombie that its parent has not looked at.
 */
export function isGone(pid: number): boolean {
  try {
    return /\) [XZ] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** The words of a process's command line. */
function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** @returns whether a shell has forked it, as it does for each command. */
function isFork(pid: number): boolean {
  try {
    const parent = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ")[1];
    return wordsOf(Number(parent)).join(" ") === wordsOf(pid).join(" ");
  } catch {
    return true;
  }
}

export function born(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ")[19] ?? "";
}

/** Runs the test with a cluster that is gone afterwards, also when the test failed. */
export async function withCluster(
  shell: Shell,
  args: ClusterArgs,
  test: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await Cluster.make(shell, args);
  try {
    await test(cluster);
  } finally {
    cluster.remove();
  }
}

/** mulberry32: the same order again for the same seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

export function write(path: string, text: string): void {
  writeFileSync(path, text);
}

/** As whom an application logs in at nodes; a sentinel is asked without that. */
export function applicationLogin({ args: { users } }: Cluster): {
  username?: string;
  password?: string;
} {
  const [first] = users ?? [];
  return first ? { username: first.name, password: first.password } : {};
}

/** A client that asks the sentinels for the master, and lets go of a former one. */
export function sentinelClient(cluster: Cluster): Redis {
  const client = new Redis({
    sentinels: cluster.sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
    name: masterName,
    ...applicationLogin(cluster),
    family: 4,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 20,
    sentinelRetryStrategy: () => 20,
    reconnectOnError: (error) => (/READONLY|NOREPLICAS/.test(error.message) ? 1 : false),
  });
  client.on("error", () => undefined);
  return client;
}
