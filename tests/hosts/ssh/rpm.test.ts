import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { assignments } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";
import { sandbox } from "../../support/engine.ts";
import { rpmRoot } from "../../support/ssh/image.ts";
import { run, sh } from "../../support/ssh/machine.ts";

const spec = `Name: redis
Version: %{v}
Release: 1
Summary: a server
License: BSD
AutoReqProv: no
%description
A server.
%install
mkdir -p %{buildroot}/usr/bin
cp /srv/redis-server /srv/redis-cli %{buildroot}/usr/bin
%files
/usr/bin/*
`;

describe("packages.sh on a system with dnf", { timeout: 2_400_000 }, () => {
  const root = join(sandbox, "root");
  const inside = (text: string) => run("chroot", root, "sh", "-c", text);
  const packages = (action: string, version = "") => {
    const settings = {
      action,
      owner: "a",
      packages: true,
      version,
      servers: "redis-server valkey-server",
    };
    writeFileSync(
      join(root, "script"),
      `${assignments(settings)}${scriptText("shared.sh")}${scriptText("packages.sh")}`,
    );
    return inside("sh /script 2>&1 || echo status $?");
  };
  const installed = () => inside("rpm -qa 2>/dev/null");
  const traces = () => inside("ls /var/lib/pulumi-redis-ha /usr/bin/redis-* 2>/dev/null || true");

  before(async () => {
    mkdirSync(root);
    await run("tar", "-C", root, "-xf", await rpmRoot(console.log));
    writeFileSync(join(root, "srv/spec"), spec);
    // The server of the machine that runs the tests, under two versions, with its libraries beside
    // them.
    await sh(`mount -t proc proc ${root}/proc; for each in redis-server redis-cli; do cp -L "$(command -v $each)" ${root}/srv/; done
      ldd ${root}/srv/redis-* | awk '/=> \\//{ print $3 }' | sort -u | while read -r each; do [ -e "${root}$each" ] || cp -L "$each" ${root}/usr/lib/; done
      chroot ${root} ldconfig`);
    await inside(`mkdir /srv/rpms; for v in 6.2.1 7.0.15; do
        rpmbuild -bb --define "v $v" --define '_topdir /srv/build' --define '_rpmdir /srv/rpms' --define '__strip /bin/true' /srv/spec >/srv/log 2>&1 || { cat /srv/log >&2; exit 1; }
      done; createrepo_c -q /srv/rpms`);
  });

  it("installs what there is, and takes it away again", async () => {
    assert.match(await packages("install"), /^server redis-server\nversion Redis server v=/);
    assert.equal(await installed(), "redis-7.0.15-1.x86_64");
    assert.match(await packages("install"), /^server redis-server/);
    assert.equal(await packages("remove"), "");
    assert.deepEqual([await installed(), await traces()], ["", ""]);
  });

  it("installs the version that is asked for, or that begins so", async () => {
    for (const version of ["6.2.1", "6.2", "6.2.1-1"]) {
      assert.match(await packages("install", version), /^server redis-server/);
      assert.equal(await installed(), "redis-6.2.1-1.x86_64");
      assert.equal(await packages("remove"), "");
    }
  });

  it("refuses a version that no repository has, says which there are, and leaves nothing", async () => {
    assert.match(
      await packages("install", "9.9"),
      /ssh\.redisVersion: there is no redis 9\.9 in this machine's repositories, but 6\.2\.1-1 7\.0\.15-1 \nstatus 1/,
    );
    await packages("remove");
    assert.deepEqual([await installed(), await traces()], ["", ""]);
  });

  it("leaves what was there before", async () => {
    await inside("dnf install -y redis >/dev/null 2>&1");
    assert.match(await packages("install"), /^server redis-server/);
    assert.equal(await packages("remove"), "");
    assert.equal(await installed(), "redis-7.0.15-1.x86_64");
  });
});
