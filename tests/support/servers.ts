import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { quote } from "../../hosts/shell.ts";

// An empty variable is as good as none.
const cache = join(
  [process.env.XDG_CACHE_HOME, join(homedir(), ".cache")].find(Boolean) ?? "",
  "pulumi-redis-ha",
  "servers",
);

/** A server and the client to go with it, as `serverBinary` and `cliBinary` want them. */
export interface Server {
  /** As `--version` says: `Redis 6.0.16`. */
  found: string;
  server: string;
  cli: string;
}

type Flavour = "redis" | "valkey";

/** Where a version comes from. */
type Source =
  | { kind: "machine" }
  | { kind: "debian"; suite: string; programs: Flavour[] }
  | { kind: "maven"; artifact: string; file: string };

/** It moves on: another minor version than the wanted one is a reason to skip, and to look here. */
const sid: Source = { kind: "debian", suite: "sid", programs: ["redis", "valkey"] };
const trixie: Source = { kind: "debian", suite: "trixie", programs: ["redis", "valkey"] };

/**
 * The versions of the matrix; the directory in the cache is named after the version or the suite.
 */
export const sources: Record<string, Source> = {
  "Redis 2.8.19": {
    kind: "maven",
    artifact: "it.ozimov:embedded-redis:0.7.3",
    file: "redis-server-2.8.19",
  },
  "Redis 6.0.16": { kind: "debian", suite: "bullseye", programs: ["redis"] },
  "Redis 7.0.15": { kind: "machine" },
  "Redis 8.0.2": trixie,
  "Redis 8.0.6": sid,
  "Valkey 8.1.1": trixie,
  "Valkey 9.1.2": sid,
};

/** A suite that moves has another version today. */
export class MovedOn extends Error {}

/** What is being fetched by this process: two versions of one suite are fetched once. */
const underWay = new Map<string, Promise<string>>();

/**
 * @param wanted a key of {@link sources}.
 * @param progress is told each step, and a patch level that is not the wanted one: suites move on.
 * @throws Error where it cannot be had, or is of another minor version ({@link MovedOn} in a suite
 * that moves).
 */
export async function server(wanted: string, progress: (line: string) => void): Promise<Server> {
  const source = sources[wanted];
  if (!source) throw new Error(`${wanted} is not one of ${Object.keys(sources).join(", ")}`);
  const flavour = wanted.split(" ")[0]?.toLowerCase() as Flavour;
  const programs = { server: `${flavour}-server`, cli: `${flavour}-cli` };
  if (source.kind === "debian") {
    const directory = await cached(source.suite, (target) => fromDebian(source, target, progress));
    programs.server = join(directory, programs.server);
    programs.cli = join(directory, programs.cli);
  } else if (source.kind === "maven") {
    const directory = await cached(source.file, (target) => fromMaven(source, target, progress));
    programs.server = join(directory, programs.server);
  }

  const said = await run(programs.server, "--version");
  const [, name, version] = /^(\w+) server v=([\d.]+)/.exec(said) ?? [];
  const found = `${name} ${version}`;
  const minor = (text: string) => text.replace(/\.\d+$/, "");
  if (found !== wanted) {
    if (minor(found) !== minor(wanted)) {
      const why = `${programs.server} should be ${wanted} but says: ${said}`;
      throw source === sid ? new MovedOn(why) : new Error(why);
    }
    progress(`${wanted}: what there is today is ${found}`);
  }
  await run(programs.cli, "--version");
  return { found, ...programs };
}

/**
 * @returns the directory `name` of the cache, filled by `fill` if it is not there; a half-filled
 * one is never seen.
 */
export function cached(name: string, fill: (target: string) => Promise<void>): Promise<string> {
  const directory = join(cache, name);
  const make = async () => {
    if (existsSync(directory)) return directory;
    mkdirSync(cache, { recursive: true });
    const target = mkdtempSync(join(cache, `.${name}.`));
    try {
      await fill(target);
      chmodSync(target, 0o755);
      renameSync(target, directory);
    } catch (error) {
      // Somebody else may have been quicker.
      if (!existsSync(directory)) throw error;
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
    return directory;
  };
  const promise = underWay.get(name) ?? make();
  underWay.set(name, promise);
  return promise;
}

/** The server out of a jar; its client is the machine's own. Needs mvn and unzip. */
async function fromMaven(
  { artifact, file }: Extract<Source, { kind: "maven" }>,
  target: string,
  progress: (line: string) => void,
): Promise<void> {
  progress(`${file}: getting ${artifact} with Maven`);
  const download = join(target, "download");
  await run(
    "mvn",
    "-q",
    "-B",
    "dependency:copy",
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${download}`,
  );
  await run("unzip", "-q", ...globSync(join(download, "*.jar")), file, "-d", target);
  renameSync(join(target, file), join(target, "redis-server"));
  chmodSync(join(target, "redis-server"), 0o755);
  rmSync(download, { recursive: true });
}

/**
 * Servers, clients and the libraries they need, out of the packages of another suite. Needs
 * Debian's apt and dpkg.
 */
async function fromDebian(
  { suite, programs }: Extract<Source, { kind: "debian" }>,
  target: string,
  progress: (line: string) => void,
): Promise<void> {
  const root = join(target, "root");
  const apt = await aptOf(suite, join(target, "apt"));
  progress(`${suite}: getting its list of packages`);
  await apt("update");
  progress(
    `${suite}: getting ${programs.map((each) => `${each}-server`).join(", ")} and what they depend on`,
  );
  await apt(
    "install",
    "--download-only",
    "--yes",
    "--no-install-recommends",
    ...programs.flatMap((each) => [`${each}-server`, `${each}-tools`]),
  );
  progress(`${suite}: taking out the servers and their libraries`);
  for (const archive of globSync(join(target, "apt", "archives", "*.deb")))
    await run("dpkg-deb", "--extract", archive, root);
  const taken = join(target, "lib");
  // Where they will be when the target has got its final name.
  const libraries = join(cache, suite, "lib");
  mkdirSync(taken);
  const [libc] = globSync(join(root, "{usr/,}lib/*/libc.so.6"));
  if (!libc) throw new Error(`${suite}: no C library among the packages`);
  const triplet = basename(dirname(libc));
  const [loader] = globSync(join(dirname(libc), "ld-linux*.so.*"));
  if (!loader) throw new Error(`${suite}: no program loader beside ${libc}`);
  const path = [join(root, "lib", triplet), join(root, "usr/lib", triplet)].join(":");
  // Names are resolved by libraries that no program lists; newer C libraries have that built in.
  const needed = new Set([loader, ...globSync(join(dirname(libc), "libnss_{files,dns}.so.2"))]);
  for (const program of programs.flatMap((each) => [`${each}-server`, `${each}-cli`])) {
    const file = join(root, "usr/bin", program);
    for (const [, library = ""] of (
      await run(loader, "--library-path", path, "--list", file)
    ).matchAll(/=> (\/\S+)/g))
      needed.add(library);
    copyFileSync(realpathSync(file), join(taken, program));
    writeFileSync(
      join(target, program),
      `#!/bin/sh\nlib=${quote(libraries)}\nexec "$lib/${basename(loader)}" --library-path "$lib" "$lib/${program}" "$@"\n`,
      { mode: 0o755 },
    );
  }
  for (const library of needed) copyFileSync(realpathSync(library), join(taken, basename(library)));
  for (const file of globSync(join(taken, "*"))) chmodSync(file, 0o755);
  rmSync(root, { recursive: true });
  rmSync(join(target, "apt"), { recursive: true });
}

/** @returns where this machine's apt gets Debian from. */
export async function debianMirror(): Promise<string> {
  const codename =
    /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "";
  const targets = await run(
    "apt-get",
    "indextargets",
    "--format",
    "$(RELEASE) $(COMPONENT) $(REPO_URI)",
    "Created-By: Packages",
  );
  const mirror = new RegExp(`^${codename} main (\\S+)$`, "m").exec(targets)?.[1];
  if (!mirror)
    throw new Error(
      `apt on this machine has no mirror of Debian "${codename}" main; it has:\n${targets}`,
    );
  return mirror;
}

/**
 * @param installed dpkg's status of the system to get packages for.
 * @returns apt-get for another suite, in a directory of its own, from the mirror that this
 * machine's apt uses.
 */
export async function aptOf(
  suite: string,
  directory: string,
  installed = "",
): Promise<(...args: string[]) => Promise<string>> {
  const mirror = await debianMirror();
  for (const each of ["lists/partial", "archives/partial"])
    mkdirSync(join(directory, each), { recursive: true });
  writeFileSync(join(directory, "status"), installed);
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(
    join(directory, "sources.list"),
    `deb ${existsSync(keyring) ? `[signed-by=${keyring}] ` : ""}${mirror} ${suite} main\n`,
  );
  const options = {
    "Dir::Etc::sourcelist": join(directory, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State": directory,
    "Dir::State::status": join(directory, "status"),
    "Dir::Cache": directory,
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (...args) => run("apt-get", "-q", ...flags, ...args);
}

/** Installs what a file of requirements lists, and nothing that is built here or on the way. */
export function pipInstall(target: string, requirements: string, ...options: string[]) {
  return run(
    "python3",
    ...["-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:", ...options],
    ...["--target", target, "-r", requirements],
  );
}

export async function run(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      maxBuffer: 64 << 20,
      env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    });
    return stdout.trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new Error(`${program} is not on this machine; the set-up installs it`, {
        cause: error,
      });
    throw error;
  }
}

// To fill the cache: node tests/support/servers.ts [VERSION...]
if (import.meta.main) {
  const named = process.argv.slice(2);
  for (const wanted of named.length > 0 ? named : Object.keys(sources)) {
    const { found, server: program } = await server(wanted, (line) => {
      console.log(line);
    });
    console.log(`${found}: ${program}`);
  }
}
