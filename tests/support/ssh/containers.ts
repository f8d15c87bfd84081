import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Engine, sandbox } from "../engine.ts";
import { eventually } from "../project.ts";
import { machineImage } from "./image.ts";
import { type Machine, run } from "./machine.ts";

const network = "machines";

/** Where whoever runs Pulumi is on the machines' network. */
export const gateway = "10.79.0.1";

/** The key that every machine lets in, as root and as `deploy`, who may use sudo. */
export const privateKeyFile = join(sandbox, "key");

/** To be called once in a sandbox, before the first machine. */
export async function makeNetwork(engine: Engine): Promise<void> {
  await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", privateKeyFile);
  await engine.load(await machineImage(console.log));
  await engine.docker(
    "network",
    "create",
    "--subnet",
    "10.79.0.0/24",
    "--gateway",
    gateway,
    network,
  );
}

/** A container with systemd and sshd; it and its network come up again as a machine does. */
export class ContainerMachine implements Machine {
  readonly name: string;
  readonly address: string;
  fingerprint = "";
  readonly #engine: Engine;
  readonly #container: string;

  constructor(engine: Engine, name: string, number: number) {
    this.#engine = engine;
    this.name = name;
    this.address = `10.79.0.${10 + number}`;
    // Not the host name: the engine's name server would answer for it.
    this.#container = `machine-${number}`;
  }

  async make(): Promise<this> {
    const hosts = join(sandbox, `${this.name}.hosts`);
    writeFileSync(hosts, "127.0.0.1\tlocalhost\n", { mode: 0o644 });
    await this.#engine.docker(
      ...[
        "run",
        "-d",
        "--name",
        this.#container,
        "--hostname",
        this.name,
        "--network",
        network,
        "--ip",
        this.address,
      ],
      ...[
        "--cap-add",
        "SYS_ADMIN",
        "--cap-add",
        "NET_ADMIN",
        "--security-opt",
        "seccomp=unconfined",
        "--security-opt",
        "apparmor=unconfined",
      ],
      ...[
        "--tmpfs",
        "/run",
        "--tmpfs",
        "/run/lock",
        "--tmpfs",
        "/tmp",
        "-v",
        "/sys/fs/cgroup:/sys/fs/cgroup:rw",
        "-v",
        `${hosts}:/etc/hosts`,
      ],
      ...["--stop-signal", "SIGRTMIN+3", "redis-ha-test:machine", "/sbin/init"],
    );
    await this.#engine.docker("cp", `${privateKeyFile}.pub`, `${this.#container}:/srv/key.pub`);
    await eventually(`systemd on ${this.name}`, async () =>
      /running|degraded/.test(await this.run("systemctl is-system-running --wait || true")),
    );
    await this
      .run(`ssh-keygen -A >/dev/null; useradd -m -s /bin/sh deploy; echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
      for home in /root /home/deploy; do mkdir -m 700 -p $home/.ssh && cp /srv/key.pub $home/.ssh/authorized_keys; done
      chown -R deploy /home/deploy/.ssh; apt-get update -q >/dev/null; systemctl reset-failed; systemctl restart ssh`);
    this.fingerprint =
      (await this.run("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1] ?? "";
    await this.#reachable();
    return this;
  }

  run(text: string): Promise<string> {
    return this.#engine.docker("exec", this.#container, "sh", "-c", text);
  }

  /** In an orderly way, as systemd does it. */
  async reboot(): Promise<void> {
    await this.#engine.docker("restart", "-t", "120", this.#container);
    await this.#reachable();
  }

  async off(): Promise<void> {
    await this.#engine.docker("kill", this.#container);
  }

  async on(): Promise<void> {
    await this.#engine.docker("start", this.#container);
    await this.#reachable();
  }

  #reachable(): Promise<void> {
    return eventually(
      `sshd on ${this.name}`,
      async () => (await run("ssh-keyscan", "-T", "1", this.address)) !== "",
    );
  }
}
