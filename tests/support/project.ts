import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";

export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What a program said and how it ended. */
export interface Ended {
  status: number | null;
  output: string;
  seconds: number;
}

/** Member name to HOST:PORT. */
export type Members = Record<string, string>;

/**
 * Host names and ports of its own for each test file, so that they can run side by side; `port` is
 * a multiple of 100.
 */
export function members(
  prefix: string,
  port: number,
  nodes = 3,
  sentinels = 3,
): { nodes: Members; sentinels: Members } {
  const list = (kind: string, count: number, first: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `${kind}${index + 1}`,
        `${prefix}${index + 1}:${first + index}`,
      ]),
    );
  return { nodes: list("node", nodes, port), sentinels: list("sentinel", sentinels, port + 50) };
}

/**
 * A Pulumi project and stack of its own in a temporary directory, with a state backend of its own.
 */
export class Project {
  readonly directory = mkdtempSync(join(tmpdir(), "redis-ha-e2e-"));
  stack = "test";
  readonly environment: NodeJS.ProcessEnv;

  /**
   * @param config the stack's configuration; the servers live in the temporary directory unless it
   * says otherwise.
   * @param program other files than those of this checkout: name to content.
   */
  constructor(config: Record<string, unknown>, program?: Record<string, string>) {
    // All that Pulumi or its SDK may read where the checkout itself is the project.
    const own = "Pulumi.yaml package.json tsconfig.json index.ts start.mjs node_modules".split(" ");
    for (const file of own) {
      if (!program) symlinkSync(join(checkout, file), join(this.directory, file));
    }
    for (const [file, content] of Object.entries(program ?? {})) {
      mkdirSync(dirname(join(this.directory, file)), { recursive: true });
      writeFileSync(join(this.directory, file), content);
    }
    const backend = join(this.directory, "backend");
    mkdirSync(backend);
    // Here a language host that is killed leaves its pipes where they are removed.
    const temporary = join(this.directory, "tmp");
    mkdirSync(temporary);
    this.environment = {
      ...process.env,
      TMPDIR: temporary,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      PULUMI_STACK: this.stack,
      NO_COLOR: "1",
    };
    this.configure(config);
  }

  /** Directory in which the processes live. */
  get redis(): string {
    return join(this.directory, "redis");
  }

  configure(config: Record<string, unknown>): void {
    const file = join(this.directory, `Pulumi.${this.stack}.yaml`);
    const salt = existsSync(file)
      ? /^encryptionsalt: .*$/m.exec(readFileSync(file, "utf8"))?.[0]
      : undefined;
    const keys = Object.entries({ directory: this.redis, ...config }).map(
      ([key, value]) => `  pulumi-redis-ha:${key}: ${JSON.stringify(value)}\n`,
    );
    writeFileSync(file, `${salt ? `${salt}\n` : ""}config:\n${keys.join("")}`);
  }

  start(program: string, args: string[], input: "ignore" | "pipe" = "ignore"): ChildProcess {
    return spawn(program, args, {
      cwd: this.directory,
      env: this.environment,
      stdio: [input, "pipe", "pipe"],
      detached: true,
    });
  }

  run(program: string, ...args: string[]): Promise<Ended> {
    const began = Date.now();
    const child = this.start(program, args);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (status) =>
        resolve({ status, output, seconds: (Date.now() - began) / 1000 }),
      );
    });
  }

  async succeed(program: string, ...args: string[]): Promise<Ended> {
    const ended = await this.run(program, ...args);
    if (ended.status !== 0)
      throw new Error(`${program} ${args.join(" ")} ended with ${ended.status}:\n${ended.output}`);
    return ended;
  }

  async init(): Promise<void> {
    await this.succeed("pulumi", "stack", "init", this.stack);
  }

  /**
   * @param stack its new name, be it with organization and project in front; Pulumi.yaml has the
   * project's.
   */
  async rename(stack: string): Promise<void> {
    await this.succeed("pulumi", "stack", "rename", stack, "--stack", this.stack);
    this.stack = stack.split("/").at(-1) ?? stack;
    this.environment.PULUMI_STACK = this.stack;
  }

  up(...args: string[]): Promise<Ended> {
    return this.succeed("pulumi", ...this.#upWords(), ...args);
  }

  /** The same, which may fail. */
  tryUp(): Promise<Ended> {
    return this.run("pulumi", ...this.#upWords());
  }

  /**
   * Waits until `npm run status` finds all of it healthy, without touching anything: an `up` that
   * may change nothing has one try.
   */
  async healthy(): Promise<void> {
    let said = "nothing";
    const looks = async () => {
      const { status, output } = await this.run("node", `${checkout}/cli/status.ts`);
      said = output;
      return status === 0;
    };
    await eventually("everything is healthy", looks, 120).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${said}`);
    });
  }

  /** Fails if `up` would change anything. */
  upChangesNothing(...args: string[]): Promise<Ended> {
    return this.up("--expect-no-changes", ...args);
  }

  /**
   * @returns what a preview would do, sorted: `OPERATION NAME` of each resource that would not stay
   * the same.
   */
  async planned(): Promise<string[]> {
    const { output } = await this.succeed("pulumi", "preview", "--json", "--stack", this.stack);
    const { steps } = JSON.parse(output) as { steps: { op: string; urn: string }[] };
    return steps
      .filter(({ op }) => op !== "same")
      .map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`)
      .sort();
  }

  async output<T>(name: string): Promise<T> {
    const { output } = await this.succeed(
      "pulumi",
      "stack",
      "output",
      name,
      "--json",
      "--stack",
      this.stack,
    );
    return JSON.parse(output) as T;
  }

  /** The pid of each process that is recorded in the project's directory: name to pid. */
  pids(): Map<string, number> {
    return this.pidsBelow(".");
  }

  /** The same of what is below one directory in there. */
  pidsBelow(name: string): Map<string, number> {
    const directory = join(this.redis, name);
    const pids = new Map<string, number>();
    for (const host of existsSync(directory)
      ? readdirSync(directory, { withFileTypes: true })
      : []) {
      if (!host.isDirectory()) continue;
      for (const each of readdirSync(join(directory, host.name))) {
        const file = join(directory, host.name, each, "pid");
        if (existsSync(file)) pids.set(each, Number(readFileSync(file, "utf8").split(" ")[0]));
      }
    }
    return pids;
  }

  /** Kills a process, and what would start it again, as the loss of its machine does. */
  kill(name: string): void {
    killForGood(this.#pidOf(name));
  }

  /** Kills the server alone. */
  crash(name: string): void {
    process.kill(this.#pidOf(name), "SIGKILL");
  }

  #upWords(): string[] {
    return ["up", "--yes", "--skip-preview", "--stack", this.stack];
  }

  #pidOf(name: string): number {
    const pid = this.pids().get(name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  /** Ends everything the test made, by the pids recorded, whatever state it is in. */
  async remove(): Promise<void> {
    const pids = this.pids();
    const supervisors = [...pids.values()].filter(isRunning).map(supervisorOf);
    await this.run("pulumi", "cancel", "--yes", "--stack", this.stack);
    await this.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", this.stack);
    for (const pid of supervisors)
      if (pid !== undefined && isRunning(pid) && commandLine(pid).includes(this.directory))
        process.kill(pid, "SIGKILL");
    for (const pid of pids.values())
      if (isRunning(pid) && workingDirectory(pid).startsWith(this.directory))
        process.kill(pid, "SIGKILL");
    for (const script of readdirIfThere(this.redis))
      await this.run("sh", join(this.redis, script, "host.sh"), "uninstall");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The pid of what would start a server again; undefined without one. */
export function supervisorOf(server: number): number | undefined {
  const file = `${workingDirectory(server)}.supervisor`;
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) : 0;
  return pid > 0 && isRunning(pid) ? pid : undefined;
}

/** Kills what would start a server again, then the server. */
export function killForGood(server: number): void {
  const supervisor = supervisorOf(server);
  if (supervisor !== undefined) process.kill(supervisor, "SIGKILL");
  process.kill(server, "SIGKILL");
}

function readdirIfThere(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8");
}

function workingDirectory(pid: number): string {
  return readlinkSync(`/proc/${pid}/cwd`);
}

export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** /etc/hosts without the blocks of stacks: other tests have theirs in there at the same time. */
export function hostsBesidesStacks(): string {
  return readFileSync("/etc/hosts", "utf8").replaceAll(
    /^# BEGIN pulumi-redis-ha[^]*?^# END pulumi-redis-ha.*\n/gm,
    "",
  );
}

/** Runs one command on one server, by port on loopback. */
export async function ask(place: string, command: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis(Number(place.split(":")[1]), "127.0.0.1", {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 5000,
  });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}

/** The node that the sentinel at `place` names as the master: HOST:PORT. */
export async function namedMaster(place: string, masterName = "redis-ha"): Promise<string> {
  return ((await ask(place, "SENTINEL", "get-master-addr-by-name", masterName)) as string[]).join(
    ":",
  );
}

/**
 * Waits until `condition` holds; the limit is generous, it only keeps a broken test from hanging.
 */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await Promise.resolve(condition()).catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
