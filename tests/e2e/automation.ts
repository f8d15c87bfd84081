import { createInterface } from "node:readline";
import { local } from "@pulumi/command";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { RedisHa, type RedisHaArgs } from "../../components/index.ts";
import { readConfig } from "../../config.ts";

/**
 * What one `up` is to have: a RedisHa a name; with `caught`, the program goes on where one is
 * refused; with `seconds`, a command of the same program says what some of their settings are; with
 * `config`, the stack's configuration does; with `preview`, it is only shown.
 */
export interface Step {
  components: Record<string, RedisHaArgs>;
  caught?: boolean;
  seconds?: string;
  config?: Record<string, string>;
  preview?: boolean;
}

// One process for all steps, as a service that embeds Pulumi: a line of JSON in is a step, a line
// of JSON out its end.
for await (const line of createInterface({ input: process.stdin })) {
  const {
    components,
    caught = false,
    seconds,
    config = {},
    preview = false,
  } = JSON.parse(line) as Step;
  const program = () => {
    const said =
      seconds === undefined
        ? undefined
        : new local.Command("seconds", { create: `echo ${seconds}` }).stdout;
    const later: RedisHaArgs = said
      ? {
          redis: {
            directives: { timeout: said },
            minReplicasMaxLagSeconds: said.apply(Number),
            appendOnly: said.apply((text) => text !== ""),
          },
          sentinel: { downAfterMilliseconds: said.apply((text) => Number(text) * 1000) },
        }
      : {};
    for (const [name, args] of Object.entries(components)) {
      try {
        new RedisHa(name, {
          ...args,
          ...later,
          ...(Object.keys(config).length > 0 ? readConfig() : {}),
        });
      } catch (error) {
        if (!caught) throw error;
      }
    }
    return Promise.resolve({});
  };
  let said = "";
  const onOutput = (text: string) => (said += text);
  const ended = await LocalWorkspace.createOrSelectStack(
    { stackName: "test", projectName: "embedded", program },
    { workDir: process.cwd() },
  )
    .then(async (stack) => {
      for (const key of Object.keys(await stack.getAllConfig())) await stack.removeConfig(key);
      await stack.setAllConfig(
        Object.fromEntries(Object.entries(config).map(([key, value]) => [key, { value }])),
      );
      const changes = preview
        ? (await stack.preview({ onOutput })).changeSummary
        : (await stack.up({ onOutput })).summary.resourceChanges;
      const { resources = [] } = (await stack.exportStack()).deployment as {
        resources?: { type: string; outputs?: Record<string, unknown> }[];
      };
      const given = resources
        .filter(({ type }) => type === "redis-ha:index:RedisHa")
        .map(({ outputs }) => outputs?.args);
      return { changes: changes ?? {}, given };
    })
    .catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify({ ...ended, said })}\n`);
}
