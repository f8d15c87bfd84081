import {
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { aptOf, cached, debianMirror, run } from "../servers.ts";
import type { Image } from "../images.ts";

/**
 * A machine: Debian with systemd and sshd, and without Redis, but with a repository of its own that
 * has it.
 */
export async function machineImage(say: (line: string) => void): Promise<Image> {
  const directory = await cached("image-machine", async (target) => {
    const root = join(target, "root");
    say("Making an image of Debian with systemd and sshd (debootstrap, a minute)");
    const packages = [
      "systemd",
      "systemd-sysv",
      "dbus",
      "openssh-server",
      "iproute2",
      "sudo",
      "nftables",
      "procps",
    ];
    await run(
      "debootstrap",
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      "bookworm",
      root,
      await debianMirror(),
    );
    for (const left of ["var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man"])
      rmSync(join(root, left), { recursive: true });
    for (const left of globSync(join(root, "{var/cache/apt/archives/*.deb,etc/ssh/ssh_host_*}")))
      rmSync(left);
    const apt = await aptOf(
      "bookworm",
      join(target, "apt"),
      readFileSync(join(root, "var/lib/dpkg/status"), "utf8"),
    );
    await apt("update");
    await apt(
      "install",
      "--download-only",
      "--yes",
      "--no-install-recommends",
      "redis-server",
      "redis-sentinel",
    );
    const repository = join(root, "srv/debian");
    mkdirSync(repository);
    const entries = await Promise.all(
      globSync(join(target, "apt", "archives", "*.deb")).map(async (archive) => {
        const name = basename(archive).replace("%3a", "-");
        const control = await run("dpkg-deb", "--field", archive);
        renameSync(archive, join(repository, name));
        const hash = createHash("sha256")
          .update(readFileSync(join(repository, name)))
          .digest("hex");
        return `${control}\nFilename: ./${name}\nSize: ${statSync(join(repository, name)).size}\nSHA256: ${hash}\n`;
      }),
    );
    writeFileSync(join(repository, "Packages"), entries.join("\n"));
    writeFileSync(join(root, "etc/apt/sources.list"), "deb [trusted=yes] file:/srv/debian ./\n");
    await run("tar", "-C", root, "--numeric-owner", "-cf", join(target, "root.tar"), ".");
    for (const left of [root, join(target, "apt")]) rmSync(left, { recursive: true });
  });
  return { name: "redis-ha-test:machine", archive: join(directory, "root.tar") };
}

/** The archive of a root whose packages are RPMs, of a repository that is empty yet. */
export async function rpmRoot(say: (line: string) => void): Promise<string> {
  const directory = await cached("root-rpm", async (target) => {
    const root = join(target, "root");
    say("Making a system with dnf (debootstrap, a minute)");
    await run(
      "debootstrap",
      "--variant=minbase",
      "--include=dnf,rpm,createrepo-c",
      "bookworm",
      root,
      await debianMirror(),
    );
    for (const left of ["var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man"])
      rmSync(join(root, left), { recursive: true });
    for (const left of globSync(join(root, "{var/cache/apt/archives/*.deb,usr/bin/apt-get}")))
      rmSync(left);
    mkdirSync(join(root, "etc/yum.repos.d"), { recursive: true });
    writeFileSync(
      join(root, "etc/yum.repos.d/own.repo"),
      "[own]\nname=own\nbaseurl=file:///srv/rpms\ngpgcheck=0\nenabled=1\n",
    );
    await run("tar", "-C", root, "--numeric-owner", "-cf", join(target, "root.tar"), ".");
    rmSync(root, { recursive: true });
  });
  return join(directory, "root.tar");
}

// What needs a network is made before the tests go into their sandbox, which has none.
if (import.meta.main) {
  await machineImage(console.log);
  await rpmRoot(console.log);
}
