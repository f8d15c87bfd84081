import { constants } from "node:os";
import { Drill } from "./drill/drill.ts";
import { limitsOf } from "./drill/limits.ts";
import { passed, summary } from "./drill/summary.ts";
import { CliError, ExitStatus, parseArguments, runMain, say } from "./program.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";
import { judge } from "../topology/judge.ts";
import { readTopology } from "../topology/read.ts";
import { nodeText } from "../topology/words.ts";
import { redOn, renderStatus } from "./render.ts";

const usage = `Usage: npm run drill -- [STACK] [--stop]
Kills the master of a healthy stack, shows how another takes over, and brings the old one back as its replica.
With --stop it is stopped as an operator does it, with a hand-over, instead of killed.
Exit status: 0 passed, 1 failed or not healthy, 2 could not look.`;

async function main(args: string[]): Promise<number> {
  const { stack, options } = parseArguments(args, ["stop"], usage);
  const outputs = await stackOutputs(await stackName(stack));
  const topology = await readTopology(outputs);
  const verdict = judge(topology);
  if (!verdict.healthy || !verdict.master) {
    console.error(renderStatus(topology, verdict, redOn(process.stderr)).join("\n"));
    throw new CliError(
      "\nNo drill: it needs a healthy stack.",
      "npm start (or pulumi up) repairs what is broken; then try again.",
    );
  }
  say(
    `${outputs.masterName} (stack ${outputs.stack}) is healthy, the master is ${nodeText(verdict.master)}`,
  );
  const drill = new Drill(outputs, verdict.master, limitsOf(topology), {
    orderly: options.stop,
    say,
    signal: untilInterrupted(),
  });
  const findings = await drill.run();
  say(["", ...summary(findings)].join("\n"));
  return passed(findings) ? ExitStatus.healthy : ExitStatus.unhealthy;
}

/** @returns what is aborted by Ctrl-C and the like: the drill then cleans up before it ends */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      say(`${name}: cleaning up before the drill ends`);
      controller.abort(
        new CliError(
          `The drill was ended by ${name}.`,
          "npm run status shows what it left.",
          128 + constants.signals[name],
        ),
      );
    });
  }
  return controller.signal;
}

await runMain(main);
