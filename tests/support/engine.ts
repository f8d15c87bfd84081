import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./project.ts";
import type { Image } from "./images.ts";

/** The directory of the sandbox that the tests have to run in: they change networks and mounts. */
export const sandbox = (() => {
  const directory = process.env.SANDBOX;
  if (!directory)
    throw new Error("run it with npm test -- containers: it needs a sandbox (tests/sandbox.sh)");
  return directory;
})();

/** A Docker engine of the tests' own, never the machine's. */
export class Engine {
  readonly host: string;
  readonly #directory: string;
  readonly #namespace: string | undefined;
  readonly #words: string[];
  #daemon: ChildProcess | undefined;

  /**
   * @param namespace of the network it is in; without one it is the sandbox's.
   * @param words more options for its program.
   */
  constructor(name: string, namespace?: string, words: string[] = []) {
    this.#directory = join(sandbox, name);
    this.#namespace = namespace;
    this.#words = words;
    this.host = `unix://${join(this.#directory, "socket")}`;
  }

  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true });
    const place = (name: string) => join(this.#directory, name);
    const options = {
      "data-root": place("data"),
      "exec-root": place("exec"),
      pidfile: place("pid"),
      "cgroup-parent": `/${basename(sandbox)}`,
    };
    const words = [
      "dockerd",
      "-H",
      this.host,
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
      ...this.#words,
    ];
    // `ip netns exec` would hide the control groups.
    const [program = "", ...args] = this.#namespace
      ? ["nsenter", `--net=/var/run/netns/${this.#namespace}`, ...words]
      : words;
    const log = openSync(place("log"), "a");
    this.#daemon = spawn(program, args, { stdio: ["ignore", log, log] });
    await eventually(
      `the engine ${this.host}`,
      async () => (await this.docker("version")) !== "",
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${readFileSync(place("log"), "utf8").slice(-2000)}`);
    });
  }

  /** Ends the engine as a machine that goes off does: its containers with it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const daemon = this.#daemon;
    if (daemon?.exitCode !== null) return;
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill(signal);
    await ended;
  }

  async docker(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("docker", ["-H", this.host, ...args], {
      maxBuffer: 64 << 20,
    });
    return stdout.trim();
  }

  /**
   * @param tag another one than the image's own. @param changes to its settings, as `docker import
   * --change` takes them.
   */
  async load({ name, archive }: Image, tag?: string, changes: string[] = []): Promise<void> {
    const all = tag ? [`LABEL tag=${tag}`, ...changes] : changes;
    await this.docker(
      "import",
      ...all.flatMap((each) => ["--change", each]),
      archive,
      tag ? `${name}-${tag}` : name,
    );
  }

  /** Names of what there is of a kind, besides what an engine has from the beginning. */
  async names(kind: "container" | "volume" | "network"): Promise<string[]> {
    const words = {
      container: ["ps", "-a", "--format", "{{.Names}}"],
      volume: ["volume", "ls", "-q"],
      network: ["network", "ls", "--format", "{{.Name}}"],
    };
    const names = (await this.docker(...words[kind])).split("\n").filter(Boolean);
    return names
      .filter((name) => kind !== "network" || !["bridge", "host", "none"].includes(name))
      .sort();
  }
}
