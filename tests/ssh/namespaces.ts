import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../e2e/project.ts";
import { sandbox } from "../containers/engine.ts";
import { type Machine, run, sh } from "./machine.ts";

/** The network that the machines and whoever runs Pulumi are on. */
export const bridge = "10.78.0.1";

/** The key that every machine lets in as root. */
export const privateKeyFile = join(sandbox, "key");

/** To be called once in a sandbox, before the first machine. */
export async function makeNetwork(): Promise<void> {
  await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", privateKeyFile);
  await sh(`ip link add br0 type bridge && ip addr add ${bridge}/24 dev br0 && ip link set br0 up; mkdir -p /run/sshd; chmod 755 ${sandbox}`);
}

/** A network namespace with an sshd, an /etc and a host name of its own. */
export class NamespaceMachine implements Machine {
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  fingerprint = "";
  /** The name of its network namespace. */
  readonly space: string;
  readonly #link: string;
  #sshd = 0;
  #network = "";

  constructor(name: string, number: number) {
    this.name = name;
    this.address = `10.78.0.${10 + number}`;
    this.directory = join(sandbox, name);
    this.space = `m${number}`;
    this.#link = `veth${number}`;
  }

  async make(): Promise<this> {
    mkdirSync(this.directory);
    const [space, link] = [this.space, this.#link];
    await sh(`ip netns add ${space}; ip link add ${link} type veth peer name eth0 netns ${space}; ip link set ${link} master br0 up
      ip -n ${space} addr add ${this.address}/24 dev eth0; ip -n ${space} link set eth0 up; ip -n ${space} link set lo up
      cp -a /etc ${this.directory}/etc; printf '127.0.0.1 localhost\\n' >${this.directory}/etc/hosts
      for type in ed25519 ecdsa rsa; do ssh-keygen -q -t $type -N '' -f ${this.directory}/$type; done`);
    writeFileSync(
      join(this.directory, "sshd_config"),
      ["ed25519", "ecdsa", "rsa"].map((type) => `HostKey ${this.directory}/${type}\n`).join("") +
        `AuthorizedKeysFile ${privateKeyFile}.pub\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n`,
    );
    this.fingerprint = (await run("ssh-keygen", "-lf", join(this.directory, "ed25519.pub"))).split(" ")[1] ?? "";
    await this.#start();
    return this;
  }

  run(text: string): Promise<string> {
    return run("nsenter", "-t", String(this.#sshd), "-n", "-m", "-u", "sh", "-c", text);
  }

  /** Starts a program in there that goes on by itself. */
  spawn(text: string) {
    return spawn("nsenter", ["-t", String(this.#sshd), "-n", "-m", "-u", "sh", "-c", text], { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** As `ps` shows them there: the command lines of all processes. */
  processes(): string[] {
    return this.#pids().map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      } catch {
        return "";
      }
    });
  }

  async reboot(): Promise<void> {
    this.off();
    await this.#start();
  }

  off(): void {
    for (const pid of this.#network ? this.#pids() : []) process.kill(pid, "SIGKILL");
  }

  async cut(): Promise<void> {
    await run("ip", "link", "set", this.#link, "down");
  }

  async heal(): Promise<void> {
    await run("ip", "link", "set", this.#link, "up");
  }

  async #start(): Promise<void> {
    const words = ["nsenter", `--net=/var/run/netns/${this.space}`, "unshare", "--mount", "--uts", "sh", "-ec"];
    const text = `hostname ${this.name}; mount --bind ${this.directory}/etc /etc; exec /usr/sbin/sshd -D -f ${this.directory}/sshd_config -E ${this.directory}/sshd.log`;
    const child = spawn(words[0] as string, [...words.slice(1), text], { stdio: "ignore" });
    this.#sshd = child.pid as number;
    child.unref();
    await eventually(`sshd on ${this.name}`, async () => (await run("ssh-keyscan", "-T", "1", this.address)) !== "");
    this.#network = readlinkSync(`/proc/${this.#sshd}/ns/net`);
  }

  #pids(): number[] {
    const mine = this.#network;
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/ns/net`) === mine;
        } catch {
          return false;
        }
      });
  }
}
