import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../project.ts";
import { sandbox } from "../engine.ts";
import { type Machine, run, sh } from "./machine.ts";

/** The network that the machines and whoever runs Pulumi are on. */
export const bridge = "10.78.0.1";

/** The key that every machine lets in as root. */
export const privateKeyFile = join(sandbox, "key");

const keyTypes = ["ed25519", "ecdsa", "rsa"] as const;
export type KeyType = (typeof keyTypes)[number];

/** To be called once in a sandbox, before the first machine. */
export async function makeNetwork(): Promise<void> {
  await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", privateKeyFile);
  await sh(
    `ip link add br0 type bridge && ip addr add ${bridge}/24 dev br0 && ip link set br0 up; mkdir -p /run/sshd; chmod 755 ${sandbox}`,
  );
}

/**
 * Namespaces with a network, processes, an sshd, an /etc, a home, a /var/lib, a host name and
 * kernel settings of their own; no systemd. What a kernel has only once is a file here: machines of
 * a stage beside this one have other settings.
 */
export class NamespaceMachine implements Machine {
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  fingerprint = "";
  /** The name of its network namespace. */
  readonly space: string;
  readonly #link: string;
  /** pid, from outside; 0 while it is off. */
  #sshd = 0;
  /** What started sshd, and ends after the last process in there. */
  #parent?: ChildProcess;

  constructor(name: string, number: number) {
    this.name = name;
    this.address = `10.78.0.${10 + number}`;
    this.directory = join(sandbox, name);
    this.space = `m${number}`;
    this.#link = `veth${number}`;
  }

  async make(): Promise<this> {
    mkdirSync(join(this.directory, "var"), { recursive: true });
    writeFileSync(join(this.directory, "overcommit"), "0\n");
    writeFileSync(join(this.directory, "hugepages"), "[always] madvise never\n");
    const [space, link] = [this.space, this.#link];
    await sh(`ip netns add ${space}; ip link add ${link} type veth peer name eth0 netns ${space}; ip link set ${link} master br0 up
      ip -n ${space} addr add ${this.address}/24 dev eth0; ip -n ${space} link set eth0 up; ip -n ${space} link set lo up
      cp -a /etc ${this.directory}/etc; printf '127.0.0.1 localhost\\n' >${this.directory}/etc/hosts
      sed -i '/^root:/s|:[^:]*:[^:]*$|:${this.directory}:/bin/sh|' ${this.directory}/etc/passwd
      for type in ${keyTypes.join(" ")}; do ssh-keygen -q -t $type -N '' -f ${this.directory}/$type; done`);
    this.fingerprint = await this.fingerprintOf("ed25519");
    await this.show(...keyTypes);
    return this;
  }

  async fingerprintOf(type: KeyType): Promise<string> {
    return (
      (await run("ssh-keygen", "-lf", join(this.directory, `${type}.pub`))).split(" ")[1] ?? ""
    );
  }

  /** Has its sshd show these of its keys, in that order; its processes end. */
  async show(...types: KeyType[]): Promise<void> {
    writeFileSync(
      join(this.directory, "sshd_config"),
      types.map((type) => `HostKey ${this.directory}/${type}\n`).join("") +
        `AuthorizedKeysFile ${privateKeyFile}.pub\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n`,
    );
    await this.reboot();
  }

  run(text: string): Promise<string> {
    return run("nsenter", ...this.inside, "sh", "-c", text);
  }

  /** Starts a program in there that goes on by itself. */
  spawn(text: string) {
    return spawn("nsenter", [...this.inside, "sh", "-c", text], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  /** As `ps` shows them there: the command lines of all processes. */
  async processes(): Promise<string> {
    return this.run(
      "for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$each; echo; done 2>/dev/null",
    );
  }

  async reboot(): Promise<void> {
    await this.off();
    await this.#start();
  }

  /** With the first process of its namespace all others end; only then are its ports free. */
  async off(): Promise<void> {
    if (this.#sshd) {
      this.#parent?.ref();
      const ended = this.#parent && once(this.#parent, "exit");
      process.kill(this.#sshd, "SIGKILL");
      await ended;
    }
    this.#sshd = 0;
  }

  /** Takes its link away. */
  async cut(): Promise<void> {
    await run("ip", "link", "set", this.#link, "down");
  }

  async heal(): Promise<void> {
    await run("ip", "link", "set", this.#link, "up");
  }

  /** What nsenter has to be told to run something in there. */
  get inside(): string[] {
    return ["-t", String(this.#sshd), "-n", "-m", "-u", "-p"];
  }

  async #start(): Promise<void> {
    const unshare = [
      "unshare",
      "--mount",
      "--uts",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
    ];
    // A /tmp of its own, through which the sandbox's own directory still shows: that is where the
    // machine's files are.
    const tmp = `mount --bind ${sandbox} /mnt; mount -t tmpfs none /tmp; mkdir ${sandbox}; mount --move /mnt ${sandbox}`;
    const hugepages = "/sys/kernel/mm/transparent_hugepage/enabled";
    const kernel = `mount --bind ${this.directory}/overcommit /proc/sys/vm/overcommit_memory; [ ! -e ${hugepages} ] || mount --bind ${this.directory}/hugepages ${hugepages}`;
    const mounts = `mount --bind ${this.directory}/etc /etc; mount --bind ${this.directory}/var /var/lib; ${kernel}; ${tmp}`;
    const text = `hostname ${this.name}; ${mounts}; exec /usr/sbin/sshd -D -f ${this.directory}/sshd_config -E ${this.directory}/sshd.log`;
    const child = spawn(
      "nsenter",
      [`--net=/var/run/netns/${this.space}`, ...unshare, "sh", "-ec", text],
      { stdio: "ignore" },
    );
    child.unref();
    this.#parent = child;
    await eventually(
      `sshd on ${this.name}`,
      async () => (await run("ssh-keyscan", "-T", "1", this.address)) !== "",
    );
    this.#sshd = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"));
  }
}
