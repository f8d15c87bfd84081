import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Redis } from "ioredis";
import { checkout, eventually, Project } from "../../support/project.ts";
import { run, sh } from "../../support/ssh/machine.ts";
import { makeNetwork, NamespaceMachine, privateKeyFile } from "../../support/ssh/namespaces.ts";
import { Writers } from "../../support/writers.ts";
import { Engine, sandbox } from "../../support/engine.ts";
import { busyboxImage } from "../../support/images.ts";

const ports = { node: [16300, 26300, 36300], sentinel: [16355, 26355, 36355] } as const;
const numbers = [1, 2, 3] as const;
const sentinels = numbers.map((number) => `redis${number}:${ports.sentinel[number - 1]}`);

/** Follows the master by host names, with nothing but the image's own redis-cli. */
const follower = `while :; do
  for s in ${sentinels.join(" ")}; do m=$(timeout 1 redis-cli -h \${s%:*} -p \${s#*:} SENTINEL get-master-addr-by-name redis-ha) && [ -n "$m" ] && break; done
  set -- $m; [ "$(timeout 1 redis-cli -h "$1" -p "$2" SET follower 1 2>&1)" = OK ] && echo "$1"; sleep 0.05
done`;

/** A certificate authority in `directory`, and what a server at `address` and a client need. */
async function makeCertificates(directory: string, address: string): Promise<void> {
  const sign = "-CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2";
  await sh(`mkdir -p ${directory}; cd ${directory}
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout ca-key.pem -out ca.pem 2>/dev/null
    for name in server client; do openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name-key.pem -out $name.csr 2>/dev/null; done
    printf 'subjectAltName=IP:${address}\\nextendedKeyUsage=serverAuth\\n' >server.ext; printf 'extendedKeyUsage=clientAuth\\n' >client.ext
    for name in server client; do openssl x509 -req -in $name.csr ${sign} -extfile $name.ext -out $name.pem 2>/dev/null; done
    cp client.pem cert.pem; cp client-key.pem key.pem`);
}

describe(
  "three engines: a socket, SSH and TLS, each on a machine of its own",
  { timeout: 2_400_000 },
  () => {
    const hostsBefore = readFileSync("/etc/hosts", "utf8");
    const machines = numbers.map((number) => new NamespaceMachine(`redis${number}`, number));
    const certificates = join(sandbox, "certificates");
    const addressOf = (number: number) => machines[number - 1]?.address as string;
    const tls = [
      "--tlsverify",
      ...["cacert=ca", "cert=server", "key=server-key"].map(
        (each) => `--tls${each.replace("=", `=${certificates}/`)}.pem`,
      ),
    ];
    const engines = numbers.map((number) => {
      const words = number === 3 ? [...tls, "-H", `tcp://${addressOf(3)}:2376`] : [];
      return new Engine(`engine${number}`, machines[number - 1]?.space, words);
    });
    const hosts = {
      redis1: { docker: { engine: engines[0]?.host }, address: addressOf(1) },
      redis2: { docker: { engine: `ssh://root@${addressOf(2)}` }, address: addressOf(2) },
      redis3: {
        docker: { engine: `tcp://${addressOf(3)}:2376`, certificates },
        address: addressOf(3),
      },
    };
    const config = {
      hosts,
      docker: { image: "redis-ha-test:busybox" },
      openWithoutPasswords: true,
      sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 20_000 },
    };
    const project = new Project(config);
    const container = (kind: "node" | "sentinel", number: number) =>
      `redis-ha-redis${number}-${kind}${number}-test`;
    const ask = (kind: "node" | "sentinel", number: number, ...words: string[]) =>
      run("redis-cli", "-h", addressOf(number), "-p", String(ports[kind][number - 1]), ...words);
    const master = async (from = 3) =>
      Number(
        (await ask("sentinel", from, "SENTINEL", "get-master-addr-by-name", "redis-ha")).replace(
          /^redis(\d)[^]*/,
          "$1",
        ),
      );
    const engine = (number: number) => engines[number - 1] as Engine;
    const up = (...args: string[]) =>
      project.run("pulumi", "up", "--yes", "--skip-preview", ...args);

    before(async () => {
      await makeNetwork();
      for (const machine of machines) await machine.make();
      await makeCertificates(certificates, addressOf(3));
      // What an operator has in ~/.ssh and on the machine: the tests touch neither.
      const words = `-i ${privateKeyFile} -o UserKnownHostsFile=${sandbox}/known_hosts -o GlobalKnownHostsFile=/dev/null`;
      await sh(`mkdir ${sandbox}/bin; ssh-keyscan ${addressOf(2)} >${sandbox}/known_hosts 2>/dev/null
      printf '#!/bin/sh\\nexec /usr/bin/ssh ${words} "$@"\\n' >${sandbox}/bin/ssh; chmod +x ${sandbox}/bin/ssh`);
      project.environment.PATH = `${sandbox}/bin:${project.environment.PATH}`;
      writeFileSync(
        join(sandbox, "redis2", "sshd_config"),
        `SetEnv DOCKER_HOST=${engine(2).host} PATH=${process.env.PATH}\n`,
        { flag: "a" },
      );
      await machines[1]?.reboot();
      const image = await busyboxImage(sandbox);
      for (const each of engines) {
        await each.start();
        await each.load(image);
        await each.load(image, "next");
      }
      await project.init();
    });
    after(async () => {
      Writers.endAll();
      await project.remove();
      for (const each of engines) await each.stop();
      for (const machine of machines) await machine.off();
    });

    const everything = () =>
      Promise.all(
        engines.map(async (each) =>
          Promise.all(
            (["container", "volume", "network"] as const).map((kind) => each.names(kind)),
          ),
        ),
      );

    it("refuses an engine that does not answer and one that is not who it should be, and touches none of the others", async (t) => {
      for (const [what, engineOfRedis2, message] of [
        [
          "nobody there",
          "ssh://root@10.78.0.99",
          /hosts\.redis2\.docker\.engine: no Docker engine answers at ssh:\/\/root@10\.78\.0\.99/,
        ],
        [
          "no certificates",
          `tcp://${addressOf(3)}:2376`,
          /hosts\.redis2\.docker\.engine: no Docker engine answers at tcp:\/\/10\.78\.0\.13:2376/,
        ],
      ] as const) {
        project.configure({
          ...config,
          hosts: { ...hosts, redis2: { ...hosts.redis2, docker: { engine: engineOfRedis2 } } },
        });
        const { status, output, seconds } = await up();
        t.diagnostic(`${what}: ${seconds.toFixed(1)} s`);
        assert.notEqual(status, 0);
        assert.match(output, message);
      }
      assert.deepEqual(await everything(), Array(3).fill([[], [], []]));
    });

    it("comes up, verified: two containers on each machine", async (t) => {
      project.configure(config);
      const { status, output, seconds } = await up();
      assert.equal(status, 0, output);
      t.diagnostic(`up ${seconds.toFixed(1)} s`);
      for (const number of numbers) {
        assert.deepEqual(await engine(number).names("container"), [
          container("node", number),
          container("sentinel", number),
        ]);
        assert.match(
          await ask("sentinel", number, "SENTINEL", "CKQUORUM", "redis-ha"),
          /^OK 3 usable/,
        );
        assert.match(
          readFileSync("/etc/hosts", "utf8"),
          new RegExp(`^${addressOf(number)} redis${number}$`, "m"),
        );
      }
      assert.deepEqual(await project.output("sentinels"), sentinels);
      const checked = await project.run("node", `${checkout}/cli/status.ts`);
      assert.equal(checked.status, 0, checked.output);
    });

    it("changes nothing the second time, with and without a refresh", async (t) => {
      const { seconds } = await project.upChangesNothing();
      t.diagnostic(`no change ${seconds.toFixed(1)} s`);
      await project.upChangesNothing("--refresh");
    });

    it("answers with host names only, whoever asks", async () => {
      for (const number of numbers) {
        for (const command of ["get-master-addr-by-name", "MASTER", "REPLICAS", "SENTINELS"]) {
          const answer = await ask("sentinel", number, "SENTINEL", command, "redis-ha");
          assert.doesNotMatch(answer, /^172\.|^192\.168\./m);
          assert.match(answer, /^redis\d$/m);
        }
      }
    });

    it("hands a client on the machine of Pulumi and one in a container over to another machine's master, by host name", async () => {
      const old = await master();
      const other = numbers.find((number) => number !== old) as number;
      const names = await project.output<Record<string, string>>("containerHosts");
      const options = Object.entries(names).flatMap(([host, address]) => [
        "--add-host",
        `${host}:${address}`,
      ]);
      await engine(other).docker(
        "run",
        "-d",
        "--name",
        "follower",
        ...options,
        "redis-ha-test:busybox",
        "sh",
        "-c",
        follower,
      );
      const places = sentinels.map((each) => ({
        host: each.split(":")[0],
        port: Number(each.split(":")[1]),
      }));
      const outside = new Redis({ sentinels: places, name: "redis-ha" });
      outside.on("error", () => undefined);
      try {
        await outside.set("before", "1");
        await outside.wait(2, 2000);
        const logs = () => engine(other).docker("logs", "follower");
        await eventually("the follower writes", async () => (await logs()).includes(`redis${old}`));
        await engine(old).docker("kill", container("node", old));
        await eventually("another master", async () => (await master(other)) !== old);
        const now = await master(other);
        await eventually("the follower writes to it", async () =>
          (await logs()).includes(`redis${now}`),
        );
        assert.equal(await outside.get("before"), "1");
        assert.equal(await outside.set("after", "1"), "OK");
      } finally {
        outside.disconnect();
        await engine(other).docker("rm", "-f", "follower");
      }
      const { status, output } = await up("--refresh");
      assert.equal(status, 0, output);
      await project.upChangesNothing();
    });

    it("rolls another image through the machines with four writers running and nothing lost", async (t) => {
      project.configure({ ...config, docker: { image: "redis-ha-test:busybox-next" } });
      t.diagnostic(`rolled in ${await Writers.during(sentinels, () => project.up())}`);
      for (const number of numbers)
        assert.equal(
          await engine(number).docker(
            "inspect",
            "-f",
            "{{.Config.Labels.tag}}",
            container("node", number),
          ),
          "next",
        );
      await project.upChangesNothing();
    });

    it("repairs, with --refresh, a container that is gone from one machine", async () => {
      const now = await master();
      const replica = numbers.find((number) => number !== now) as number;
      await engine(replica).docker("rm", "-f", container("node", replica));
      const { status, output } = await up("--refresh");
      assert.equal(status, 0, output);
      assert.equal(await master(), now);
      assert.match(await ask("node", replica, "INFO", "replication"), /master_link_status:up/);
    });

    it("a machine's members leave it, the master among them, and others come elsewhere, under writers; then the machine", async (t) => {
      await project.healthy();
      await project.run("node", `${checkout}/cli/switchover.ts`, "node3");
      assert.equal(await master(1), 3);
      const stay = sentinels.slice(0, 2);
      const others = { redis1: hosts.redis1, redis2: hosts.redis2 };
      const without = {
        ...config,
        nodes: { node1: "redis1:16300", node2: "redis2:26300", node4: "redis1:46300" },
        sentinels: { sentinel1: stay[0], sentinel2: stay[1], sentinel4: "redis2:46355" },
      };
      // Where the program does not look, nothing can be taken out.
      project.configure({ ...without, hosts: others });
      const refused = await up();
      assert.notEqual(refused.status, 0);
      assert.match(
        refused.output,
        /3, at redis3:\d+, is known to the others, .*Keep hosts\.redis3/,
      );
      assert.equal((await engine(3).names("container")).length, 2);
      project.configure(without);
      t.diagnostic(`its members: ${await Writers.during(stay, () => project.up())}`);
      await project.upChangesNothing("--refresh");
      assert.deepEqual(await engine(3).names("container"), []);
      project.configure({ ...without, hosts: others });
      t.diagnostic(`the machine: ${await Writers.during(stay, () => project.up())}`);
      await project.upChangesNothing();
      for (const kind of ["container", "volume", "network"] as const)
        assert.deepEqual(await engine(3).names(kind), []);
    });

    it("is destroyed without a trace on any of them", async () => {
      await project.succeed("pulumi", "destroy", "--yes", "--skip-preview");
      assert.deepEqual(await everything(), Array(3).fill([[], [], []]));
      assert.equal(readFileSync("/etc/hosts", "utf8"), hostsBefore);
    });
  },
);
