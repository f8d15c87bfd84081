import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { sandbox } from "../containers/engine.ts";
import { checkout, eventually, Project } from "../e2e/project.ts";
import { Writers } from "../writers.ts";
import { run } from "./machine.ts";
import { makeNetwork, NamespaceMachine, privateKeyFile } from "./namespaces.ts";

const hostNames = ["redis1", "redis2", "redis3"] as const;
const ports = { redis1: [16300, 16355], redis2: [26300, 26355], redis3: [36300, 36355] } as const;

describe("three machines over SSH, without systemd", { timeout: 900_000 }, () => {
  const machines = Object.fromEntries(hostNames.map((name, index) => [name, new NamespaceMachine(name, index + 1)])) as Record<
    (typeof hostNames)[number],
    NamespaceMachine
  >;
  const spare = new NamespaceMachine("spare", 4);
  const directory = join(sandbox, "stack");
  const hostOf = (machine: NamespaceMachine) => ({ kind: "ssh", address: machine.address, privateKeyFile, hostKey: machine.fingerprint });
  const config = () => ({
    directory,
    hosts: Object.fromEntries(hostNames.map((name) => [name, hostOf(machines[name])])) as Record<string, Record<string, unknown>>,
    downAfterMilliseconds: 3000,
    failoverTimeoutMilliseconds: 20_000,
    redisConf: { maxmemory: "100mb" } as Record<string, string>,
  });
  const project = new Project({});
  const ask = (address: string, port: number, ...words: string[]) => run("redis-cli", "-h", address, "-p", String(port), ...words);
  const askNode = (name: (typeof hostNames)[number], ...words: string[]) => ask(machines[name].address, ports[name][0], ...words);
  const master = async (from: (typeof hostNames)[number] = "redis3") => {
    const [host = ""] = (await ask(machines[from].address, ports[from][1], "SENTINEL", "get-master-addr-by-name", "redis-ha")).split("\n");
    return host as (typeof hostNames)[number];
  };
  const sentinels = hostNames.map((name) => `${name}:${ports[name][1]}`);
  const up = (...args: string[]) => project.run("pulumi", "up", "--yes", "--skip-preview", ...args);
  const users: string[] = [];
  const hosts: string[] = [];
  const overcommit = readFileSync("/proc/sys/vm/overcommit_memory", "utf8");

  before(async () => {
    await makeNetwork();
    for (const machine of [...Object.values(machines), spare]) await machine.make();
    for (const machine of Object.values(machines)) {
      users.push(await machine.run("cat /etc/passwd /etc/group"));
      hosts.push(await machine.run("cat /etc/hosts"));
    }
    // The clients of the tests run where Pulumi does.
    await run("sh", "-c", `printf '${hostNames.map((name) => `${machines[name].address} ${name}\\n`).join("")}' >>/etc/hosts`);
    await project.init();
  });
  after(async () => {
    await project.remove();
    for (const machine of [...Object.values(machines), spare]) machine.off();
  });

  const untouched = async () => {
    for (const machine of Object.values(machines)) {
      assert.equal(await machine.run(`ls ${directory} 2>/dev/null || echo none`), "none");
      assert.doesNotMatch(machine.processes().join("\n"), /redis-server/);
    }
  };

  describe("what stands against it is refused, names the host and what to do, and nothing is touched anywhere", () => {
    const other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (const [what, change, message] of [
      [
        "a wrong fingerprint",
        () => ({ hostKey: other }),
        /hosts\.redis2\.hostKey: redis2 .* does not show the key SHA256:A+: it shows\n\s*SHA256:\S+ \(ED25519\)[^]*Nothing was sent/,
      ],
      [
        "a wrong key",
        () => ({
          hostKey: readFileSync(join(sandbox, "redis1", "ed25519.pub"), "utf8")
            .split(" ")
            .slice(0, 2)
            .join(" "),
        }),
        /hosts\.redis2\.hostKey: redis2 .* does not show the key SHA256:.*: it shows\n\s*SHA256:[^]*Nothing was sent/,
      ],
      ["a key that nobody knows", () => ({ hostKey: undefined }), /hosts\.redis2\.hostKey: the key of redis2 .* is not known: it shows\n\s*SHA256:/],
      [
        "an unreachable machine",
        () => ({ address: "10.78.0.99" }),
        /hosts\.redis2\.address: redis2 .*no SSH server answers at 10\.78\.0\.99[^]*firewall/,
      ],
      [
        "a private key that it does not know",
        () => ({ privateKeyFile: join(sandbox, "redis1", "ed25519") }),
        /hosts\.redis2\.address: redis2 .*Permission denied[^]*privateKeyFile/,
      ],
      ["a user without sudo", () => ({ user: "nosudo" }), /hosts\.redis2\.address: redis2 .*sudo[^]*NOPASSWD/],
      ["a full disk", () => ({ directory: join(sandbox, "small") }), /hosts\.redis2\.directory: redis2 .* KiB left/],
    ] as const) {
      it(what, async (t) => {
        await machines.redis2.run("id nosudo >/dev/null 2>&1 || { useradd -m -s /bin/sh nosudo 2>/dev/null && usermod -p '*' nosudo; }");
        if (what === "a full disk") await machines.redis2.run(`mkdir -p ${sandbox}/small && mount -t tmpfs -o size=4m none ${sandbox}/small`);
        const changed = config();
        Object.assign(changed.hosts.redis2 as object, change());
        project.configure(JSON.parse(JSON.stringify(changed)) as Record<string, unknown>);
        const { status, output, seconds } = await up();
        t.diagnostic(`${what}: ${seconds.toFixed(1)} s`);
        assert.notEqual(status, 0);
        assert.match(output, message);
        await untouched();
      });
    }
    after(() => machines.redis2.run("userdel -r nosudo 2>/dev/null; true"));
  });

  it("comes up: a user of its own, names with real addresses, verified", async (t) => {
    project.configure(config());
    const { status, output, seconds } = await up();
    assert.equal(status, 0, output);
    t.diagnostic(`up ${seconds.toFixed(1)} s`);
    for (const [index, machine] of Object.values(machines).entries()) {
      const owners = await machine.run(`stat -c %U ${directory}/${machine.name}/processes/*/settings.conf | sort -u`);
      assert.equal(owners, "redis-ha");
      assert.match(await machine.run("cat /etc/hosts"), /^10\.78\.0\.11 redis1\n10\.78\.0\.12 redis2\n10\.78\.0\.13 redis3$/m);
      assert.equal(
        await ask(machine.address, ports[hostNames[index] as "redis1"][1], "SENTINEL", "CKQUORUM", "redis-ha"),
        "OK 3 usable Sentinels. Quorum and failover authorization can be reached",
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

  it("has the private key in no process, file or log of a machine, and not readable in the state", async () => {
    const secret = readFileSync(privateKeyFile, "utf8").split("\n")[2] as string;
    for (const machine of Object.values(machines)) {
      assert.equal(
        await machine.run(`grep -rlF '${secret}' ${directory} ${machine.directory}/etc ${machine.directory}/sshd.log 2>/dev/null || true`),
        "",
      );
      assert.ok(!machine.processes().join("\n").includes(secret));
    }
    assert.equal(await run("sh", "-c", `grep -rlF '${secret}' ${project.directory}/backend || true`), "");
  });

  it("rolls a setting through with writers running, and sets a live one without a restart: nothing lost", async (t) => {
    const writers = new Writers(sentinels);
    await writers.more();
    writers.restartClock();
    project.configure({ ...config(), redisConf: { maxmemory: "200mb", databases: "17" } });
    const { status, output, seconds } = await up();
    assert.equal(status, 0, output);
    await writers.more();
    const { acknowledged, lost, longestGap } = await writers.stop();
    t.diagnostic(`rolled in ${seconds.toFixed(1)} s; ${acknowledged.length} writes acknowledged, ${lost.length} lost, longest gap ${longestGap} ms`);
    assert.deepEqual(lost, []);
    for (const name of hostNames) assert.match(await askNode(name, "CONFIG", "GET", "databases"), /17/);
    await project.upChangesNothing();
  });

  it("survives a cut link of the master's host: nothing is acknowledged on the isolated side after the lag limit, one master after healing", async (t) => {
    const old = await master();
    const machine = machines[old];
    const others = hostNames.filter((name) => name !== old);
    const connected = new Writers(others.map((name) => `${name}:${ports[name][1]}`));
    await connected.more();
    // On the isolated side, straight to the master there.
    const isolated: { key: string; at: number }[] = [];
    const writer = machine.spawn(
      `n=0; while :; do [ "$(timeout 1 redis-cli -h ${machine.address} -p ${ports[old][0]} SET "isolated:$n" "$n" 2>&1)" = OK ] && echo "isolated:$n $(date +%s%3N)"; n=$((n + 1)); sleep 0.02; done`,
    );
    writer.stdout.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.trim().split("\n")) isolated.push({ key: line.split(" ")[0] ?? "", at: Number(line.split(" ")[1]) });
    });
    await eventually("the isolated writer writes", () => isolated.length > 10);
    await machine.cut();
    const cutAt = Date.now();
    await sleep(30_000);
    await machine.heal();
    const healedAt = Date.now();
    await eventually("the old master follows", async () => (await askNode(old, "INFO", "replication")).includes("master_link_status:up"), 120);
    writer.kill();
    const now = await master();
    assert.notEqual(now, old);
    assert.equal((await Promise.all(hostNames.map((name) => askNode(name, "ROLE")))).filter((role) => role.startsWith("master")).length, 1);
    const within = isolated.filter(({ at }) => at > cutAt && at < healedAt);
    // The lag limit is 10 s; the server looks at it once a second, and so do the replicas with their news.
    const late = within.filter(({ at }) => at > cutAt + 12_000);
    assert.deepEqual(late, []);
    const kept = await Promise.all(within.map(async ({ key }) => (await askNode(now, "EXISTS", key)) === "1"));
    const { acknowledged, lost, longestGap } = await connected.stop();
    t.diagnostic(
      `isolated side: ${within.length} writes acknowledged in the ${Math.round(((within.at(-1)?.at ?? cutAt) - cutAt) / 100) / 10} s after the cut, ${kept.filter((each) => !each).length} of them lost, 0 acknowledged after the limit; ` +
        `connected side: ${acknowledged.length} acknowledged, ${lost.length} lost, gap ${longestGap} ms`,
    );
    // What the connected side wrote to the old master in the moment before the cut may have been on its way.
    const { status, output } = await up();
    assert.equal(status, 0, output);
  });

  it("repairs a machine that was off and on: its processes are started, as the sentinels say", async () => {
    const now = await master();
    const other = hostNames.find((name) => name !== now) as (typeof hostNames)[number];
    await machines[other].reboot();
    const { status, output } = await up();
    assert.equal(status, 0, output);
    assert.match(await askNode(other, "INFO", "replication"), /master_link_status:up/);
    await project.upChangesNothing();
  });

  it("moves a node to another machine: handed over, cleaned up on the old one, replica on the new one, nothing lost", async (t) => {
    const moving = await master();
    const writers = new Writers(sentinels);
    await writers.more();
    const old = machines[moving];
    machines[moving] = spare;
    await run(
      "sh",
      "-c",
      `sed 's/^${old.address} ${moving}$/${spare.address} ${moving}/' /etc/hosts >${sandbox}/new && cat ${sandbox}/new >/etc/hosts`,
    );
    project.configure(config());
    const { status, output } = await up();
    assert.equal(status, 0, output);
    await writers.more();
    const { acknowledged, lost, longestGap } = await writers.stop();
    t.diagnostic(`moved the master's machine: ${acknowledged.length} writes acknowledged, ${lost.length} lost, longest gap ${longestGap} ms`);
    assert.deepEqual(lost, []);
    assert.match(output, new RegExp(`${moving} \\(${old.address}\\) is cleaned up`));
    assert.equal(await old.run(`ls ${directory}/${moving} 2>/dev/null || echo none`), "none");
    assert.doesNotMatch(old.processes().join("\n"), /redis-server/);
    assert.match(await askNode(moving, "INFO", "replication"), /master_link_status:up/);
    await project.upChangesNothing();
    // And back again, with the machine that it leaves switched off.
    spare.off();
    await old.heal();
    machines[moving] = old;
    await run(
      "sh",
      "-c",
      `sed 's/^${spare.address} ${moving}$/${old.address} ${moving}/' /etc/hosts >${sandbox}/new && cat ${sandbox}/new >/etc/hosts`,
    );
    project.configure(config());
    const back = await up();
    assert.equal(back.status, 0, back.output);
    assert.match(back.output, new RegExp(`${moving} \\(${spare.address}\\) could not be reached`));
    await project.upChangesNothing();
  });

  it("edits Zato's file on a machine of its own, and puts it back", async () => {
    await spare.reboot();
    const file = `${sandbox}/spare/server.conf`;
    const text = "[kvdb]\nhost=\nport=\nredis_sentinels=\n";
    await spare.run(`printf '${text.replaceAll("\n", "\\n")}' >${file}`);
    const hosts = { ...config().hosts, zato1: hostOf(spare) };
    project.configure({ ...config(), hosts, zatoServerConfs: [`zato1:${file}`] });
    const { status, output } = await up();
    assert.equal(status, 0, output);
    assert.match(readFileSync(file, "utf8"), /^redis_sentinels=redis1:16355, redis2:26355, redis3:36355$/m);
    project.configure(config());
    assert.equal((await up()).status, 0);
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("is destroyed without a trace: users, files, hosts entries and kernel settings as they were", async () => {
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview");
    for (const [index, machine] of Object.values(machines).entries()) {
      assert.equal(await machine.run("cat /etc/passwd /etc/group"), users[index]);
      assert.equal(await machine.run("cat /etc/hosts"), hosts[index]);
      assert.doesNotMatch(machine.processes().join("\n"), /redis-server/);
    }
    await untouched();
    assert.equal(readFileSync("/proc/sys/vm/overcommit_memory", "utf8"), overcommit);
  });
});
