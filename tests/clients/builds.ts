import { createHash } from "node:crypto";
import {
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findGo } from "../../toolchain/go.mjs";
import { which } from "../../toolchain/programs.mjs";
import { cached, pipInstall, run } from "../support/servers.ts";

type Say = (line: string) => void;

const here = dirname(fileURLToPath(import.meta.url));
/** Goes up where a build below changes: what the cache has is made anew. */
const recipes = 1;
const page = join(here, "../../docs/clients.md");

/** A language's clients: how they are built, and which there are. */
export interface Language {
  /** Programs without which its clients are left out: any of each. */
  tools: string[];
  /**
   * Builds in a directory that has the committed files and those of docs/clients.md, and is moved
   * when it is done.
   */
  build: (directory: string) => Promise<unknown>;
  /** Client to what runs it, less the file for its acknowledged writes. */
  clients: (directory: string) => Record<string, string[]>;
}

const cargo = () =>
  which("cargo", process.env.PATH, [join(process.env.HOME ?? "", ".cargo/bin")]) ?? "cargo";

export const languages: Record<string, Language> = {
  python: {
    tools: ["python3"],
    build: async (directory) => {
      for (const [library, requirements] of [
        ["lib", "requirements.txt"],
        ["lib-zato", "requirements-zato.txt"],
      ] as const)
        await pipInstall(join(directory, library), join(directory, requirements), "--no-compile");
    },
    clients: (directory) => {
      const program = (name: string) => [
        "env",
        `PYTHONPATH=${join(directory, "lib")}`,
        "python3",
        join(directory, "write.py"),
        name,
      ];
      return Object.fromEntries(
        ["redis-py", "redis-py-asyncio", "django", "celery"].map((name) => [name, program(name)]),
      );
    },
  },
  node: {
    tools: ["node", "npm"],
    build: (directory) =>
      run("npm", "ci", "--prefix", directory, "--ignore-scripts", "--no-audit", "--no-fund"),
    clients: (directory) =>
      Object.fromEntries(
        ["ioredis", "node-redis"].map((name) => [
          name,
          ["node", join(directory, "write.mjs"), name],
        ]),
      ),
  },
  java: {
    tools: ["java", "javac", "mvn"],
    build: async (directory) => {
      const lib = join(directory, "lib");
      await run(
        "mvn",
        "-q",
        "-B",
        "-f",
        join(directory, "pom.xml"),
        "dependency:copy-dependencies",
        `-DoutputDirectory=${lib}`,
      );
      await run(
        "javac",
        "-cp",
        join(lib, "*"),
        "-d",
        join(directory, "classes"),
        ...globSync(join(directory, "src/*.java")),
      );
    },
    clients: (directory) => {
      // Three of these run beside all the others on two cores: little memory, no second compiler.
      const java = [
        "java",
        "-Xmx96m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        `${join(directory, "classes")}:${join(directory, "lib/*")}`,
      ];
      return Object.fromEntries(
        ["jedis", "lettuce", "spring"].map((name) => [name, [...java, "Write", name]]),
      );
    },
  },
  go: {
    tools: ["go"],
    build: (directory) => {
      const { program, env } = findGo(process.env);
      const variables = Object.entries(env).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${value}`],
      );
      return run(
        "env",
        ...variables,
        program,
        "build",
        "-C",
        directory,
        "-mod=readonly",
        "-buildvcs=false",
        "-o",
        "go-redis",
        ".",
      );
    },
    clients: (directory) => ({ "go-redis": [join(directory, "go-redis")] }),
  },
  rust: {
    tools: ["cargo"],
    build: async (directory) => {
      const target = join(directory, "target");
      await run(
        cargo(),
        "build",
        "-q",
        "--locked",
        "--manifest-path",
        join(directory, "Cargo.toml"),
        "--target-dir",
        target,
      );
      renameSync(join(target, "debug/clients"), join(directory, "redis-rs"));
      rmSync(target, { recursive: true });
    },
    clients: (directory) => ({ "redis-rs": [join(directory, "redis-rs")] }),
  },
};

/**
 * The files that docs/clients.md shows, by their path in this folder: a block's first line is its
 * language and that path.
 */
export function shownFiles(): Map<string, string> {
  const text = readFileSync(page, "utf8");
  return new Map(
    [...text.matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)].map(([, path = "", content = ""]) => [
      path,
      content,
    ]),
  );
}

/** A program of that language that is not on this machine. */
export function missingTool(language: string): string | undefined {
  const places: Record<string, string[]> = {
    go: ["/usr/local/go/bin"],
    cargo: [join(process.env.HOME ?? "", ".cargo/bin")],
  };
  return languages[language]?.tools.find(
    (tool) => !which(tool, process.env.PATH, places[tool] ?? []),
  );
}

/**
 * @returns the directory with the built clients of a language, out of the cache if nothing has
 * changed.
 */
export function built(name: string, say: Say): Promise<string> {
  const language = languages[name] as Language;
  const shown = [...shownFiles()].filter(([path]) => path.startsWith(`${name}/`));
  const files = new Map(shown.map(([path, content]) => [path.slice(name.length + 1), content]));
  if (files.size === 0) throw new Error(`docs/clients.md shows no file of ${name}`);
  const made = ["node_modules", "target"];
  const committed = globSync("**", {
    cwd: join(here, name),
    exclude: (file) => made.includes(file),
  }).filter((file) => statSync(join(here, name, file)).isFile());
  for (const file of committed) {
    if (files.has(file))
      throw new Error(`tests/clients/${name}/${file} is in docs/clients.md, too`);
    files.set(file, readFileSync(join(here, name, file), "utf8"));
  }
  const hash = createHash("sha256").update(JSON.stringify([recipes, ...[...files].sort()]));
  return cached(`clients-${name}-${hash.digest("hex").slice(0, 12)}`, async (target) => {
    say(`Getting and building the clients in ${name}`);
    for (const [file, content] of files) {
      mkdirSync(dirname(join(target, file)), { recursive: true });
      writeFileSync(join(target, file), content);
    }
    await language.build(target);
  });
}
