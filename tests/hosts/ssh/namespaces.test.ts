import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { sandbox } from "../../support/engine.ts";
import { killWhen } from "../../e2e/kill.ts";
import { holdsBack } from "../../support/paused.ts";
import { checkout, eventually } from "../../support/project.ts";
import { Writers } from "../../support/writers.ts";
import { run } from "../../support/ssh/machine.ts";
import { makeNetwork, NamespaceMachine, privateKeyFile } from "../../support/ssh/namespaces.ts";
import { type HostName, hostNames, MachinesStack } from "../../support/ssh/stack.ts";

describe("three machines over SSH, without systemd", { timeout: 2_400_000 }, () => {
  const directory = "/var/lib/redis-ha";
  const stack = new MachinesStack(
    (name, number) => new NamespaceMachine(name, number),
    privateKeyFile,
    directory,
  );
  const { project, machines, sentinels } = stack;
  const spare = new NamespaceMachine("spare", 4);
  const users: string[] = [];
  const hosts: string[] = [];
  const overcommit = (machine: NamespaceMachine) =>
    machine.run("cat /proc/sys/vm/overcommit_memory");

  before(async () => {
    await makeNetwork();
    for (const machine of [...stack.all, spare]) await machine.make();
    // As many have it: no ECDSA, and RSA first. The plugin can't use that one.
    await machines.redis3.show("rsa", "ed25519");
    for (const machine of stack.all) {
      users.push(await machine.run("cat /etc/passwd /etc/group"));
      hosts.push(await machine.run("cat /etc/hosts"));
    }
    stack.knowNames();
    await project.init();
  });
  after(async () => {
    Writers.endAll();
    await project.remove();
    for (const machine of [...stack.all, spare]) await machine.off();
  });

  /** Other settings than at first. */
  const rolled = { redis: { directives: { maxmemory: "200mb", databases: "17" } } };

  const untouched = async () => {
    for (const machine of stack.all) {
      assert.equal(await machine.run("ls -A /var/lib"), "");
      assert.doesNotMatch(await machine.processes(), /redis-server/);
    }
  };

  describe("what stands against it is refused, names the host and what to do, and nothing is touched anywhere", () => {
    let rsaOnly = "";
    const other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (const [what, change, message] of [
      [
        "a wrong fingerprint",
        () => ({ hostKey: other }),
        /hosts\.redis2\.ssh\.hostKey: redis2 .* does not show the key SHA256:A+: it shows\n[^]*SHA256:\S+ \(ED25519\)[^]*Nothing was sent/,
      ],
      [
        "a wrong key",
        () => ({
          hostKey: readFileSync(join(sandbox, "redis1", "ed25519.pub"), "utf8")
            .split(" ")
            .slice(0, 2)
            .join(" "),
        }),
        /hosts\.redis2\.ssh\.hostKey: redis2 .* does not show the key SHA256:.*: it shows\n\s*SHA256:[^]*Nothing was sent/,
      ],
      [
        "a bastion's wrong fingerprint",
        () => ({ bastion: { address: machines.redis1.address, privateKeyFile, hostKey: other } }),
        /hosts\.redis2\.ssh\.bastion\.hostKey: the bastion of redis2 .* does not show the key SHA256:A+: it shows\n[^]*Nothing was sent/,
      ],
      [
        "a key that nobody knows",
        () => ({ hostKey: undefined }),
        /hosts\.redis2\.ssh\.hostKey: the key of redis2 .* is not known: it shows\n\s*SHA256:/,
      ],
      [
        "an unreachable machine",
        () => ({ address: "10.78.0.99" }),
        /hosts\.redis2\.address: redis2 .*(no SSH server answers at|connect to host) 10\.78\.0\.99[^]*firewall/,
      ],
      [
        "a private key that it does not know",
        () => ({ privateKeyFile: join(sandbox, "redis1", "ed25519") }),
        /hosts\.redis2\.address: redis2 .*Permission denied[^]*privateKeyFile/,
      ],
      [
        "a user without sudo",
        () => ({ user: "nosudo" }),
        /hosts\.redis2\.address: redis2 .*sudo[^]*NOPASSWD/,
      ],
      [
        "a machine that has an RSA key only",
        () => ({ hostKey: rsaOnly }),
        /hosts\.redis2\.ssh\.hostKey: redis2 .* is known by a key that the command plugin can't use: [^]*It shows\n\s*SHA256:\S+ \(RSA\)\n[^]*ssh-keygen -A/,
      ],
      [
        "a bastion that has an RSA key only",
        () => ({ bastion: { address: spare.address, privateKeyFile, hostKey: rsaOnly } }),
        /hosts\.redis2\.ssh\.bastion\.hostKey: the bastion of redis2 .* is known by a key that the command plugin can't use: [^]*SHA256:\S+ \(RSA\)/,
      ],
      [
        "a full disk",
        () => ({ directory: join(sandbox, "small") }),
        /hosts\.redis2\.directory: redis2 .* KiB left/,
      ],
    ] as const) {
      it(what, async (t) => {
        await machines.redis2.run(
          "id nosudo >/dev/null 2>&1 || { useradd -m -s /bin/sh nosudo 2>/dev/null && usermod -p '*' nosudo; }",
        );
        if (what === "a full disk")
          await machines.redis2.run(
            `mkdir -p ${sandbox}/small && mount -t tmpfs -o size=4m,mode=755 none ${sandbox}/small`,
          );
        const odd = {
          "a machine that has an RSA key only": machines.redis2,
          "a bastion that has an RSA key only": spare,
        }[what as string];
        if (odd) {
          await odd.show("rsa");
          rsaOnly = await odd.fingerprintOf("rsa");
        }
        const changed = stack.config();
        const { address, directory, ...ssh }: Record<string, unknown> = change();
        const { redis2 } = changed.hosts;
        Object.assign(redis2 ?? {}, address ? { address } : {}, directory ? { directory } : {}, {
          ssh: { ...(redis2?.ssh as object), ...ssh },
        });
        project.configure(JSON.parse(JSON.stringify(changed)) as Record<string, unknown>);
        const { status, output, seconds } = await stack.up();
        t.diagnostic(`${what}: ${seconds.toFixed(1)} s`);
        assert.notEqual(status, 0);
        await odd?.show("ed25519", "ecdsa", "rsa");
        assert.match(output, message);
        await untouched();
      });
    }
    after(() => machines.redis2.run("userdel -r nosudo 2>/dev/null; true"));
  });

  it("comes up: a user of its own, names with real addresses, verified", async (t) => {
    project.configure(stack.config());
    const { status, output, seconds } = await stack.up();
    assert.equal(status, 0, output);
    t.diagnostic(`up ${seconds.toFixed(1)} s`);
    for (const [index, machine] of stack.all.entries()) {
      const owners = await machine.run(
        `cd ${directory}/${machine.name}; stat -c '%U %G %a' processes/*/ settings/*/ settings/*/parameters | sort -u`,
      );
      assert.equal(owners, "redis-ha redis-ha 700\nroot redis-ha 640\nroot redis-ha 750");
      // Containers of Redis' own images are 999.
      assert.match(await machine.run("id -u redis-ha"), /^[5-8]\d\d$/);
      assert.match(
        await machine.run("cat /etc/hosts"),
        /^10\.78\.0\.11 redis1\n10\.78\.0\.12 redis2\n10\.78\.0\.13 redis3$/m,
      );
      assert.equal(await overcommit(machine), "1");
      assert.match(
        await stack.ask(
          "sentinel",
          hostNames[index] as HostName,
          "SENTINEL",
          "CKQUORUM",
          "redis-ha",
        ),
        /^OK 3 usable/,
      );
    }
    assert.deepEqual(await project.output("sentinels"), sentinels);
    const status2 = await project.run("node", `${checkout}/cli/status.ts`);
    assert.equal(status2.status, 0, status2.output);
  });

  it("changes nothing the second time", async (t) => {
    const { seconds } = await project.upChangesNothing();
    t.diagnostic(`no change ${seconds.toFixed(1)} s`);
  });

  it("neither runs, follows nor shows what the servers' user has put there: an up changes nothing", async () => {
    const plant = `cd "$1" && echo "id >/var/lib/canary" >parameters && cp parameters settings.conf && ln -sf /etc/shadow instance && printf "refused.x y\\n" >created`;
    const every = (text: string) =>
      `for each in ${directory}/*/processes/*/; do su -s /bin/sh redis-ha -c '${text}' sh "$each" || exit 1; done`;
    for (const machine of stack.all) await machine.run(every(plant));
    await project.upChangesNothing();
    for (const machine of stack.all) {
      assert.equal(await machine.run("cat /var/lib/canary 2>/dev/null; true"), "");
      await machine.run(every('cd "$1" && rm parameters settings.conf instance'));
    }
    await project.upChangesNothing();
  });

  it("has the private key in no process, file or log of a machine, and not readable in the state", async () => {
    const secret = readFileSync(privateKeyFile, "utf8").split("\n")[2] as string;
    for (const machine of stack.all) {
      assert.equal(
        await machine.run(
          `grep -rlF '${secret}' ${directory} ${machine.directory}/etc ${machine.directory}/sshd.log 2>/dev/null || true`,
        ),
        "",
      );
      assert.ok(!(await machine.processes()).includes(secret));
    }
    assert.equal(
      await run("sh", "-c", `grep -rlF '${secret}' ${project.directory}/backend || true`),
      "",
    );
  });

  it("rolls a setting through with writers running, and sets a live one without a restart: nothing lost", async (t) => {
    project.configure(stack.config(rolled));
    t.diagnostic(`rolled in ${await Writers.during(sentinels, () => project.up())}`);
    for (const name of hostNames)
      assert.match(await stack.ask("node", name, "CONFIG", "GET", "databases"), /17/);
    await project.upChangesNothing();
  });

  it("goes on where a `pulumi up` was killed with -9 while it rolled a setting through with writers running: nothing lost", async (t) => {
    rolled.redis.directives.databases = "18";
    project.configure(stack.config(rolled));
    const databases = (name: HostName) => stack.ask("node", name, "CONFIG", "GET", "databases");
    const report = await Writers.during(sentinels, async () => {
      const up = project.start("pulumi", [
        "up",
        "--yes",
        "--skip-preview",
        "--stack",
        project.stack,
      ]);
      await killWhen(up, async () =>
        (await Promise.all(hostNames.map(databases))).some((said) => said.includes("18")),
      );
      // Takes away the lock of the one that was killed.
      await project.succeed("node", `${checkout}/cli/start.ts`, project.stack);
    });
    t.diagnostic(`killed and rolled in ${report}`);
    for (const name of hostNames) assert.match(await databases(name), /18/);
    await project.upChangesNothing();
  });

  it("survives a cut link of the master's host: nothing is acknowledged on the isolated side after the lag limit, one master after healing", async (t) => {
    const old = await stack.master();
    const machine = machines[old];
    // A cut link says nothing: who has no time-out of his own waits for as long as TCP does.
    const connected = new Writers(
      sentinels.filter((_, index) => hostNames[index] !== old),
      { socketTimeout: 500, connectTimeout: 500 },
    );
    await connected.more();
    // On the isolated side, straight to the master there.
    const isolated: { key: string; said: string; at: number }[] = [];
    const writer = machine.spawn(
      `n=0; while :; do said=$(timeout 1 redis-cli -h ${machine.address} -p ${16300 + 10_000 * hostNames.indexOf(old)} SET "isolated:$n" "$n" 2>&1); echo "isolated:$n $(date +%s%3N) $said"; n=$((n + 1)); sleep 0.02; done`,
    );
    createInterface({ input: writer.stdout }).on("line", (line) => {
      const [key = "", at, ...said] = line.split(" ");
      isolated.push({ key, said: said.join(" "), at: Number(at) });
    });
    const count = (said: string) => isolated.filter((each) => each.said.startsWith(said)).length;
    await eventually("the isolated writer writes", () => count("OK") > 10);
    await machine.cut();
    const cutAt = Date.now();
    const moved = await stack.leaves(old);
    const before_ = connected.count;
    // The server's own lag limit (min-replicas-max-lag), which it looks at once a second.
    await eventually(
      "the isolated side is refused, again and again",
      () => count("NOREPLICAS") > 500,
      120,
    );
    await machine.heal();
    await stack.follows(old, 120);
    writer.kill();
    const now = await stack.master();
    assert.notEqual(now, old);
    assert.equal(
      (await Promise.all(hostNames.map((name) => stack.ask("node", name, "ROLE")))).filter((role) =>
        role.startsWith("master"),
      ).length,
      1,
    );
    // Once refused, never taken again: as long as it was cut, or after that, as a replica.
    const limit = isolated.findIndex(({ said }) => said.startsWith("NOREPLICAS"));
    assert.deepEqual(
      isolated.slice(limit).filter(({ said }) => said === "OK"),
      [],
    );
    const within = isolated.slice(0, limit).filter(({ said, at }) => said === "OK" && at > cutAt);
    const kept = await Promise.all(
      within.map(async ({ key }) => (await stack.ask("node", now, "EXISTS", key)) === "1"),
    );
    const { acknowledged, lost, longestGap } = await connected.stop();
    t.diagnostic(
      `another master after ${Math.round((moved - cutAt) / 100) / 10} s; isolated side: ${within.length} writes acknowledged in the ${Math.round(((within.at(-1)?.at ?? cutAt) - cutAt) / 100) / 10} s after the cut, ${kept.filter((each) => !each).length} of them lost, 0 acknowledged after the limit; ` +
        `connected side: ${acknowledged.length} acknowledged, ${lost.length} lost, gap ${longestGap} ms`,
    );
    // What it wrote to the old master in the moment before the cut may have been on its way;
    // nothing else.
    assert.deepEqual(lost.filter((key) => acknowledged.indexOf(key) >= before_).slice(0, 10), []);
    const { status, output } = await stack.up();
    assert.equal(status, 0, output);
  });

  it("repairs a machine that was off and on: its processes are started, as the sentinels say, and the names are back", async () => {
    const other = await stack.replica();
    const names = await machines[other].run("cat /etc/hosts");
    // As cloud-init does at each boot of some images.
    await machines[other].run("echo 127.0.0.1 localhost >/etc/hosts");
    await machines[other].reboot();
    const { status, output } = await stack.up();
    assert.equal(status, 0, output);
    await stack.follows(other);
    assert.equal(await machines[other].run("cat /etc/hosts"), names);
    await project.upChangesNothing();
  });

  it("leaves a machine only for one that it can work on, and not while it is paused", async () => {
    const servers = async () => {
      const all = await machines.redis2.processes();
      const pids = await machines.redis2.run(`cat ${directory}/redis2/processes/*/pid`);
      return `${pids}\n${all.match(/redis-server.*/g)?.join("\n")}`;
    };
    const running = await servers();
    const nowhere = stack.config(rolled);
    Object.assign(nowhere.hosts.redis2 ?? {}, { address: "10.78.0.99" });
    project.configure({ ...nowhere });
    const { status, output } = await stack.up();
    assert.notEqual(status, 0);
    assert.match(
      output,
      /can't be worked on: .*connect to host 10\.78\.0\.99 [^]*nothing was changed anywhere/,
    );
    assert.equal(await servers(), running);
    await holdsBack(
      project,
      { ...stack.config(rolled), redis: { directives: { "tcp-keepalive": "77" } } },
      stack.config(rolled),
      async (refused) => {
        const old = machines.redis2;
        machines.redis2 = spare;
        project.configure(stack.config(rolled));
        machines.redis2 = old;
        await refused(/Nothing was touched: node2, sentinel2 have no mark/);
        assert.equal(await servers(), running);
      },
    );
  });

  it("moves a node to another machine: handed over, cleaned up on the old one, replica on the new one, nothing lost", async (t) => {
    const moving = await stack.master();
    const old = machines[moving];
    let output = "";
    const report = await Writers.during(sentinels, async () => {
      machines[moving] = spare;
      stack.knowNames();
      project.configure(stack.config(rolled));
      ({ output } = await project.up());
    });
    t.diagnostic(`moved the master's machine in ${report}`);
    assert.match(output, new RegExp(`${moving} \\(${old.address}\\) is cleaned up`));
    assert.equal(await old.run(`ls ${directory}/${moving} 2>/dev/null || echo none`), "none");
    assert.doesNotMatch(await old.processes(), /redis-server/);
    await stack.follows(moving);
    await project.upChangesNothing();
    // And back again, with the machine that it leaves switched off.
    await spare.off();
    await old.heal();
    machines[moving] = old;
    stack.knowNames();
    project.configure(stack.config(rolled));
    const back = await stack.up();
    assert.equal(back.status, 0, back.output);
    assert.match(back.output, new RegExp(`${moving} \\(${spare.address}\\) could not be reached`));
    await project.upChangesNothing();
  });

  it("edits Zato's file on a machine of its own, and puts it back", async () => {
    await spare.reboot();
    // It could not be reached when what was there moved away: what is left has to be ended by hand,
    // as was said then.
    await spare.run(
      'for each in /var/lib/redis-ha/*/machine.sh; do [ ! -f "$each" ] || sh "$each" uninstall; done',
    );
    const file = `${sandbox}/spare/server.conf`;
    const text = "[kvdb]\nhost=\nport=\nredis_sentinels=\n";
    await spare.run(`printf '${text.replaceAll("\n", "\\n")}' >${file}`);
    const hosts = { ...stack.config().hosts, zato1: stack.host(spare) };
    project.configure(stack.config({ hosts, zato: { serverConfs: [`zato1:${file}`] } }));
    const { status, output } = await stack.up();
    assert.equal(status, 0, output);
    assert.match(
      readFileSync(file, "utf8"),
      /^redis_sentinels=redis1:16355, redis2:26355, redis3:36355$/m,
    );
    project.configure(stack.config());
    assert.equal((await stack.up()).status, 0);
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("a node, the master, and a sentinel leave a machine under writers, and then the machine", async (t) => {
    const hosts = { ...stack.config().hosts, redis4: stack.host(spare) };
    const more = {
      hosts,
      nodes: {
        node1: "redis1:16300",
        node2: "redis2:26300",
        node3: "redis3:36300",
        node4: "redis4:46300",
      },
      sentinels: {
        sentinel1: "redis1:16355",
        sentinel2: "redis2:26355",
        sentinel4: "redis4:46355",
      },
    };
    const names = readFileSync("/etc/hosts", "utf8");
    writeFileSync("/etc/hosts", `${names}${spare.address} redis4\n`);
    const stay = sentinels.slice(0, 2);
    project.configure(stack.config(more));
    t.diagnostic(`one more machine: ${await Writers.during(stay, () => project.up())}`);
    await project.succeed("node", `${checkout}/cli/switchover.ts`, "node4");
    assert.equal(await stack.master("redis1"), "redis4");
    // Where the program does not look, nothing can be taken out.
    project.configure(stack.config());
    const refused = await stack.up();
    assert.notEqual(refused.status, 0);
    assert.match(
      refused.output,
      /nodes\.node4: node4, at redis4:46300, is known to the others, .* Keep hosts\.redis4/,
    );
    assert.equal(await stack.master("redis1"), "redis4");
    project.configure(stack.config({ hosts }));
    t.diagnostic(`its members leave: ${await Writers.during(stay, () => project.up())}`);
    await project.upChangesNothing();
    assert.equal(await spare.run(`ls ${directory}/redis4/settings`), "");
    assert.doesNotMatch(await spare.processes(), /redis-server/);
    project.configure(stack.config());
    await project.up();
    await project.upChangesNothing();
    assert.equal(await spare.run(`ls -d ${directory} 2>/dev/null || echo none`), "none");
    writeFileSync("/etc/hosts", names);
    // Without anything to leave it, a host without members is a slip of the pen.
    project.configure(stack.config({ hosts }));
    const typo = await stack.up();
    assert.notEqual(typo.status, 0);
    assert.match(typo.output, /hosts\.redis4: "redis4" is not allowed: one of the hosts of/);
    project.configure(stack.config());
  });

  it("is destroyed without a trace: users, files, hosts entries and kernel settings as they were", async () => {
    const { status, output } = await project.run("pulumi", "destroy", "--yes", "--skip-preview");
    // One in some sixty ended with an EOF of a connection between login and command: what sshd said
    // may tell why.
    const logs = stack.all.map(
      ({ name, directory }) =>
        `${name}: ${readFileSync(join(directory, "sshd.log"), "utf8").slice(-1500)}`,
    );
    assert.equal(status, 0, `${output}\n${logs.join("\n")}`);
    for (const [index, machine] of stack.all.entries()) {
      assert.equal(await machine.run("cat /etc/passwd /etc/group"), users[index]);
      assert.equal(await machine.run("cat /etc/hosts"), hosts[index]);
      assert.equal(await overcommit(machine), "0");
      assert.doesNotMatch(await machine.processes(), /redis-server/);
    }
    await untouched();
  });
});
