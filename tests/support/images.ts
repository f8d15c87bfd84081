import {
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cached, debianMirror, run } from "./servers.ts";

type Say = (line: string) => void;

/** An image's name and the archive of its root, in the cache. */
export interface Image {
  name: string;
  archive: string;
}

/**
 * Debian with its Redis: a C library, dash and GNU tools. Redis 8.0.2, or what the suite has today.
 */
export async function debianImage(say: Say): Promise<Image> {
  const directory = await cached("image-trixie", async (target) => {
    const root = join(target, "root");
    say("Making an image of Debian trixie with redis-server (debootstrap, a minute)");
    await run(
      "debootstrap",
      "--variant=minbase",
      "--include=redis-server,redis-tools",
      "trixie",
      root,
      await debianMirror(),
    );
    for (const left of globSync(join(root, "var/cache/apt/archives/*.deb"))) rmSync(left);
    for (const left of ["var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man"])
      rmSync(join(root, left), { recursive: true });
    await run("tar", "-C", root, "--numeric-owner", "-cf", join(target, "root.tar"), ".");
    rmSync(root, { recursive: true });
  });
  return { name: "redis-ha-test:debian", archive: join(directory, "root.tar") };
}

/** Nothing but busybox and this machine's own Redis with its libraries. */
export async function busyboxImage(directory: string): Promise<Image> {
  const root = join(directory, "busybox");
  for (const each of ["bin", "usr/bin", "etc", "tmp", "proc", "dev", "sys"])
    mkdirSync(join(root, each), { recursive: true });
  const path = (process.env.PATH ?? "").split(":");
  const find = (program: string) =>
    realpathSync(globSync(path.map((each) => join(each, program)))[0] ?? program);
  copyFileSync(find("busybox"), join(root, "bin/busybox"));
  for (const applet of (await run("busybox", "--list")).split("\n")) {
    if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  }
  // Names are resolved by libraries that no program lists.
  const needed = new Set(globSync("/{usr/,}lib/*/libnss_{files,dns}.so.2"));
  for (const program of ["redis-server", "redis-cli"]) {
    copyFileSync(find(program), join(root, "usr/bin", program));
    for (const [library] of (await run("ldd", find(program))).matchAll(/\/\S+\.so\S*/g))
      needed.add(library);
  }
  for (const library of needed) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, library));
  }
  writeFileSync(join(root, "etc/nsswitch.conf"), readFileSync("/etc/nsswitch.conf"));
  const archive = join(directory, "busybox.tar");
  await run("tar", "-C", root, "--numeric-owner", "-cf", archive, ".");
  return { name: "redis-ha-test:busybox", archive };
}

// What needs a network is made before the tests go into their sandbox, which has none.
if (import.meta.main) await debianImage(console.log);
