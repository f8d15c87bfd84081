import { copyFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cached, run } from "../support/servers.ts";

const here = join(dirname(fileURLToPath(import.meta.url)), "oldest");

/**
 * Package to the oldest version that is tested: what package.json's peerDependencies begin with.
 */
export const oldest = (
  JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  }
).dependencies;

/**
 * @returns a directory whose node_modules has the oldest versions that the package's peer ranges
 * allow; fetched once.
 */
export function oldestPeers(): Promise<string> {
  const versions = Object.values(oldest).join("-");
  return cached(`oldest-peers-${versions}`, async (target) => {
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(here, file), join(target, file));
    await run("npm", "ci", "--prefix", target, "--ignore-scripts", "--no-audit", "--no-fund");
  });
}
