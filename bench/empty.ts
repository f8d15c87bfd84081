import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { checkout, Project } from "../tests/support/project.ts";
import { medianOf, seconds } from "./figures.ts";

/** Commands that do nothing, below one component. */
const program = (count: number) => `import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
const parent = new pulumi.ComponentResource("bench:index:Empty", "empty");
for (let index = 0; index < ${count}; index++) new local.Command("empty" + index, { create: "true" }, { parent });
`;

const rounds = 5;

/**
 * An `up` that changes nothing, and one of a program that has as many resources and looks at
 * nothing; in turns, as a machine is not as fast at one moment as at another.
 *
 * @param of a stack that is there.
 * @returns s that each takes: medians.
 */
export async function againstEmpty(of: Project): Promise<{ unchanged: number; empty: number }> {
  const { output } = await of.succeed("pulumi", "stack", "export", "--stack", of.stack);
  const { deployment } = JSON.parse(output.slice(output.indexOf("{"))) as {
    deployment: { resources: unknown[] };
  };
  const project = new Project(
    {},
    {
      "package.json": '{ "type": "module" }',
      "Pulumi.yaml":
        "name: empty\nruntime:\n  name: nodejs\n  options: { typescript: false }\nmain: index.ts\n",
      "index.ts": program(deployment.resources.length - 2),
    },
  );
  try {
    symlinkSync(join(checkout, "node_modules"), join(project.directory, "node_modules"));
    await project.init();
    await project.up();
    const [unchanged, empty]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      unchanged.push(await seconds(() => of.upChangesNothing()));
      empty.push(await seconds(() => project.upChangesNothing()));
    }
    return { unchanged: medianOf(unchanged), empty: medianOf(empty) };
  } finally {
    await project.remove();
  }
}
