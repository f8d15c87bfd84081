import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findGo } from "../../../toolchain/go.mjs";
import { cached, pipInstall, run } from "../../support/servers.ts";

const here = dirname(fileURLToPath(import.meta.url));
const toolchain = join(here, "../../../toolchain");
/** Goes up where the build below changes: what the cache has is made anew. */
const recipe = 1;

/**
 * What Pulumi needs for programs in Python: its packages (`lib`), and programs (`bin`), the
 * language host among them, which is in the last release of the SDK's Go module that has one, and
 * `writeSdk`, which writes a package's SDK, as that host is too old to do.
 *
 * @returns the directory of both, out of the cache if nothing has changed.
 */
export function python(): Promise<string> {
  const texts = ["requirements.txt", "writeSdk/go.mod", "writeSdk/main.go"].map((file) =>
    readFileSync(join(here, file), "utf8"),
  );
  const hash = createHash("sha256").update(
    JSON.stringify([
      recipe,
      readFileSync(join(toolchain, "language-nodejs/go.mod"), "utf8"),
      ...texts,
    ]),
  );
  return cached(`python-${hash.digest("hex").slice(0, 12)}`, async (target) => {
    console.log("Getting and building what runs programs in Python");
    const bin = join(target, "bin");
    mkdirSync(bin);
    await pipInstall(join(target, "lib"), join(here, "requirements.txt"));
    const { program, env } = findGo(process.env);
    const variables = Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    const go = (...args: string[]) => run("env", ...variables, program, ...args);
    const host = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python";
    await go(
      "build",
      "-C",
      join(toolchain, "language-nodejs"),
      "-o",
      join(bin, "pulumi-language-python"),
      host,
    );
    await go("build", "-C", join(here, "writeSdk"), "-o", join(bin, "writeSdk"), ".");
    // The program that the host starts, of the same release as the packages.
    const sdk = await go(
      "list",
      "-C",
      join(here, "writeSdk"),
      "-m",
      "-f",
      "{{.Dir}}",
      "github.com/pulumi/pulumi/sdk/v3",
    );
    copyFileSync(
      join(sdk.trim(), "python/cmd/pulumi-language-python-exec"),
      join(bin, "pulumi-language-python-exec"),
    );
    chmodSync(join(bin, "pulumi-language-python-exec"), 0o755);
  });
}
