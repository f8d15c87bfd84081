import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Redis } from "ioredis";
import { ask, checkout, eventually, namedMaster, Project } from "../../support/project.ts";
import { renameAll } from "../../e2e/renamed.ts";
import { assignments, quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";
import { holdsBack } from "../../support/paused.ts";
import { Writers } from "../../support/writers.ts";
import { Engine, sandbox } from "../../support/engine.ts";
import { busyboxImage, debianImage } from "../../support/images.ts";

const sentinels = ["redis1:16355", "redis2:26355", "redis3:36355"];
const names = ["node1", "node2", "node3", "sentinel1", "sentinel2", "sentinel3"];

/** Follows the master by host names, with nothing but the image's own redis-cli. */
const follower = `n=0; while :; do
  for s in ${sentinels.join(" ")}; do m=$(timeout 1 redis-cli -h \${s%:*} -p \${s#*:} SENTINEL get-master-addr-by-name redis-ha) && [ -n "$m" ] && break; done
  set -- $m; [ "$(timeout 1 redis-cli -h "$1" -p "$2" SET "follower:$n" "$n" 2>&1)" = OK ] && echo "$n $1:$2" && n=$((n + 1)); sleep 0.05
done`;

describe("three hosts in containers of one engine", { timeout: 2_400_000 }, () => {
  const hostsBefore = readFileSync("/etc/hosts", "utf8");
  const engine = new Engine("engine");
  const config = {
    hosts: Object.fromEntries(
      ["redis1", "redis2", "redis3"].map((host) => [host, { docker: { engine: engine.host } }]),
    ),
    docker: { image: "redis-ha-test:busybox" },
    sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 20_000 },
    redis: { directives: { maxmemory: "100mb" } },
  };
  const project = new Project(config);
  const changed: Record<string, object> = { ...config };
  const configure = (more: Record<string, object>) => {
    for (const [section, each] of Object.entries(more))
      changed[section] = { ...changed[section], ...each };
    project.configure(changed);
  };
  const container = (name: string) => `redis-ha-redis${name.at(-1)}-${name}-test`;
  const inspect = async (name: string, format: string) =>
    engine.docker("container", "inspect", "-f", format, container(name));
  const idsOf = () => Promise.all(names.map((name) => inspect(name, "{{.Id}}")));
  const master = () => namedMaster(sentinels[0] as string);
  const nodeAt = (place: string) => `node${place.replace("redis", "").split(":")[0]}`;

  before(async () => {
    await engine.start();
    await engine.load(await busyboxImage(sandbox));
    // The settings that the official images have.
    const official = [
      "VOLUME /data",
      "WORKDIR /data",
      "EXPOSE 6379",
      "ENV REDIS_VERSION=8.0.2",
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["redis-server"]',
    ];
    await engine.load(await debianImage(console.log), undefined, official);
    await project.init();
  });
  after(async () => {
    Writers.endAll();
    await project.remove();
    await engine.stop();
  });

  it("refuses an engine that does not answer and an image that cannot be had, before anything is touched", async () => {
    const absent = { redis1: { docker: { engine: "unix:///nowhere.sock" } } };
    project.configure({
      ...config,
      hosts: absent,
      nodes: { node1: "redis1:1", node2: "redis1:2" },
      sentinels: { sentinel1: "redis1:3" },
    });
    const noEngine = await project.run("pulumi", "up", "--yes", "--skip-preview");
    assert.notEqual(noEngine.status, 0);
    assert.match(
      noEngine.output,
      /hosts\.redis1\.docker\.engine: no Docker engine answers at unix:\/\/\/nowhere\.sock: .*[^]*Start it there/,
    );
    project.configure({ ...config, docker: { image: "localhost:1/no/such:image" } });
    const noImage = await project.run("pulumi", "up", "--yes", "--skip-preview");
    assert.notEqual(noImage.status, 0);
    assert.match(
      noImage.output,
      /docker\.image: "localhost:1\/no\/such:image" is not allowed: .*no such image[^]*docker pull/,
    );
    assert.deepEqual(
      await Promise.all(
        (["container", "volume", "network"] as const).map((kind) => engine.names(kind)),
      ),
      [[], [], []],
    );
    project.configure(config);
  });

  it("comes up: six containers, a volume each, one network, verified", async () => {
    await project.up();
    assert.deepEqual(await engine.names("container"), names.map(container).sort());
    assert.deepEqual(await engine.names("volume"), names.map(container).sort());
    assert.equal((await engine.names("network")).length, 1);
    for (const sentinel of sentinels)
      assert.match(String(await ask(sentinel, "SENTINEL", "CKQUORUM", "redis-ha")), /^OK 3 usable/);
    assert.deepEqual(await project.output("sentinels"), sentinels);
    const { status, output } = await project.run("node", `${checkout}/cli/status.ts`);
    assert.equal(status, 0, output);
  });

  it("changes nothing the second time, with and without a refresh", async () => {
    const before = await idsOf();
    await project.upChangesNothing();
    await project.upChangesNothing("--refresh");
    assert.deepEqual(await idsOf(), before);
  });

  it("does nothing to any container while it is paused, running or not", async () => {
    const before = await idsOf();
    await holdsBack(
      project,
      { ...config, redis: { directives: { maxmemory: "100mb", "tcp-keepalive": "77" } } },
      config,
      async (refused) => {
        // What would replace the containers, and what would start one again.
        project.configure({ ...config, docker: { image: "redis-ha-test:debian" } });
        await refused(/Nothing was done here/);
        project.configure(config);
        // The image itself, of which no process knows.
        await project.up();
        await engine.docker("stop", container("sentinel3"));
        await refused(/Nothing was touched: sentinel3 would be changed/);
        assert.equal(await inspect("sentinel3", "{{.State.Running}}"), "false");
        await engine.docker("start", container("sentinel3"));
        await project.healthy();
      },
    );
    assert.deepEqual(await idsOf(), before);
  });

  it("runs them without root, capabilities or a root file system to write to, limited, rotated and watched", async () => {
    for (const name of names) {
      const format =
        '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Privileged}} {{.HostConfig.SecurityOpt}} {{.HostConfig.RestartPolicy.Name}} {{index .HostConfig.LogConfig.Config "max-size"}}';
      assert.equal(
        await inspect(name, format),
        "999:999 true [ALL] false [no-new-privileges:true] unless-stopped 10m",
        name,
      );
      assert.equal(
        Number(await inspect(name, "{{.HostConfig.Memory}}")) / 2 ** 20,
        name.startsWith("node") ? 264 : 64,
        name,
      );
      await eventually(
        `${name} is healthy`,
        async () => (await inspect(name, "{{.State.Health.Status}}")) === "healthy",
      );
    }
    assert.doesNotMatch(
      await engine.docker("exec", container("node1"), "sh", "-c", "cat /proc/1/status"),
      /^CapEff:\s*0*[1-9a-f]/m,
    );
  });

  it("answers with host names only, never with an address inside the network", async () => {
    const subnet = (
      await engine.docker(
        "network",
        "inspect",
        "-f",
        "{{(index .IPAM.Config 0).Subnet}}",
        ...(await engine.names("network")),
      )
    ).replace(/\.\d+\.\d+\/.*/, ".");
    for (const sentinel of sentinels) {
      for (const command of ["get-master-addr-by-name", "MASTER", "REPLICAS", "SENTINELS"]) {
        const answer = JSON.stringify(await ask(sentinel, "SENTINEL", command, "redis-ha"));
        assert.ok(!answer.includes(subnet), `${sentinel} ${command}: ${answer}`);
      }
    }
  });

  it("hands a client on the host and a client in a container over to the new master after docker kill, by host name", async (t) => {
    const hosts = await project.output<Record<string, string>>("containerHosts");
    const options = Object.entries(hosts).flatMap(([host, address]) => [
      "--add-host",
      `${host}:${address}`,
    ]);
    const inside = await engine.docker(
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
    const outside = new Redis({
      sentinels: sentinels.map((each) => ({
        host: each.split(":")[0],
        port: Number(each.split(":")[1]),
      })),
      name: "redis-ha",
    });
    outside.on("error", () => undefined);
    try {
      const before = await master();
      await outside.set("before", "1");
      await outside.wait(2, 1000);
      await eventually("the follower writes", async () =>
        (await engine.docker("logs", inside)).includes(before),
      );
      const began = Date.now();
      await engine.docker("kill", container(nodeAt(before)));
      await eventually("another master", async () => (await master()) !== before);
      const afterwards = await master();
      await eventually("the follower writes to the new one", async () =>
        (await engine.docker("logs", inside)).includes(afterwards),
      );
      assert.equal(await outside.get("before"), "1");
      assert.equal(await outside.set("after", "1"), "OK");
      t.diagnostic(
        `both write again ${Date.now() - began} ms after docker kill, down-after 3000 ms`,
      );
    } finally {
      outside.disconnect();
      await engine.docker("rm", "-f", inside);
    }
  });

  it("brings the killed one back with an up, as a replica, and then changes nothing", async () => {
    const now = await master();
    await project.up();
    assert.equal(await master(), now);
    await project.upChangesNothing();
  });

  it("repairs what was stopped, paused, removed or changed by hand with up --refresh", async () => {
    const replica =
      names.find((name) => name.startsWith("node")) === nodeAt(await master()) ? "node2" : "node1";
    await engine.docker("rm", "-f", container(replica));
    await engine.docker("stop", container("sentinel2"));
    await engine.docker("pause", container("sentinel3"));
    await engine.docker(
      "update",
      "--memory",
      "300m",
      "--memory-swap",
      "300m",
      "--restart",
      "no",
      container("node3"),
    );
    const now = await master();
    await project.up("--refresh");
    assert.equal(await master(), now);
    assert.equal(
      await inspect("node3", "{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}}"),
      `${264 * 2 ** 20} unless-stopped`,
    );
    for (const name of names) assert.equal(await inspect(name, "{{.State.Running}}"), "true");
    await project.upChangesNothing("--refresh");
  });

  it("sets a live setting without replacing or restarting anything, memory limit included", async () => {
    const before = await Promise.all([
      idsOf(),
      ...names.map((name) => inspect(name, "{{.State.StartedAt}}")),
    ]);
    configure({
      redis: { directives: { maxmemory: "200mb" } },
      sentinel: { downAfterMilliseconds: 2000 },
    });
    await Writers.during(sentinels, () => project.up());
    assert.deepEqual(
      await Promise.all([idsOf(), ...names.map((name) => inspect(name, "{{.State.StartedAt}}"))]),
      before,
    );
    for (const place of ["redis1:16300", "redis2:26300", "redis3:36300"])
      assert.deepEqual(await ask(place, "CONFIG", "GET", "maxmemory"), ["maxmemory", "209715200"]);
    assert.equal(Number(await inspect("node1", "{{.HostConfig.Memory}}")) / 2 ** 20, 464);
    const fields = (await ask(
      sentinels[1] as string,
      "SENTINEL",
      "MASTER",
      "redis-ha",
    )) as string[];
    assert.equal(fields[fields.indexOf("down-after-milliseconds") + 1], "2000");
    await project.upChangesNothing("--refresh");
  });

  it("a canary of another image is one replica, and goes back to what the master has", async (t) => {
    const first = await master();
    const [replica = ""] = ["node1", "node2", "node3"].filter((name) => name !== nodeAt(first));
    const place = `redis${replica.at(-1)}:${replica.at(-1)}6300`;
    const version = async () => /redis_version:(\d+)/.exec(String(await ask(place, "INFO")))?.[1];
    configure({ docker: { image: "redis-ha-test:debian" } });
    const report = await Writers.during(sentinels, async () => {
      await project.up("--target", "**-image*", "--target", `**-${replica}-*`);
      assert.equal(await version(), "8");
      assert.deepEqual(await ask(place, "CONFIG", "GET", "replica-priority"), [
        "replica-priority",
        "1000000100",
      ]);
      configure({ docker: { image: "redis-ha-test:busybox" } });
      await project.up();
      assert.equal(await version(), "7");
    });
    t.diagnostic(`there and back in ${report}`);
    assert.equal(await master(), first);
    assert.deepEqual(await ask(place, "DBSIZE"), await ask(first, "DBSIZE"));
  });

  it("rolls another image through all six, one at a time, with four writers running and nothing lost", async (t) => {
    const before = await idsOf();
    const first = nodeAt(await master());
    const ids = /^sentinel myid .*$/m.exec(
      await engine.docker(
        "exec",
        container("sentinel1"),
        "cat",
        "/redis-ha/redis1/sentinel1/sentinel.conf",
      ),
    )?.[0];
    let most = 0;
    // Every container of the engine that ends, as it ends.
    const down = new Set<string>();
    const seen: string[] = [];
    const events = spawn("docker", [
      "-H",
      engine.host,
      "events",
      "--filter",
      "type=container",
      "--format",
      "{{.Action}} {{.Actor.Attributes.name}}",
    ]);
    createInterface({ input: events.stdout }).on("line", (line) => {
      const [action = "", name = ""] = line.split(" ");
      if (action === "die" && names.some((each) => container(each) === name)) down.add(name);
      if (action === "start") down.delete(name);
      if (action === "die" || action === "start")
        seen.push(`${action} ${name}, down: ${[...down].join(" ")}`);
      most = Math.max(most, down.size);
    });
    configure({ docker: { image: "redis-ha-test:debian" } });
    t.diagnostic(`rolled in ${await Writers.during(sentinels, () => project.up())}`);
    events.kill();
    assert.equal(most, 1, `containers that were down at the same time:\n${seen.join("\n")}`);
    const ended = seen.filter((line) => line.startsWith("die ") && line.includes("-node"));
    assert.match(ended.at(-1) ?? "", new RegExp(`^die ${container(first)},`), "the master last");
    assert.equal(new Set([...before, ...(await idsOf())]).size, 12, "all six are other containers");
    assert.match(String(await ask("redis1:16300", "INFO", "server")), /^redis_version:8\./m);
    const idsAfter = await engine.docker(
      "exec",
      container("sentinel1"),
      "cat",
      "/redis-ha/redis1/sentinel1/sentinel.conf",
    );
    assert.ok(ids && idsAfter.includes(ids), "a sentinel keeps its identity");
    await project.upChangesNothing();
  });

  it("refuses an older image in the preview, before any container is gone", async () => {
    const before = await idsOf();
    configure({ docker: { image: "redis-ha-test:busybox" } });
    for (const words of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const { status, output } = await project.run("pulumi", ...words);
      assert.notEqual(status, 0);
      assert.match(
        output,
        /nodes\.node1: Redis 7\.\S+ is not allowed: node\d, the master, has data of Redis 8\./,
      );
    }
    assert.deepEqual(await idsOf(), before);
    configure({ docker: { image: "redis-ha-test:debian" } });
    await project.upChangesNothing();
  });

  // What a container's user puts in place of its files: neither root in a container nor the machine
  // may run, follow, show or wait for it, and no container speaks for another one.
  describe("with a container's user that means harm", () => {
    const image = "redis-ha-test:debian";
    const forged = [
      ...[
        "server.sentinel2 /bin/forged",
        "version.sentinel2 forged",
        "instance.sentinel2 forged",
        "populated.node9 forged",
        "endpoint.sentinel2 forged",
      ],
      ...[
        "leader.redis-ha forged",
        "verified.redis-ha forged",
        "unverified.redis-ha forged",
        "refused.place forged",
        "refused.engine forged",
        "kept forged",
        "scripts forged",
      ],
      ...[
        "keys.redis1 forged",
        "server.sentinel1.x forged",
        "\u001b[2J\u0007forged",
        "forged\rserver.sentinel2 forged",
      ],
    ].join("\n");
    const canary = `[ "$(id -u)" != 0 ] || { echo ran-as-""root; touch /redis-ha/canary; }; touch ${sandbox}/canary 2>/dev/null`;
    const kinds = {
      "a script": `printf '%s\n' "$script" >"$at"`,
      "a link to root's file": 'ln -s /etc/shadow "$at"',
      "a link to root's directory": 'ln -s /etc "$at"',
      "a FIFO": 'mkfifo "$at"',
      "lines of an answer": `printf '%s\n' "$forged" >"$at"`,
    };
    const inside = [
      "parameters",
      "settings.conf",
      "masters.conf",
      "instance",
      "pid",
      "verified",
      "created",
      "loaded",
      "first",
      "log",
    ];
    const hostOf = (name: string) => `/redis-ha/redis${name.at(-1)}`;
    const files = (name: string) => [
      ...[
        "host.sh",
        "lifecycle.sh",
        ".files",
        ".pulumi-redis-ha",
        ".pulumi-redis-ha.new",
        "host.sh.new",
      ],
      ...[
        ...inside,
        ...inside.map((each) => `${each}.new`),
        "parameters.next",
        ".pulumi-redis-ha",
      ].map((file) => `${name}/${file}`),
      ...[`${name}.supervisor`, `${name}.held`, `${name}.wanted`],
    ];
    /** As the container's own user, whether the container runs or not. */
    const inVolume = (name: string, text: string, user = "999:999") =>
      engine.docker(
        ...[
          "run",
          "--rm",
          "--network",
          "none",
          "--read-only",
          "--user",
          user,
          "--volumes-from",
          container(name),
        ],
        ...[
          "-e",
          `script=${canary}\nprintf '%s\\n' "$forged"; forged='${forged}'; printf '%s\\n' "$forged"`,
          "-e",
          `forged=${forged}`,
        ],
        ...["--entrypoint", "sh", image, "-c", `cd ${hostOf(name)} && ${text}`],
      );
    const plant = (name: string, kind: keyof typeof kinds, places = files(name)) =>
      inVolume(
        name,
        `for at in ${places.join(" ")}; do rm -rf "$at"; ${kinds[kind]} || exit 1; done`,
      );
    const keep = (name: string) => inVolume(name, `rm -rf ../kept && cp -a . ../kept`);
    const putBack = (name: string) =>
      inVolume(
        name,
        `for at in ${files(name).join(" ")}; do rm -rf "$at"; [ ! -e "../kept/$at" ] || cp -a "../kept/$at" "$at"; done`,
      );

    const label = (key: string) =>
      inspect("node1", `{{index .Config.Labels "pulumi-redis-ha.${key}"}}`);
    /** What a look says of sentinel1, whose user it is, and of sentinel2, which is well. */
    const look = async () => {
      const [deployment, name, stack] = [
        await label("deployment"),
        await label("name"),
        await label("stack"),
      ];
      const whose = assignments({
        deployment,
        project: await label("project"),
        stack,
        component: name,
        network: "none-such",
        adopted: [],
      });
      const asked = ["sentinel1", "sentinel2"].map(
        (each) =>
          `add_container ${each} ${container(each)} ${image} ${hostOf(each)}/${each} ${hostOf(each)}/lifecycle.sh redis-server\n`,
      );
      const check = `add_check redis-ha ${container("sentinel2")} ${hostOf("sentinel2")}/sentinel2 ${hostOf("sentinel2")}/lifecycle.sh\n`;
      const { stdout, status, signal } = spawnSync("sh", {
        input: `${assignments({ engine: `docker -H ${engine.host}`, look: `deployment=${quote(deployment)}\n${scriptText("look.sh")}` })}${whose}${scriptText("look-docker.sh")}add_image ${image} 0\n${asked.join("")}${check}look_all\n`,
        encoding: "latin1",
        timeout: 150_000,
      });
      assert.deepEqual([status, signal], [0, null], `the look never ended: ${stdout}`);
      // The parts of a list are parted by a control character: by the look, not by whom it asked.
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => (/^(members|known) /.test(line) ? line.replaceAll("\u001f", "|") : line));
      // An image is asked for all that are to run it, be it that some answer for themselves.
      return [...new Set(lines)];
    };
    const harmless = async (output: string, what: string) => {
      assert.doesNotMatch(output, /ran-as-root|root:[*!]/, `${what}: ${output}`);
      // eslint-disable-next-line no-control-regex -- these are what is looked for
      assert.doesNotMatch(output, /[\x00-\x08\x0b-\x1f\x7f]/, `${what}: ${JSON.stringify(output)}`);
      assert.equal(
        await inVolume("sentinel1", "find /redis-ha -name canary 2>/dev/null || :"),
        "",
        what,
      );
      assert.ok(!existsSync(`${sandbox}/canary`), what);
    };
    const harmlessLook = async (well: string[], what: string) => {
      const lines = await look();
      await harmless(lines.join("\n"), what);
      const others = (all: string[]) =>
        all.filter(
          (line) =>
            !/^((server|version|endpoint|program|instance|populated|known)\.sentinel1|(un)?verified\.redis-ha) /.test(
              line,
            ),
        );
      assert.deepEqual(others(lines).sort(), others(well).sort(), what);
      assert.doesNotMatch(lines.join("\n"), /verified\.redis-ha.*forged/, what);
      const keys = lines.map((line) => line.split(" ", 1)[0]);
      assert.deepEqual([...new Set(keys)], keys, what);
    };

    it("is looked at without harm, running and stopped", async () => {
      await keep("sentinel1");
      const well = await look();
      try {
        for (const how of ["running", "stopped"]) {
          if (how === "stopped") await engine.docker("stop", container("sentinel1"));
          for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
            await plant("sentinel1", kind);
            await harmlessLook(well, `${kind}, ${how}`);
          }
        }
      } finally {
        await putBack("sentinel1");
        await engine.docker("start", container("sentinel1"));
      }
      await project.healthy();
    });

    it("is mended by an up, or told; root gives it nothing beyond its volume; what is put back is as it was", async (t) => {
      const attempt = async (what: string) => {
        const { status, output } = await project.run("pulumi", "up", "--yes", "--skip-preview");
        await harmless(output, what);
        const state = await project.succeed("pulumi", "stack", "export");
        await harmless(state.output, what);
        return { status, output };
      };
      // The parent says only once, when its container starts, who it is.
      const mendable = (name: string) =>
        files(name).filter((file) => !file.endsWith(".supervisor"));
      for (const name of ["sentinel1", "sentinel2"]) await keep(name);
      for (const name of ["sentinel1", "sentinel2"]) await plant(name, "a script", mendable(name));
      const preview = await project.run("pulumi", "preview");
      await harmless(preview.output, "preview");
      const mended = await attempt("a script");
      t.diagnostic(`by itself: ${mended.status} ${mended.status === 0 ? "" : mended.output}`);
      for (const name of ["sentinel1", "sentinel2"]) await putBack(name);
      // A file nobody can see into, which root is asked to give to the user, and another volume in
      // place of the directory.
      await engine.docker(
        "exec",
        "-u",
        "0:0",
        container("sentinel1"),
        "sh",
        "-c",
        "mkdir /data/sentinel1 && : >/data/sentinel1/roots",
      );
      await inVolume(
        "sentinel1",
        "mkdir -m 000 ../closed && mv ../redis1 ../away && ln -s /data ../redis1",
      );
      const elsewhere = await attempt("another volume in place of the directory");
      assert.notEqual(elsewhere.status, 0, elsewhere.output);
      assert.equal(
        await engine.docker(
          "exec",
          container("sentinel1"),
          "stat",
          "-c",
          "%u",
          "/data/sentinel1",
          "/data/sentinel1/roots",
        ),
        "0\n0",
      );
      await inVolume(
        "sentinel1",
        "cd .. && rm redis1 && mv away redis1 && chmod 700 closed && rmdir closed",
      );
      for (const kind of ["a FIFO", "lines of an answer", "a link to root's file"] as const) {
        await plant("sentinel1", kind);
        await attempt(kind);
        await putBack("sentinel1");
      }
      const again = await attempt("put back");
      assert.equal(again.status, 0, again.output);
      await project.healthy();
      await project.upChangesNothing();
    });
  });

  it("does not replace a master that cannot hand over", async () => {
    const before = await idsOf();
    const now = nodeAt(await master());
    // With the sentinels' majority away nobody takes over, and without persistence nothing may be
    // restarted.
    await ask(await master(), "CONFIG", "SET", "appendonly", "no");
    await ask(await master(), "CONFIG", "SET", "save", "");
    for (const name of ["sentinel2", "sentinel3"]) await engine.docker("pause", container(name));
    configure({ docker: { user: "998:998" } });
    const { status, output } = await project.run("pulumi", "up", "--yes", "--skip-preview");
    for (const name of ["sentinel2", "sentinel3"]) await engine.docker("unpause", container(name));
    assert.notEqual(status, 0);
    assert.match(output, /refusing to stop: this master has no persistence/);
    assert.equal((await idsOf())[names.indexOf(now)], before[names.indexOf(now)]);
    await ask(await master(), "CONFIG", "SET", "appendonly", "yes");
  });

  it("gives the processes to another user, and what they have written with them", async () => {
    await Writers.during(sentinels, () => project.up());
    for (const name of names) {
      assert.equal(await inspect(name, "{{.Config.User}}"), "998:998");
      assert.equal(
        await engine.docker("exec", container(name), "find", "/redis-ha", "!", "-user", "998"),
        "",
      );
    }
    await project.upChangesNothing("--refresh");
  });

  it("comes back by itself after the engine was ended, with every write", async () => {
    const place = await master();
    for (let index = 0; index < 50; index++)
      await ask(place, "SET", `engine:${index}`, String(index));
    await ask(place, "WAIT", "2", "2000");
    await engine.stop();
    await engine.start();
    await eventually(
      "a master that takes writes",
      async () => (await ask(await master(), "SET", "again", "1")) === "OK",
      120,
    );
    const now = await master();
    for (let index = 0; index < 50; index++)
      assert.equal(await ask(now, "GET", `engine:${index}`), String(index));
    await project.healthy();
    await project.upChangesNothing();
  });

  it("keeps the volumes when it is told to, and finds the data in them again", async () => {
    const writers = new Writers(sentinels);
    await writers.more(500);
    const { acknowledged, lost } = await writers.stop();
    assert.deepEqual(lost, []);
    configure({ docker: { keepVolumes: true } });
    await project.up();
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview");
    assert.deepEqual(await engine.names("container"), []);
    assert.deepEqual(await engine.names("volume"), names.map(container).sort());
    await project.up();
    const [key = ""] = acknowledged;
    assert.equal(await ask(await master(), "GET", key), key);
    configure({ docker: { keepVolumes: false } });
    await project.up();
  });

  it("restarts nothing when stack, project and component get other names; after all six were killed its data is there", async () => {
    const started = () =>
      Promise.all(names.map((name) => inspect(name, "{{.Id}} {{.State.StartedAt}}")));
    const before = await started();
    const keys = Array.from({ length: 50 }, (_, index) => `renamed:${index}`);
    for (const key of keys) assert.equal(await ask(await master(), "SET", key, key), "OK");
    await renameAll(project);
    assert.deepEqual(await started(), before);
    await engine.docker("kill", ...names.map(container));
    await project.up();
    for (const key of keys) assert.equal(await ask(await master(), "GET", key), key);
    await project.upChangesNothing();
  });

  it("is destroyed without leaving a container, a network, a volume or a line in the hosts file", async () => {
    await project.succeed("pulumi", "destroy", "--yes", "--skip-preview");
    assert.deepEqual(
      await Promise.all(
        (["container", "volume", "network"] as const).map((kind) => engine.names(kind)),
      ),
      [[], [], []],
    );
    assert.equal(readFileSync("/etc/hosts", "utf8"), hostsBefore);
  });
});
