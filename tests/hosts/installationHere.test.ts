import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { hostScripts } from "../../hosts/installation.ts";
import { installationHere } from "../../hosts/installationHere.ts";
import { scriptText } from "../../scripts/bundle.ts";

describe("scripts for the machine that runs Pulumi", () => {
  const { XDG_CACHE_HOME, HOME } = process.env;
  let home: string;
  const cache = () => join(home, ".cache", "pulumi-redis-ha", "scripts");
  const here = () => join(home, "it's here");

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redis-ha-here-"));
    delete process.env.XDG_CACHE_HOME;
    process.env.HOME = home;
  });
  afterEach(() => {
    process.env.HOME = HOME;
    if (XDG_CACHE_HOME !== undefined) process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
    rmSync(home, { recursive: true });
  });

  const install = (locate: string) =>
    execFileSync("sh", {
      input: `here='${here().replace("'", `'\\''`)}'\nmark='deployment 1'\n${locate}. "$scripts"\ninstallation\nput installed x\n`,
      stdio: ["pipe", "pipe", "pipe"],
      encoding: "utf8",
    });

  it("are put from a file of the user's cache, byte by byte", () => {
    const { locate, prepare } = installationHere(hostScripts) ?? assert.fail();
    prepare();
    install(locate);
    for (const script of hostScripts)
      assert.equal(readFileSync(join(here(), script), "utf8"), scriptText(script));
    assert.equal(readFileSync(join(here(), "installed"), "utf8"), "x");
  });

  it("are not put where the file is gone, and nothing is touched then", () => {
    const { locate } = installationHere(hostScripts) ?? assert.fail();
    assert.throws(() => install(locate), /is gone: each pulumi up makes it/);
    assert.equal(existsSync(here()), false);
  });

  it("a file that was changed is made again, and those of versions of long ago are removed", () => {
    const { prepare } = installationHere(hostScripts) ?? assert.fail();
    prepare();
    const [file = ""] = readdirSync(cache());
    const good = readFileSync(join(cache(), file), "utf8");
    writeFileSync(join(cache(), file), good.slice(1));
    for (const other of ["old", "new"]) writeFileSync(join(cache(), other), "");
    utimesSync(join(cache(), "old"), 0, 0);
    prepare();
    assert.equal(readFileSync(join(cache(), file), "utf8"), good);
    assert.deepEqual(readdirSync(cache()).sort(), [file, "new"].sort());
  });

  it("say the same to everybody, whose cache it may be", () => {
    const first = installationHere(hostScripts)?.locate;
    process.env.XDG_CACHE_HOME = join(home, "elsewhere");
    assert.equal(installationHere(hostScripts)?.locate, first);
    installationHere(hostScripts)?.prepare();
    assert.equal(readdirSync(join(home, "elsewhere", "pulumi-redis-ha", "scripts")).length, 1);
  });

  it("are in the text itself where somebody else could put others there, and nothing is made", () => {
    const found = () => installationHere(hostScripts) !== undefined;
    const caches = join(home, ".cache");
    assert.ok(found());
    assert.ok(!existsSync(caches));
    mkdirSync(caches);
    chmodSync(home, 0o755);
    chmodSync(caches, 0o775);
    assert.ok(!found(), "who is in its group can write there");
    chmodSync(caches, 0o1777);
    assert.ok(found(), "as in /tmp, each has only what is its own");
    chmodSync(caches, 0o775);
    chmodSync(home, 0o700);
    assert.ok(found(), "nobody else gets there");
    chmodSync(home, 0o755);
    chmodSync(caches, 0o755);
    assert.ok(found());
    symlinkSync(caches, join(home, "link"));
    process.env.XDG_CACHE_HOME = join(home, "link");
    assert.ok(found());
    if (process.getuid?.() !== 0) return;
    lchownSync(join(home, "link"), 65_534, 65_534);
    assert.ok(!found(), "another one's link");
    delete process.env.XDG_CACHE_HOME;
    for (const place of [caches, home]) {
      chownSync(place, 65_534, 65_534);
      assert.ok(!found(), "another one's home");
      chownSync(place, 0, 0);
    }
  });

  it("are in the text itself where there is no cache", () => {
    for (const none of ["relative", "/dev/null"]) {
      process.env.XDG_CACHE_HOME = none;
      assert.equal(installationHere(hostScripts), undefined);
    }
  });
});
