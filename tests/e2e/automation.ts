import { createInterface } from "node:readline";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { RedisHa, type RedisHaArgs } from "../../components/index.ts";

/** What one `up` is to have: a RedisHa a name; with `caught`, the program goes on where one is refused. */
export interface Step {
  components: Record<string, RedisHaArgs>;
  caught?: boolean;
}

// One process for all steps, as a service that embeds Pulumi: a line of JSON in is a step, a line of JSON out its end.
for await (const line of createInterface({ input: process.stdin })) {
  const { components, caught = false } = JSON.parse(line) as Step;
  const program = () => {
    for (const [name, args] of Object.entries(components)) {
      try {
        new RedisHa(name, args);
      } catch (error) {
        if (!caught) throw error;
      }
    }
    return Promise.resolve({});
  };
  let said = "";
  const onOutput = (text: string) => (said += text);
  const ended = await LocalWorkspace.createOrSelectStack({ stackName: "test", projectName: "embedded", program }, { workDir: process.cwd() })
    .then((stack) => stack.up({ onOutput }))
    .then(({ summary }) => ({ changes: summary.resourceChanges ?? {} }))
    .catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify({ ...ended, said })}\n`);
}
