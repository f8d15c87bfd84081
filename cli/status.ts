import { ExitStatus, parseArguments, runMain } from "./program.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";
import { judge } from "../topology/judge.ts";
import { readTopology } from "../topology/read.ts";
import { redOn, renderStatus, statusJson } from "./render.ts";

const usage = `Usage: npm run status -- [STACK] [--json]
Shows the topology as the nodes and the sentinels see it; changes nothing.
Exit status: 0 healthy, 1 not healthy, 2 could not look.`;

async function status(args: string[]): Promise<number> {
  const { stack, options } = parseArguments(args, ["json"], usage);
  const topology = await readTopology(await stackOutputs(await stackName(stack)));
  const verdict = judge(topology);
  console.log(
    options.json
      ? statusJson(topology, verdict)
      : renderStatus(topology, verdict, redOn(process.stdout)).join("\n"),
  );
  return verdict.healthy ? ExitStatus.healthy : ExitStatus.unhealthy;
}

await runMain(status);
