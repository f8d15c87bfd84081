import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, type Project } from "../support/project.ts";

const program = `import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from ${JSON.stringify(join(checkout, "components", "redisHa.ts"))};
import { readConfig } from ${JSON.stringify(join(checkout, "config.ts"))};
class Platform extends pulumi.ComponentResource {}
const parent = new Platform("test:index:Platform", "platform");
const aliases = [{ name: "redis-ha", parent: pulumi.rootStackResource }];
const redis = new RedisHa("sessions", readConfig(), { parent, aliases });
export const { sentinels, redisSentinels, masterName, nodes, kvdbStanza, hosts, containerHosts, limitations } = redis;
`;

/**
 * Gives all that this checkout's program is known by another name: its stack, its project and, with
 * an alias, its component, which is put below another one; then has it brought up.
 *
 * @throws AssertionError where that is more than the creation of that other component.
 */
export async function renameAll(project: Project): Promise<void> {
  await project.rename("organization/renamed/other");
  const projectFile = readFileSync(join(checkout, "Pulumi.yaml"), "utf8")
    .replace(/^name: .*$/m, "name: renamed")
    // What starts this checkout's program is not of this one.
    .replace(/^main: .*$/m, "main: index.ts");
  for (const [name, content] of Object.entries({
    "Pulumi.yaml": projectFile,
    "index.ts": program,
  })) {
    // A link to this checkout's.
    rmSync(join(project.directory, name));
    writeFileSync(join(project.directory, name), content);
  }
  const { output } = await project.up("--diff");
  assert.match(output, /^Resources:\n +\+ 1 created\n +\d+ unchanged$/m, output);
}
