import { askMarks, pauseLines, pauseOf } from "./pause/marks.ts";
import { ExitStatus, parseArguments, runMain, say } from "./program.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";
import { judge } from "../topology/judge.ts";
import { readTopology } from "../topology/read.ts";
import { redOn, renderStatus, statusJson } from "./render.ts";

const usage = `Usage: npm run status -- [STACK] [--json]
Shows the topology as the nodes and the sentinels see it, and since when and why it is paused; changes nothing.
Exit status: 0 healthy, 1 not healthy, 2 could not look.`;

async function status(args: string[]): Promise<number> {
  const { stack, options } = parseArguments(args, ["json"], usage);
  const outputs = await stackOutputs(await stackName(stack));
  const [topology, marks] = await Promise.all([
    readTopology(outputs),
    askMarks(outputs.processes, "paused"),
  ]);
  const verdict = judge(topology);
  const pause = pauseOf(marks);
  if (options.json) {
    console.log(statusJson(topology, verdict, pause));
  } else {
    const lines = pauseLines(pause);
    if (lines.length > 0) say(`${lines.join("\n")}\n`);
    console.log(renderStatus(topology, verdict, redOn(process.stdout)).join("\n"));
  }
  return verdict.healthy ? ExitStatus.healthy : ExitStatus.unhealthy;
}

await runMain(status);
