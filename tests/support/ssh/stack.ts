import { readFileSync, writeFileSync } from "node:fs";
import { type Ended, eventually, Project } from "../project.ts";
import { type Machine, run } from "./machine.ts";

export const hostNames = ["redis1", "redis2", "redis3"] as const;
export type HostName = (typeof hostNames)[number];

const ports = {
  node: { redis1: 16300, redis2: 26300, redis3: 36300 },
  sentinel: { redis1: 16355, redis2: 26355, redis3: 36355 },
} as const;

/** A stack on three machines, and what its clients see of it. */
export class MachinesStack<M extends Machine> {
  readonly project: Project;
  readonly machines: Record<HostName, M>;
  readonly nodes = hostNames.map((name) => `${name}:${ports.node[name]}`);
  readonly sentinels = hostNames.map((name) => `${name}:${ports.sentinel[name]}`);
  readonly #privateKeyFile: string;
  readonly #directory: string;

  /**
   * @param make a machine of that name and number.
   * @param privateKeyFile lets everybody in on each of them.
   * @param directory of the stack on each of them.
   * @param project with another program, if it is not this checkout's.
   */
  constructor(
    make: (name: string, number: number) => M,
    privateKeyFile: string,
    directory: string,
    project = new Project({}),
  ) {
    this.project = project;
    this.machines = Object.fromEntries(
      hostNames.map((name, index) => [name, make(name, index + 1)]),
    ) as Record<HostName, M>;
    this.#privateKeyFile = privateKeyFile;
    this.#directory = directory;
  }

  get all(): M[] {
    return Object.values(this.machines);
  }

  /** As `hosts` has it. */
  host({ address, fingerprint }: Machine): Record<string, unknown> {
    return { ssh: { privateKeyFile: this.#privateKeyFile, hostKey: fingerprint }, address };
  }

  /** The stack's configuration, with short times. */
  config(
    more: Record<string, unknown> = {},
  ): Record<string, unknown> & { hosts: Record<string, Record<string, unknown>> } {
    const hosts = Object.fromEntries(
      hostNames.map((name) => [name, this.host(this.machines[name])]),
    );
    // Two sentinels that vote at the same moment try again after twice the time that a failover may
    // take.
    const times = { sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 5000 } };
    return {
      directory: this.#directory,
      hosts,
      openWithoutPasswords: true,
      ...times,
      redis: { directives: { maxmemory: "100mb" } },
      ...more,
    };
  }

  up(...args: string[]): Promise<Ended> {
    return this.project.run("pulumi", "up", "--yes", "--skip-preview", ...args);
  }

  /**
   * Has the names of the machines lead to them where the clients of the tests run, as DNS does
   * elsewhere.
   */
  knowNames(): void {
    const others = readFileSync("/etc/hosts", "utf8").replaceAll(/^\S+ redis[123]\n/gm, "");
    writeFileSync(
      "/etc/hosts",
      others + hostNames.map((name) => `${this.machines[name].address} ${name}\n`).join(""),
    );
  }

  ask(kind: "node" | "sentinel", name: HostName, ...words: string[]): Promise<string> {
    return run(
      "redis-cli",
      "-h",
      this.machines[name].address,
      "-p",
      String(ports[kind][name]),
      ...words,
    );
  }

  /** Whose node the sentinel there names as the master. */
  async master(from: HostName = "redis3"): Promise<HostName> {
    const [host = ""] = (
      await this.ask("sentinel", from, "SENTINEL", "get-master-addr-by-name", "redis-ha")
    ).split("\n");
    return host as HostName;
  }

  /** One that is not the master's. */
  async replica(): Promise<HostName> {
    const master = await this.master();
    return hostNames.find((name) => name !== master) as HostName;
  }

  async follows(name: HostName, seconds?: number): Promise<void> {
    const linked = async () =>
      (await this.ask("node", name, "INFO", "replication")).includes("master_link_status:up");
    await eventually(`the node on ${name} follows the master`, linked, seconds).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}\n${await this.#story()}`);
      },
    );
  }

  /**
   * Waits until the sentinels of the other machines agree on another master than the one on `old`;
   * gives when they did.
   */
  async leaves(old: HostName): Promise<number> {
    const others = hostNames.filter((name) => name !== old);
    const left = async () => {
      const named = await Promise.all(others.map((name) => this.master(name)));
      return named.every((name) => name !== old && name === named[0]);
    };
    await eventually(`another master than the one on ${old}`, left, 120).catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}\n${await this.#story()}`);
      },
    );
    return Date.now();
  }

  /** What everybody says now, and said last. */
  async #story(): Promise<string> {
    const lines = hostNames.map(async (name) => {
      const said = await Promise.all(
        [
          this.ask("node", name, "INFO", "replication"),
          this.ask("sentinel", name, "SENTINEL", "get-master-addr-by-name", "redis-ha"),
          this.machines[name].run(`tail -n 40 ${this.#directory}/*/processes/*/log`),
        ].map((answer) => answer.catch(String)),
      );
      return `--- ${name}\n${said.join("\n")}`;
    });
    return (await Promise.all(lines)).join("\n");
  }
}
