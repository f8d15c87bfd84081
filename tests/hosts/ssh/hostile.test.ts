import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Output } from "@pulumi/pulumi";
import { lifecycleParameters } from "../../../components/redis/lifecycleParameters.ts";
import { nodeConf, persistenceOf } from "../../../components/redis/nodeConf.ts";
import {
  featuresOf,
  parseServerVersion,
  type ServerVersion,
} from "../../../components/redis/version.ts";
import type { Host } from "../../../hosts/host.ts";
import { assignments, puts, quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";
import { sandbox } from "../../support/engine.ts";
import { run } from "../../support/ssh/machine.ts";
import { makeNetwork, NamespaceMachine } from "../../support/ssh/namespaces.ts";

// Whatever the servers' user puts in place of its files: root, who looks at them, changes, verifies
// and removes them, must not run, follow, show or wait for it. Root's entry points are called as a
// look and the resources call them.

const machine = new NamespaceMachine("hostile", 1);
const here = "/var/lib/redis-ha/p.s/redis1";
const own = `${here}/processes/node1`;
const secret = "only-root-may-know-this";
const port = 16_300;

/** In place of each file; the servers' user makes it. */
const kinds = {
  "a script": `printf 'if [ "$(id -u)" = 0 ]; then : >/var/lib/canary; fi\\n' >"$at"`,
  "a link to root's file": 'ln -s /var/lib/secret "$at"',
  "a link to root's directory": 'ln -s /var/lib/root "$at"',
  "a FIFO": 'mkfifo "$at"',
  "three gigabytes": 'truncate -s 3G "$at"',
  "lines of an answer": `printf 'a b\\nrefused.x injected\\nserver.x /bin/evil\\n\\033[2Jinstance.x forged\\nverified.x forged\\n' >"$at"`,
};
type Kind = keyof typeof kinds;

/** Below processes/, what of it is put in place at once. */
const inside = [
  "parameters",
  "settings.conf",
  "instance",
  "pid",
  "verified",
  "created",
  "loaded",
  "first",
  "log",
  "node.conf",
];
const groups: Record<string, readonly string[]> = {
  "every file of the process": inside.map((file) => `node1/${file}`),
  "what is beside its directory": [
    "node1.supervisor",
    "node1.held",
    "node1.wanted",
    "parameters",
    "machine.conf",
  ],
  "its lock": ["node1.lock"],
  "its lock's owner": ["node1.lock/owner"],
  "its directory": ["node1"],
};

/** What root does, as shell text. */
const entries = {
  look: "look",
  update: `root update node1 150 </var/lib/settings`,
  verify: "echo 'verified again' | root verify node1",
  stop: "root stop node1",
  start: "root start node1",
  kill: "root kill node1",
  edits: `printf 'FILE=/etc/hosts\\nOWNER=x\\nENTRIES=\\n' >/var/lib/edit; for each in apply remove; do $sh ${here}/host.sh $each hosts-entries.sh e </var/lib/edit; done; $sh ${here}/host.sh again hosts-entries.sh`,
  delete: "root delete node1",
  uninstall: "root uninstall",
};

/** Seconds after which a step of root's is told to be held up for ever. */
const waits = 40;

function settled<T>(output: Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

async function settings(instance: string): Promise<string> {
  const version = parseServerVersion(await run("redis-server", "--version")) as ServerVersion;
  const self = { name: "node1", host: "localhost", address: "127.0.0.1", port };
  const timeouts = { readySeconds: 10, stopSeconds: 5, verifySeconds: 1, outageSeconds: 60 };
  const members = {
    self,
    nodes: [self],
    sentinels: [],
    masterName: "redis-ha",
    initialMaster: "node1",
  };
  const parameters = await settled(
    lifecycleParameters(
      {
        ...members,
        kind: "node",
        server: "redis-server",
        cli: "redis-cli",
        timeouts,
        persistence: persistenceOf({}, false),
        minReplicas: 0,
      },
      featuresOf(version),
    ),
  );
  const host = { hostName: "localhost" } as Host;
  const place = {
    name: "node1",
    host,
    port,
    bind: "127.0.0.1",
    address: "127.0.0.1",
    directory: own,
    logFile: `${own}/log`,
    appendOnly: false,
    directives: {},
  };
  const text = nodeConf(place, version);
  return `instance=${quote(instance)}\n${puts({ parameters, "settings.conf": text })}`;
}

/** What every case begins with: functions, and a process that is well. */
function prelude(shell: string): string {
  const user = "redis-ha";
  const conf = assignments({ user, unit: "redis-ha-redis1-s", owner: "-hostile" });
  const names = ["host.sh", "lifecycle.sh", "hosts-entries.sh", "machine.sh", "shared.sh"];
  const scripts = Object.fromEntries([
    ...names.map((each) => [each, scriptText(each)]),
    ["machine.conf", conf],
  ]) as Record<string, string>;
  writeFileSync(
    join(machine.directory, "var", "install"),
    `here=${here} mark=${quote("deployment hostile\nproject p\nstack s\nname n")}\n${scriptText("install.sh")}${puts(scripts)}sh ${here}/machine.sh prepare\n`,
  );
  const place = `${own} ${here}/lifecycle.sh ${here}/settings/node1 ${user}`;
  writeFileSync(
    join(machine.directory, "var", "look"),
    `deployment=hostile\n${scriptText("look.sh")}look_machine ${here}\nlook_instance node1 ${place} &\nlook_check redis-ha ${place} &\nwait\n`,
  );
  const plant = Object.entries(kinds).map(([kind, text]) => `${quote(kind)}) ${text} ;;\n`);
  writeFileSync(
    join(machine.directory, "var", "plant"),
    `kind=$1\nshift\nfor each in "$@"; do\nat=${here}/processes/$each\nmkdir -p "\${at%/*}"\nrm -rf "$at"\ncase $kind in\n${plant.join("")}esac\ndone\n`,
  );
  return `sh=${quote(shell)}
    root() { $sh ${here}/machine.sh "$@"; }
    look() { $sh -s </var/lib/look; }
    # The record of a verification, wherever that is: without one there is nothing to check.
    made() { $sh /var/lib/install && root create node1 150 </var/lib/settings && for each in ${here}/settings/node1 ${own}; do [ ! -d "$each" ] || echo once >"$each/verified"; done; }
    well() { [ "$(redis-cli -p ${port} PING 2>/dev/null)" = PONG ] && [ -d ${own} ]; }
    clean() {
      redis-cli -p ${port} SHUTDOWN NOSAVE >/dev/null 2>&1
      rm -rf ${here}/processes ${here}/settings /var/lib/canary
      made >/dev/null
    }
    plant() { su -s /bin/sh ${user} -c 'exec sh /var/lib/plant "$@"' sh "$@" 2>/dev/null; }
    trusted() { find ${here} -path ${here}/processes -prune -o ! -path '*/verified' ! -path '*/verified.new' ! -path '*/edits*' -printf '%p %u %m\\n' | sort; ls -lnR /var/lib/root /var/lib/secret /etc/shadow /etc/hosts /etc/cron.d; cat /var/lib/secret /var/lib/root/*; }
  `;
}

interface Outcome {
  entry: string;
  status: number;
  output: string;
  /** What is wrong with what is root's, in words. */
  after: string;
}

/** Runs entry points with that in place of the file; each finds it in place. */
async function outcomes(
  shell: string,
  planted: readonly string[],
  kind: Kind,
  names: readonly (keyof typeof entries)[],
): Promise<Outcome[]> {
  const text = names.map(
    (entry) => `well || clean
      plant ${quote(kind)} ${planted.join(" ")}
      before=$(trusted)
      (${entries[entry]}) >/var/lib/output 2>&1 & step=$!
      (sleep ${waits}; kill -KILL $step 2>/dev/null && : >/var/lib/hung) >/dev/null 2>&1 & guard=$!
      wait $step; status=$?; kill $guard 2>/dev/null; wait $guard 2>/dev/null
      printf '=== %s %s\\n' ${entry} $status; head -c 300000 /var/lib/output; echo
      printf '=== after\\n'
      [ ! -e /var/lib/canary ] || echo 'root ran it'
      [ ! -e /var/lib/hung ] || echo 'it never ended'
      ${entry === "uninstall" ? "" : `left() { printf '%s\\n' "$1" | grep -v ${entry === "delete" ? "/settings/node1" : "none"}; }; left "$before" >/var/lib/before; left "$(trusted)" | diff /var/lib/before - || echo "what is root's has changed"`}
      rm -rf /var/lib/hung /var/lib/canary; plant nothing ${planted.join(" ")}`,
  );
  const said = await runInside(`${prelude(shell)}\nclean\n${text.join("\n")}\nclean`);
  const parts = said.split(/^=== (?:after\n)?/m).slice(1);
  return names.map((entry, index) => {
    const [head = "", ...output] = (parts[2 * index] ?? "").split("\n");
    assert.equal(head.split(" ")[0], entry, said.slice(-2000));
    return {
      entry,
      status: Number(head.split(" ")[1]),
      output: output.join("\n"),
      after: (parts[2 * index + 1] ?? "").trim(),
    };
  });
}

/** Shell text as root on the machine; latin1: a byte is a character. */
function runInside(text: string): Promise<string> {
  writeFileSync(join(machine.directory, "var", "case"), text);
  return new Promise((resolve, reject) => {
    execFile(
      "nsenter",
      [...machine.inside, "sh", "/var/lib/case"],
      { maxBuffer: 256 << 20, encoding: "latin1" },
      (error, stdout, stderr) => {
        if (error?.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
          reject(new Error("it said more than 256 MiB"));
        else resolve(stdout + (error ? `\n${stderr}` : ""));
      },
    );
  });
}

function assertHarmless({ entry, status, output, after }: Outcome): void {
  const what = `${entry} (${status}): ${output.slice(0, 2000)}\n${after}`;
  assert.equal(after, "", what);
  assert.ok(!output.includes(secret), what);
  assert.ok(output.length < 200_000, `${entry} said ${output.length} bytes`);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(output, /[\x00-\x08\x0b-\x1f\x7f]/, what);
  if (entry !== "look") return;
  const keys = output
    .trim()
    .split("\n")
    .map((line) => line.split(" ", 1)[0] ?? "");
  assert.deepEqual([...new Set(keys)], keys, what);
  for (const key of keys)
    assert.match(
      key,
      /^(directory|space_kib|populated\.node1|endpoint\.node1|program\.node1|instance\.node1|leader\.redis-ha|verified\.redis-ha|unverified\.redis-ha)$/,
      what,
    );
  assert.match(output, new RegExp(`^endpoint\\.node1 localhost:${port}$`, "m"), what);
  assert.doesNotMatch(output, /forged|evil|injected/, what);
}

describe("a servers' user that means harm", { timeout: 2_400_000 }, () => {
  const shells: Record<string, string> = { dash: "dash" };

  before(async () => {
    await makeNetwork();
    await machine.make();
    const applets = (await run("busybox", "--list")).split("\n");
    const bin = join(machine.directory, "var", "busybox");
    mkdirSync(bin);
    for (const applet of applets) symlinkSync("/usr/bin/busybox", join(bin, applet));
    for (const program of ["redis-server", "redis-cli"])
      symlinkSync(await run("sh", "-c", `command -v ${program}`), join(bin, program));
    shells.busybox = "env PATH=/var/lib/busybox sh";
    await machine.run(
      `chmod 755 ${sandbox} ${machine.directory}; printf '%s\\n' ${secret} >/var/lib/secret; chmod 600 /var/lib/secret; mkdir -m 700 /var/lib/root; echo precious >/var/lib/root/pid; echo precious >/var/lib/root/parameters`,
    );
    writeFileSync(join(machine.directory, "var", "settings"), await settings("an instance"));
  });
  after(async () => {
    await machine.off();
  });

  describe("as_user", () => {
    const asUser = (words: string) =>
      runInside(`LC_ALL=C; export LC_ALL; export PASSPHRASE=known; user=nobody as_limit=5\n${/^as_user\(\)[^]*?^plain\(\).*$/m.exec(scriptText("machine.sh"))?.[0]}
        cd /; ${words}; echo "status $?"`);
    for (const [what, words, said] of [
      [
        "words stay what they are",
        `as_user printf '%s|' 'a b' "c'd" '$(id)' '' 'e\nf' '*'`,
        /^a b\|c'd\|\$\(id\)\|\|e\nf\|\*\|status 0$/,
      ],
      [
        "that user, with nothing of root's environment",
        "as_user sh -c 'id -un; env'",
        /^nobody\n(?![^]*PASSPHRASE)[^]*status 0$/,
      ],
      [
        "who keeps its output open holds nobody up",
        "as_user sh -c 'sleep 300 & echo said'; as_user sh -c 'kill $(pidof sleep)'",
        /^said\nstatus 0$/,
      ],
      ["what never ends is ended", "as_user sleep 300", /no end within 5 s\nstatus 124$/],
      [
        "ten megabytes are cut",
        "as_user sh -c 'yes | head -c 10000000' | wc -c",
        /^65536\nstatus 0$/,
      ],
      [
        "control characters are left out",
        `as_user printf 'a\\033[2Jb\\302\\233c\\rd\\n'`,
        /^a\[2Jbcd\nstatus 0$/,
      ],
      ["its status is told", "as_user sh -c 'exit 7'", /^status 7$/],
    ] as const) {
      it(what, async () => {
        assert.match((await asUser(`{ ${words}; } 2>&1`)).trim(), said);
      });
    }
  });

  it("a user that still runs something is not removed, and root says so; afterwards it is", async () => {
    const said = await runInside(`${prelude("dash")}
      clean; su -s /bin/sh redis-ha -c 'sleep 300 >/dev/null 2>&1 & echo $! >/tmp/sleeping'
      root uninstall 2>&1; echo "status $?"; id -un redis-ha; kill $(cat /tmp/sleeping); rm /tmp/sleeping
      root uninstall 2>&1; echo "status $?"; id redis-ha 2>&1; ls ${here} /var/lib/pulumi-redis-ha 2>&1`);
    assert.match(
      said,
      /the user redis-ha, which was made for the servers, cannot be removed: .*used by process[^]*\nstatus 1\nredis-ha\n[^]*status 0\nid: .*no such user\nls: [^]*No such file[^]*No such file/,
    );
  });

  it("a number that a process has, be it one in a container, is not that of the new user", async () => {
    const said = await runInside(`${prelude("dash")}
      setpriv --reuid 899 --regid 898 --clear-groups sleep 300 >/dev/null 2>&1 & other=$!
      root uninstall >/dev/null 2>&1; clean; id -u redis-ha; id -g redis-ha; kill $other; root uninstall`);
    assert.match(said, /^897\n897\n/);
  });

  it("an archive without a server, or with one that can't run, is refused with the reason; nothing is put in place", async () => {
    const packages = (words: string) =>
      runInside(`cd /root 2>/dev/null || cd /var/lib; rm -rf a && mkdir a && cd a
        { echo "action=install owner=x packages=0 version= tarball=it.tar bin=/var/lib/got/redis1/redis/bin servers=/none"; cat <<'END'
${scriptText("shared.sh")}${scriptText("packages.sh")}
END
        } >script; ${words}; sh -s <script 2>&1; echo "status $?"; ls /var/lib/got 2>&1; cd ..; rm -rf a`);
    for (const [words, said] of [
      [
        "echo x >README; tar -cf it.tar README",
        /^ssh\.redisTarball holds neither redis-server nor valkey-server, but: README \nstatus 1\n/,
      ],
      [
        "cp $(command -v redis-server) redis-server; tar -cf it.tar redis-server",
        /^ssh\.redisTarball holds neither redis-cli nor valkey-cli, but: redis-server \nstatus 1\n/,
      ],
      [
        "printf '#!/none\\n' >redis-server; tar -cf it.tar redis-server",
        /^ssh\.redisTarball: its redis-server does not run on this machine: .*not found\nstatus 1\n/,
      ],
      ["echo x >it.tar", /^ssh\.redisTarball cannot be unpacked: [^]*\nstatus 1\n/],
    ] as const)
      assert.match(await packages(words), new RegExp(`${said.source}ls: .*No such file`), words);
  });

  it("a directory in which others could put root's scripts is refused", async () => {
    const look = `${scriptText("look.sh")}for each in /var/lib/redis-ha/new /tmp/new /var/lib/shared/new /var/lib/theirs/a /var/lib/link/a /tmp/roots/a; do echo "$each: $(look_machine $each | grep refused)"; done\n`;
    writeFileSync(join(machine.directory, "var", "parents"), look);
    const said = await runInside(
      "cd /var/lib; mkdir -p shared theirs /tmp/roots; chmod 1777 /tmp; chmod 777 shared; chown 65534 theirs; ln -sfn theirs link; sh -s </var/lib/parents; rm -r shared theirs link /tmp/roots",
    );
    assert.equal(
      said.trim(),
      `/var/lib/redis-ha/new: \n/tmp/new: refused.parents others may write in /tmp\n/var/lib/shared/new: refused.parents others may write in /var/lib/shared\n/var/lib/theirs/a: refused.parents /var/lib/theirs is another user's\n/var/lib/link/a: refused.parents /var/lib/theirs is another user's\n/tmp/roots/a:`,
    );
  });

  const listed = Object.keys(entries) as (keyof typeof entries)[];
  const locking = ["update", "stop", "delete", "uninstall"] as const;
  const cases = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    Object.entries(groups).map(([group, planted]) => ({ kind, group, planted })),
  );
  for (const [index, { kind, group, planted }] of cases.entries()) {
    // `npm run soak` has all in both.
    const turns =
      process.env.ROUNDS === undefined ? [index % 2 ? "busybox" : "dash"] : ["dash", "busybox"];
    for (const shell of turns) {
      it(`${kind} in place of ${group}, ${shell}`, async () => {
        const touching = group.startsWith("its lock") ? locking : listed;
        for (const each of await outcomes(shells[shell] ?? "", planted, kind, touching))
          assertHarmless(each);
      });
    }
  }
  // Of several, the first one is where a step ends.
  for (const kind of ["a FIFO", "three gigabytes"] as const) {
    for (const file of inside) {
      it(`${kind} in place of ${file}`, async () => {
        for (const each of await outcomes("dash", [`node1/${file}`], kind, ["look", "update"]))
          assertHarmless(each);
      });
    }
  }
});
