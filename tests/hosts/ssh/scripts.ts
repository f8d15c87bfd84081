import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assignments, quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";
import { eventually } from "../../support/project.ts";
import type { Machine } from "../../support/ssh/machine.ts";

/**
 * What the scripts do to the distribution's own packages and services, on a machine with systemd
 * that has none.
 */
export function scriptTests(machine: Machine): void {
  describe("packages.sh, where two stacks share a machine", () => {
    const servers = "/opt/nowhere/redis-server redis-server";
    const packages = (action: string, owner: string, more = {}) =>
      machine.run(
        `sh 2>&1 <<'SCRIPT' || echo "status $?"\n${assignments({ action, owner, packages: true, servers, ...more })}${scriptText("shared.sh")}${scriptText("packages.sh")}\nSCRIPT\n`,
      );
    const installed = () => machine.run("dpkg-query -W -f '${Package}\\n' | grep redis || true");
    let before_ = "";
    before(async () => {
      before_ = await machine.run("dpkg-query -W");
    });

    it("installs nothing where that is turned off", async () => {
      assert.match(
        await packages("install", "a", { packages: false }),
        /there is none of .* turned off \(ssh\.installRedis\)\nstatus 1/,
      );
      assert.equal(await installed(), "");
      await packages("remove", "a");
    });

    it("installs the distribution's, whose service stays off, and says what there is", async () => {
      assert.match(
        await packages("install", "a"),
        /^server redis-server\nversion Redis server v=7\.0\.15 /,
      );
      assert.match(
        await machine.run(
          "systemctl is-enabled redis-server; systemctl is-active redis-server; true",
        ),
        /^disabled\ninactive$/,
      );
      assert.equal(await machine.run("ls /usr/sbin/policy-rc.d 2>/dev/null; true"), "");
    });

    it("takes them away with the last one that uses them", async () => {
      assert.match(await packages("install", "b"), /^server redis-server/);
      assert.equal(await packages("remove", "a"), "");
      assert.match(await installed(), /redis-server/);
      assert.equal(await packages("remove", "b"), "");
      assert.equal(await machine.run("dpkg-query -W"), before_);
      assert.equal(await machine.run("ls /var/lib/pulumi-redis-ha 2>/dev/null; true"), "");
    });

    it("leaves what somebody has come to use, and what was there before", async () => {
      await packages("install", "a");
      await machine.run("redis-server --port 7000 --daemonize yes --save '' >/dev/null");
      assert.match(
        await packages("remove", "a"),
        /a Redis server still runs here: .*redis-server.* stay installed/,
      );
      await machine.run("redis-cli -p 7000 SHUTDOWN NOSAVE; true");
      await packages("install", "b");
      assert.equal(await packages("remove", "b"), "");
      assert.match(await installed(), /redis-server/);
    });
  });

  describe("services.sh, where the distribution's own server and sentinel run", () => {
    const [node, sentinel] = ["redis-distribution", "redis-distribution-sentinel"];
    const on = "active\nenabled";
    const off = "inactive\ndisabled";
    const state = (unit = node) =>
      machine.run(`systemctl is-active ${unit}; systemctl is-enabled ${unit}; true`);
    const services = (action: string, ports = ["6379", "26379"]) =>
      machine.run(
        `sh -c ${quote(scriptText("services.sh"))} sh ${action} 2>&1 <<'END' || echo "status $?"\n${assignments({ PORTS: ports, ADDRESS: machine.address, STORE: "/var/lib/off" })}END\n`,
      );
    const listenOn = async (bind: string) => {
      await machine.run(
        `sed -i 's/^bind .*/bind ${bind}/' /etc/redis/redis.conf; systemctl restart ${node}`,
      );
      await eventually("it answers", async () => (await machine.run("redis-cli PING")) === "PONG");
    };

    before(async () => {
      // Debian's own units need more than a container gives them.
      await machine.run(`apt-get install -qq redis-server redis-sentinel >/dev/null 2>&1; systemctl disable --quiet --now redis-server redis-sentinel
        unit() { printf '[Service]\\nUser=redis\\nExecStart=/usr/bin/redis-server %s --daemonize no --supervised no\\n[Install]\\nWantedBy=multi-user.target\\n' "$2" >/etc/systemd/system/$1.service; }
        unit ${node} /etc/redis/redis.conf; unit ${sentinel} '/etc/redis/sentinel.conf --sentinel'
        systemctl daemon-reload; systemctl enable --quiet --now ${node} ${sentinel}`);
      await listenOn("127.0.0.1");
      await eventually("the sentinel knows its node", async () =>
        (await machine.run("redis-cli CLIENT LIST")).includes("name=sentinel-"),
      );
    });
    after(() =>
      machine.run(
        `systemctl disable --quiet --now ${node} ${sentinel}; rm /etc/systemd/system/redis-distribution*; systemctl daemon-reload`,
      ),
    );

    it("leaves them alone where nobody wants their ports", async () => {
      assert.equal(await services("apply", ["16300"]), "");
      assert.deepEqual([await state(), await state(sentinel)], [on, on]);
    });

    it("turns off what only runs, and on again", async () => {
      assert.equal((await services("check")).trim(), "status 3");
      assert.match(
        await services("apply"),
        /^redis-distribution-sentinel.service is off.*\nredis-distribution.service is off/,
      );
      assert.deepEqual([await state(), await state(sentinel)], [off, off]);
      assert.equal(await services("apply"), "");
      assert.match(await services("remove"), /is as it was/);
      assert.deepEqual([await state(), await state(sentinel)], [on, on]);
    });

    it("leaves one that holds keys, where it is in nobody's way", async () => {
      await machine.run("redis-cli SET somebody needs-this");
      assert.match(
        await services("apply", ["6379"]),
        /redis-distribution.service, at 127.0.0.1:6379, stays: it holds 1 keys/,
      );
      assert.equal(await state(), on);
    });

    it("refuses one that holds keys and listens where ours will", async () => {
      for (const bind of ["0.0.0.0", `127.0.0.1 ${machine.address}`]) {
        await listenOn(bind);
        for (const action of ["check", "apply"]) {
          assert.match(
            await services(action, ["6379"]),
            /port 6379 is taken by this machine's redis-distribution.service, and it holds 1 keys\. Choose another port; or.*systemctl disable --now redis-distribution.service\nstatus 1/,
          );
        }
        assert.equal(await state(), on);
      }
    });

    it("refuses one with a password, and one with a client", async () => {
      await machine.run("redis-cli DEL somebody; redis-cli CONFIG SET requirepass secret");
      assert.match(await services("check"), /and it has a password/);
      await machine.run(
        "redis-cli -a secret CONFIG SET requirepass ''; (sleep 5 | redis-cli SUBSCRIBE news >/dev/null 2>&1 &)",
      );
      await eventually("its client", async () =>
        / age=[1-9].* cmd=subscribe/.test(await machine.run("redis-cli CLIENT LIST")),
      );
      assert.match(await services("check"), /and it has clients: [1-9]/);
    });
  });
}
