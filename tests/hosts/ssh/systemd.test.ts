import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Engine, sandbox } from "../../support/engine.ts";
import { checkout, eventually } from "../../support/project.ts";
import { killWhen } from "../../e2e/kill.ts";
import { renameAll } from "../../e2e/renamed.ts";
import { Writers } from "../../support/writers.ts";
import {
  ContainerMachine,
  gateway,
  makeNetwork,
  privateKeyFile,
} from "../../support/ssh/containers.ts";
import { run, sh } from "../../support/ssh/machine.ts";
import { scriptTests } from "./scripts.ts";
import { hostNames, type HostName, MachinesStack } from "../../support/ssh/stack.ts";

const directory = "/var/lib/redis-ha";

/**
 * What is on a machine: users, packages, units, kernel settings, files and, of those in /etc, the
 * content.
 */
const inventory = `cat /etc/passwd /etc/group; dpkg-query -W; systemctl list-unit-files --no-legend; sysctl vm.overcommit_memory net.core.somaxconn
  nft list tables; find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/cache -o -path /var/log -o -path /var/tmp \\
    -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -name '*-' -o -name .pwd.lock \\) -prune -o -print | sort
  find /etc -type f ! -name '*-' ! -name .pwd.lock | sort | xargs sha256sum`;

describe("three machines over SSH, with systemd", { timeout: 2_400_000 }, () => {
  const engine = new Engine("engine");
  const stack = new MachinesStack(
    (name, number) => new ContainerMachine(engine, name, number),
    privateKeyFile,
    directory,
  );
  const { project, machines, sentinels } = stack;
  const spare = new ContainerMachine(engine, "spare", 4);
  const before_ = new Map<HostName, string>();
  /** As people have it: not root everywhere, and not all reached without another. */
  const config = (more: Record<string, unknown> = {}) => {
    const { hosts, ...rest } = stack.config(more);
    const bastion = {
      address: machines.redis1.address,
      user: "deploy",
      privateKeyFile,
      hostKey: machines.redis1.fingerprint,
    };
    const through = (name: HostName, more = {}) => ({
      ...hosts[name],
      ssh: { ...(hosts[name]?.ssh as object), bastion, ...more },
    });
    return {
      ...rest,
      hosts: { ...hosts, redis2: through("redis2", { user: "deploy" }), redis3: through("redis3") },
    };
  };
  const unit = (name: HostName, kind: "node" | "sentinel") =>
    `redis-ha-${name}-test-${kind}${name.at(-1)}.service`;
  const show = (name: HostName, kind: "node" | "sentinel", ...properties: string[]) =>
    machines[name].run(
      `systemctl show --value ${properties.map((each) => `-p ${each}`).join(" ")} ${unit(name, kind)}`,
    );
  const asBefore = async () => {
    for (const name of hostNames) {
      const [was, is] = [before_.get(name) ?? "", await machines[name].run(inventory)].map((text) =>
        text.split("\n"),
      );
      const changed = [
        ...(was ?? []).filter((line) => !is?.includes(line)),
        ...(is ?? []).filter((line) => !was?.includes(line)),
      ];
      assert.deepEqual(changed, [], name);
    }
  };
  const succeed = async () => {
    const { status, output } = await stack.up();
    assert.equal(status, 0, output);
    return output;
  };

  before(async () => {
    await engine.start();
    await makeNetwork(engine);
    await Promise.all([...stack.all, spare].map((machine) => machine.make()));
    for (const name of hostNames) before_.set(name, await machines[name].run(inventory));
    stack.knowNames();
    await project.init();
  });
  after(async () => {
    Writers.endAll();
    await project.remove();
    await engine.stop();
  });

  scriptTests(spare);

  it("refuses the name that Debian's installer gives a machine itself, with entries of our own and without, and touches nothing", async () => {
    const hosts = join(sandbox, "redis2.hosts");
    const text = readFileSync(hosts, "utf8");
    writeFileSync(hosts, `${text}127.0.1.1\tredis2.example.com redis2\n`);
    try {
      for (const [hostsEntries, message] of [
        [
          true,
          /hostsFile: on redis2: .*\/etc\/hosts: line 2: redis2 is "127\.0\.1\.1" here, which Debian's installer writes.*10\.79\.0\.12; delete that line/,
        ],
        [
          false,
          /hostsEntries: false is not allowed: on redis2, redis2 is 127\.0\.1\.1 instead of 10\.79\.0\.12/,
        ],
      ] as const) {
        project.configure(config({ hostsEntries }));
        const { status, output } = await stack.up();
        assert.notEqual(status, 0);
        assert.match(output.replaceAll(/\s+/g, " "), message);
      }
    } finally {
      writeFileSync(hosts, text);
    }
    await asBefore();
  });

  it("refuses a version that no repository has, and says which there is", async () => {
    project.configure(config({ ssh: { redisVersion: "9.9" } }));
    const { status, output } = await stack.up();
    assert.notEqual(status, 0);
    assert.match(
      output,
      /ssh\.redisVersion: there is no redis-server 9\.9 in this machine's repositories, but 5:7\.0\.15/,
    );
  });

  it("comes up on machines without Redis: the pinned package, services that are enabled and hardened, verified", async (t) => {
    project.configure(config({ ssh: { redisVersion: "7.0.1" } }));
    const { status, output, seconds } = await stack.up();
    assert.equal(status, 0, output);
    t.diagnostic(`up ${seconds.toFixed(1)} s, the packages among it`);
    for (const name of hostNames) {
      for (const kind of ["node", "sentinel"] as const) {
        assert.equal(
          await show(
            name,
            kind,
            "ActiveState",
            "UnitFileState",
            "User",
            "NoNewPrivileges",
            "ProtectSystem",
            "LimitNOFILE",
            "TimeoutStopUSec",
          ),
          "2min 30s\n65536\nredis-ha\nstrict\nyes\nactive\nenabled",
        );
      }
      assert.match(
        await machines[name].run(
          "systemctl is-enabled redis-server; systemctl is-active redis-server; true",
        ),
        /^disabled\ninactive$/,
      );
      const modes = await machines[name].run(
        `find ${directory}/${name}/processes -type f ! -perm 600; find ${directory}/${name} -name '*.conf' -perm /027`,
      );
      assert.equal(modes, "");
      assert.match(
        await stack.ask("sentinel", name, "SENTINEL", "CKQUORUM", "redis-ha"),
        /^OK 3 usable/,
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

  it("refuses another version than the one that is installed", async () => {
    project.configure(config({ ssh: { redisVersion: "8" } }));
    const { status, output } = await stack.up();
    assert.notEqual(status, 0);
    assert.match(output, /ssh\.redisVersion: "8" is not allowed: redis\d .* has 7\.0\.15 already/);
    project.configure(config());
    await succeed();
  });

  it("starts a server that was killed again by itself, and needs no up for it", async () => {
    const name = await stack.replica();
    const node = unit(name, "node");
    const [parent, pid] = (
      await machines[name].run(
        `systemctl show -p MainPID --value ${node}; cat ${directory}/${name}/processes/node*/pid`,
      )
    ).split(/\s/);
    await machines[name].run(`kill -KILL ${pid}`);
    await stack.follows(name);
    assert.equal(await show(name, "node", "MainPID"), parent);
    await project.upChangesNothing();
  });

  it("hands a master over when its machine is restarted, and has it back as a replica: no acknowledged write lost", async (t) => {
    const old = await stack.master();
    const names = await machines[old].run("cat /etc/hosts");
    // As cloud-init does at each boot of some images.
    await machines[old].run("printf '127.0.0.1\\tlocalhost\\n' >/etc/hosts");
    const report = await Writers.during(sentinels, async () => {
      await machines[old].reboot();
      await stack.follows(old, 120);
    });
    t.diagnostic(`restarted and followed after ${report}`);
    assert.notEqual(await stack.master(), old);
    assert.equal(await machines[old].run("cat /etc/hosts"), names);
    await project.healthy();
    await project.upChangesNothing();
  });

  it("fails over when the master's machine loses its power, and has it back as a replica: no write lost that a replica had", async (t) => {
    const old = await stack.master();
    const other = await stack.replica();
    const place = { host: machines[old].address, port: 16_300 + 10_000 * hostNames.indexOf(old) };
    const client = new Redis({ ...place, retryStrategy: () => null, commandTimeout: 2000 });
    client.on("error", () => undefined);
    const replicated: string[] = [];
    let [index, off] = [0, false];
    const writing = (async () => {
      for (; !off; index++) {
        const written = await client.set(`power:${index}`, String(index)).catch(() => undefined);
        // Where nothing is waited for, nobody else would get a turn.
        if (written !== "OK") await sleep(10);
        else if ((await client.wait(1, 1000).catch(() => 0)) >= 1)
          replicated.push(`power:${index}`);
      }
    })();
    await eventually("writes", () => replicated.length > 200);
    const began = Date.now();
    await machines[old].off();
    off = true;
    client.disconnect();
    await writing;
    await eventually("another master", async () => ![old, ""].includes(await stack.master(other)));
    const now = await stack.master(other);
    await eventually(
      "it takes writes",
      async () => (await stack.ask("node", now, "SET", "after", "1")) === "OK",
    );
    t.diagnostic(
      `power cut: the next write ${Date.now() - began} ms later, down-after 3000 ms; ${replicated.length} writes that a replica had`,
    );
    const missing = [];
    for (const key of replicated)
      if ((await stack.ask("node", now, "EXISTS", key)) !== "1") missing.push(key);
    assert.deepEqual(missing, []);
    await machines[old].on();
    await stack.follows(old, 120);
    assert.notEqual(await stack.master(), old);
    await project.healthy();
    await project.upChangesNothing();
  });

  it("rolls a setting through with writers running, a live one without a restart: nothing lost", async (t) => {
    const started = () =>
      Promise.all(
        hostNames.flatMap((name) => [show(name, "node", "ExecMainStartTimestampMonotonic")]),
      );
    const parents = await started();
    project.configure(config({ redis: { directives: { maxmemory: "200mb", databases: "17" } } }));
    t.diagnostic(`rolled in ${await Writers.during(sentinels, () => project.up())}`);
    assert.deepEqual(await started(), parents);
    for (const name of hostNames)
      assert.match(await stack.ask("node", name, "CONFIG", "GET", "databases"), /17/);
    await project.upChangesNothing();
  });

  /** What a machine that is nobody's can get to on that one. */
  const outside = (name: HostName) => {
    const stranger = [
      "run",
      "--rm",
      "--network",
      "machines",
      "--ip",
      "10.79.0.99",
      "redis-ha-test:machine",
    ];
    const { address } = machines[name];
    const port = 16_300 + 10_000 * hostNames.indexOf(name);
    const get = `timeout 2 bash -c '</dev/tcp/${address}/22' && echo ssh; timeout 2 bash -c '</dev/tcp/${address}/${port}' && echo redis; true`;
    return engine.docker(...stranger, "bash", "-c", get);
  };

  it("lets nobody but the hosts and the named clients in, also after a reboot", async () => {
    const inside = await stack.replica();
    assert.equal(await outside(inside), "ssh\nredis");
    project.configure(config({ ssh: { firewallClients: [gateway] } }));
    await succeed();
    assert.equal(await outside(inside), "ssh");
    assert.equal(await stack.ask("node", inside, "PING"), "PONG");
    await machines[inside].reboot();
    await stack.follows(inside, 120);
    assert.equal(await outside(inside), "ssh");
  });

  it("shows in the preview what somebody changed back (a kernel setting, the firewall, services), repairs it, and is quiet then", async () => {
    const name = await stack.replica();
    const machine = machines[name];
    const somaxconn = "/proc/sys/net/core/somaxconn";
    const was = await machine.run(`cat ${somaxconn}`);
    // Of the kernel's settings the only one that a machine here has for itself; a container may
    // write none.
    await machine.run(`mount -t proc none /mnt && mount --bind /mnt/sys/net/core/somaxconn ${somaxconn} && umount /mnt
      echo 'port ${16_300 + 10_000 * hostNames.indexOf(name)}' >/etc/redis-theirs.conf
      printf '[Service]\\nExecStart=/usr/bin/redis-server /etc/redis-theirs.conf\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/redis-theirs.service
      systemctl daemon-reload`);
    const unedited = `echo 128 >${somaxconn} && systemctl enable --quiet redis-theirs && systemctl disable --quiet ${unit(name, "node")}`;
    const state = () =>
      machine.run(
        `cat ${somaxconn}; systemctl is-enabled redis-theirs ${unit(name, "node")}; nft -s list ruleset inet; true`,
      );
    const pids = () => machine.run(`cat ${directory}/${name}/processes/*/pid`);
    const running = await pids();
    await machine.run(unedited);
    await project.up();
    const edited = await state();
    const [, table = ""] =
      /^511\ndisabled\nenabled\ntable inet (redis_ha_\w+) \{/.exec(edited) ?? [];
    assert.notEqual(table, "", edited);
    await machine.run(`${unedited} && nft delete table inet ${table}`);
    assert.equal(await state(), "128\nenabled\ndisabled");
    const edits = ["firewall", "kernel", "services"].map((edit) => `${name}-${edit}`);
    const changed = [`node${name.at(-1)}-process`, ...edits, "verified"].map(
      (each) => `update redis-ha-${each}`,
    );
    assert.deepEqual(await project.planned(), changed);
    await project.up();
    assert.equal(await state(), edited);
    assert.equal(await pids(), running);
    await project.upChangesNothing();
    await machine.run(
      `rm /etc/redis-theirs.conf /etc/systemd/system/redis-theirs.service; systemctl daemon-reload; echo ${was} >${somaxconn}`,
    );
  });

  it("restarts nothing when stack, project and component get other names; after a power cut of all machines its data is there", async () => {
    const pids = () =>
      Promise.all(
        stack.all.map((machine) =>
          machine.run(
            `systemctl show -p Id,MainPID 'redis-ha-*.service'; cat ${directory}/*/processes/*/pid`,
          ),
        ),
      );
    const before = await pids();
    const keys = Array.from({ length: 50 }, (_, index) => `renamed:${index}`);
    for (const key of keys)
      assert.equal(await stack.ask("node", await stack.master(), "SET", key, key), "OK");
    await renameAll(project);
    assert.deepEqual(await pids(), before);
    await Promise.all(stack.all.map((machine) => machine.off()));
    await Promise.all(stack.all.map((machine) => machine.on()));
    await project.healthy();
    for (const key of keys)
      assert.equal(await stack.ask("node", await stack.master(), "GET", key), key);
    await project.upChangesNothing();
  });

  it("lets everybody in again where no clients are named", async () => {
    const inside = await stack.replica();
    project.configure(config());
    await succeed();
    assert.equal(await outside(inside), "ssh\nredis");
    await project.upChangesNothing();
  });

  it("takes its services out of the way of a person who kills, stops and starts one", async () => {
    const name = await stack.replica();
    const nodes =
      await project.output<{ host: string; commands: Record<string, string> }[]>("nodes");
    const commands = nodes.find(({ host }) => host === name)?.commands ?? {};
    // An operator's own ssh, and no known_hosts: the configured key is checked all the same.
    const words =
      "-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o BatchMode=yes";
    await sh(
      `mkdir ${sandbox}/bin; printf '#!/bin/sh\\nexec /usr/bin/ssh ${words} "$@"\\n' >${sandbox}/bin/ssh; chmod +x ${sandbox}/bin/ssh`,
    );
    const type = (action: string) =>
      project.succeed("sh", "-c", `PATH=${sandbox}/bin:$PATH; ${commands[action]}`);
    for (const action of ["kill", "stop"]) {
      await type(action);
      assert.match(await show(name, "node", "ActiveState"), /inactive|failed/);
      await type("start");
      await stack.follows(name);
    }
    await project.upChangesNothing();
  });

  it("takes a service out, the master's, which comes back neither by itself nor at the next boot", async (t) => {
    const nodes = {
      node1: "redis1:16300",
      node2: "redis2:26300",
      node3: "redis3:36300",
      node4: "redis1:46300",
    };
    project.configure(config({ nodes }));
    t.diagnostic(`one more: ${await Writers.during(sentinels, succeed)}`);
    await project.succeed("node", `${checkout}/cli/switchover.ts`, "node4");
    // Killed once it has left, and its machine started anew: it is there, and does not run.
    const retired = `${directory}/redis1/processes/node4/retired`;
    project.configure(config());
    const up = project.start("pulumi", ["up", "--yes", "--skip-preview"]);
    const isStopped = async () =>
      (await machines.redis1.run(`cat ${retired} 2>/dev/null || :`)) === "stopped";
    await killWhen(up, isStopped);
    await project.run("pulumi", "cancel", "--yes", "--stack", project.stack);
    await machines.redis1.reboot();
    await stack.follows(await stack.replica());
    const server = `pgrep -f '[r]edis-server .*:46300' || echo none`;
    assert.equal(await machines.redis1.run(server), "none");
    t.diagnostic(`it leaves: ${await Writers.during(sentinels, succeed)}`);
    await project.upChangesNothing();
    assert.equal(
      await machines.redis1.run(
        `ls -d ${directory}/redis1/*/node4 /etc/systemd/system/*node4* 2>/dev/null || echo none`,
      ),
      "none",
    );
  });

  it("has the private key in no process, file or log of a machine, and not readable in the state", async () => {
    const secret = readFileSync(privateKeyFile, "utf8").split("\n")[2] as string;
    for (const machine of stack.all) {
      assert.equal(
        await machine.run(
          `{ grep -rlF '${secret}' /etc /var /root /home /tmp /run 2>/dev/null; journalctl --no-pager | grep -cF '${secret}'; } || true`,
        ),
        "0",
      );
      assert.ok(
        !(
          await machine.run(
            "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'",
          )
        ).includes(secret.slice(0, 40)),
      );
    }
    assert.equal(
      await run("sh", "-c", `grep -rlF '${secret}' ${project.directory}/backend || true`),
      "",
    );
  });

  it("is destroyed without a trace: users, packages, units, files and kernel settings are as they were", async () => {
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview");
    await asBefore();
  });

  it("comes up on machines without Redis and without packages from an archive, and is destroyed without a trace", async () => {
    const archive = join(sandbox, "redis.tar.gz");
    await run("tar", "-czhf", archive, "-C", "/usr/bin", "redis-server", "redis-cli");
    for (const name of hostNames) {
      await machines[name].run(
        "apt-get install -qq libjemalloc2 liblzf1 libatomic1 >/dev/null 2>&1",
      );
      before_.set(name, await machines[name].run(inventory));
    }
    project.configure(
      config({ ssh: { installRedis: false, redisTarball: archive }, redis: { directives: {} } }),
    );
    await succeed();
    for (const name of hostNames) {
      assert.match(
        await stack.ask("node", name, "INFO", "server"),
        /^executable:\/var\/lib\/redis-ha\/redis\d\/redis\/bin\/redis-server/m,
      );
    }
    await project.upChangesNothing();
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview");
    await asBefore();
  });
});
