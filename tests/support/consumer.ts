import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as {
  name: string;
  version: string;
};

/**
 * Packs the package as npm would publish it, and unpacks it as an installation in `directory`
 * would.
 */
export function installPacked(directory: string): void {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", directory], {
    cwd: checkout,
    stdio: ["ignore", "ignore", "inherit"],
  });
  unpack(join(directory, `${manifest.name}-${manifest.version}.tgz`), directory);
}

/** Unpacks what npm packed, in place of what was installed in `directory`. */
export function unpack(packed: string, directory: string): void {
  const installed = join(directory, "node_modules", manifest.name);
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", packed, "-C", installed, "--strip-components=1"]);
}

/** How a program ended. */
export interface Ended {
  status: number;
  output: string;
}

/**
 * A directory of somebody else's, with the package installed and the checkout's own packages where
 * the package's peers belong.
 */
export class Consumer {
  readonly directory = mkdtempSync(join(tmpdir(), "redis-ha-package-"));

  /** @param packages what is installed besides. */
  constructor(
    packages: readonly string[] = [
      "@pulumi/pulumi",
      "@pulumi/command",
      "fflate",
      "handlebars",
      "@types/node",
    ],
  ) {
    try {
      installPacked(this.directory);
      for (const name of packages) this.link(name, checkout);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** @param from directory whose node_modules has the package. */
  link(name: string, from: string): void {
    const link = join(this.directory, "node_modules", name);
    rmSync(link, { force: true });
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(from, "node_modules", name), link);
  }

  write(files: Record<string, string>): void {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, file)), { recursive: true });
      writeFileSync(join(this.directory, file), content);
    }
  }

  run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(
        program,
        args,
        { cwd: this.directory, env: { ...process.env, NO_COLOR: "1", ...env } },
        (error, stdout, stderr) => {
          const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
          resolve({ status, output: stdout + stderr });
        },
      );
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
