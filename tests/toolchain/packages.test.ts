import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installScript, MANAGERS } from "../../toolchain/managers.mjs";
import { byHand, missingRequirements, REQUIREMENTS } from "../../toolchain/packages.mjs";
import { program, scratch } from "./scratch.ts";
import type { TestContext } from "node:test";

test("without the rights the message has the exact command", () => {
  const { command } = installScript("dnf", ["redis", "ShellCheck"]);
  assert.match(
    byHand("a Redis or Valkey server", command),
    /\n {2}sudo dnf install -y redis ShellCheck$/,
  );
});

test("on Debian the service is kept from starting, with a policy that is removed again", () => {
  const { whole, command, note } = installScript("apt", ["redis-server"]);
  assert.match(whole, /exit 101/);
  assert.match(whole, /trap 'rm -f "\$policy"' EXIT/);
  assert.match(whole, /for service in redis-server; do/);
  assert.match(command, /^sudo sh -c 'apt-get update && apt-get install -y .* redis-server'\n/);
  assert.ok(note);
});

/**
 * Runs the whole of Debian's script with another root and other programs. @returns what was asked
 * of them, line by line
 */
function installOnDebian(
  t: TestContext,
  packages: string[],
  { there = [] as string[], exists = [] as string[], fails = false } = {},
): string[] {
  const root = scratch(t);
  const log = join(root, "log");
  for (const unit of ["usr/sbin/here", ...there]) program(join(root, unit));
  const units = ["docker.service", "docker.socket", "containerd.service", "ssh.service"];
  const install = units.map((unit) => `: > ${root}/lib/systemd/system/${unit}`).join("; ");
  program(join(root, "lib/systemd/system/other.service"));
  program(
    join(root, "bin/apt-get"),
    `echo apt-get "$@" >> ${log}; [ "$1" = update ] || { cat ${root}/usr/sbin/policy-rc.d >> ${log}; ${install}; exit ${fails ? 1 : 0}; }`,
  );
  program(
    join(root, "bin/apt-cache"),
    `case " ${exists.join(" ")} " in *" $2 "*) ;; *) exit 100;; esac`,
  );
  program(join(root, "bin/systemctl"), `echo systemctl "$@" >> ${log}`);
  const script = installScript("apt", packages).whole.replaceAll(
    /\/(usr\/sbin|lib\/systemd|etc\/init\.d)/g,
    `${root}/$1`,
  );
  const { status, stderr } = spawnSync("sh", ["-c", script], {
    env: { PATH: `${root}/bin:/usr/bin:/bin` },
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [fails ? 1 : 0, ""]);
  assert.equal(existsSync(join(root, "usr/sbin/policy-rc.d")), false, "the policy is gone");
  return readFileSync(log, "utf8").trim().split("\n");
}

test("on Debian nothing is started during the installation, and what is new is disabled after it", (t) => {
  const said = installOnDebian(t, ["docker.io", "openssh-server", "gawk"], {
    there: ["lib/systemd/system/containerd.service"],
  });
  assert.deepEqual(said, [
    "apt-get update",
    "apt-get install -y --no-install-recommends docker.io openssh-server gawk",
    "#!/bin/sh",
    "exit 101",
    "systemctl disable docker",
    "systemctl disable docker.socket",
    // containerd was there before, and ssh.socket is not there at all.
    "systemctl disable ssh",
  ]);
});

test("an installation that fails leaves no policy behind", (t) => {
  assert.equal(installOnDebian(t, ["docker.io"], { fails: true }).at(-1), "exit 101");
});

test("the docker client is a package of its own where Debian has one", (t) => {
  const install = "apt-get install -y --no-install-recommends";
  assert.ok(installOnDebian(t, ["docker-cli|docker.io"]).includes(`${install} docker.io`));
  assert.ok(
    installOnDebian(t, ["docker-cli|docker.io"], { exists: ["docker-cli"] }).includes(
      `${install} docker-cli`,
    ),
  );
});

test("a need is met by its programs, those of root among them", (t) => {
  const bin = scratch(t);
  const missing = (need: string) =>
    missingRequirements([need], { PATH: bin }).map(({ what }) => what);
  program(join(bin, "docker"));
  program(join(bin, "ssh"));
  assert.deepEqual([missing("docker"), missing("ssh")], [[], []]);
  for (const name of ["dockerd", "iptables", "sshd", "ip", "debootstrap", "nft"])
    program(join(bin, name));
  const hosts = /docker|iptables|ssh|^ip$|debootstrap|nft/;
  assert.deepEqual(
    missing("tests").filter((what) => hosts.test(what)),
    [],
  );
});

test("packages without a service need no policy", () => {
  assert.doesNotMatch(installScript("apt", ["shellcheck"]).whole, /policy/);
});

test("every requirement has packages for every package manager", () => {
  for (const requirement of Object.values(REQUIREMENTS).flat()) {
    for (const manager of MANAGERS)
      assert.ok(requirement.packages[manager].length, `${requirement.what}, ${manager}`);
  }
});
