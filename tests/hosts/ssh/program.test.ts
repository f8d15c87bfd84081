import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { checkout, Project } from "../../support/project.ts";
import { told, tryMade } from "../../support/ssh/made.ts";
import { makeNetwork } from "../../support/ssh/namespaces.ts";

const program = readFileSync(join(import.meta.dirname, "program", "index.ts"), "utf8").replace(
  "../../../..",
  checkout,
);

describe(
  "a program of somebody else's makes its machines in the same update",
  { timeout: 2_400_000 },
  () => {
    const project = new Project(told, {
      "package.json": '{ "type": "module" }',
      "Pulumi.yaml": "name: pulumi-redis-ha\nruntime: nodejs\nmain: index.ts\n",
      "index.ts": program,
    });
    tryMade(project, async () => {
      await makeNetwork();
      symlinkSync(join(checkout, "node_modules"), join(project.directory, "node_modules"));
    });
  },
);
