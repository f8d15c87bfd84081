import { constants } from "node:os";
import { confirm } from "./confirm.ts";
import { parseDrill } from "./drill/arguments.ts";
import { Drill } from "./drill/drill.ts";
import { pictureFile, writePicture } from "./drill/file.ts";
import { limitsOf } from "./drill/limits.ts";
import { drillPicture } from "./drill/picture.ts";
import { planOf } from "./drill/plan.ts";
import { passed, summary } from "./drill/summary.ts";
import { markText } from "../hosts/mark.ts";
import { askMarks, pauseOf } from "./pause/marks.ts";
import { CliError, ExitStatus, messageOf, runMain, say } from "./program.ts";
import { stackOutputs, type StackOutputs } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";
import { judge } from "../topology/judge.ts";
import { readTopology } from "../topology/read.ts";
import { nodeText } from "../topology/words.ts";
import { redOn, renderStatus } from "./render.ts";

const usage = `Usage: npm run drill -- [STACK] [--switchover | --process NAME | --host NAME | --all] [--stop] [--yes] [--picture FILE]
Kills the master of a healthy stack under a client that writes, shows how another takes over, and brings the old one back as its replica.
  --switchover    hands the master over instead; nothing ends
  --process NAME  kills that node or sentinel instead
  --host NAME     kills all processes of that host at once
  --all           kills everything at once
  --stop          ends them as an operator does, a master with a hand-over, instead of killing
  --yes           --host and --all ask before they begin; not with this, which they need without a terminal
  --picture FILE  the timeline as an SVG; without it drill-….svg in the current directory
What it ends it starts again, however the drill ends.
Exit status: 0 passed, 1 an acknowledged write was lost that did not end with what was killed, or it is not healthy, 2 could not look.`;

async function main(args: string[]): Promise<number> {
  const request = parseDrill(args, usage);
  const stack = await stackName(request.stack);
  const outputs = await stackOutputs(stack);
  const file = pictureFile(request, stack);
  const topology = await readTopology(outputs);
  const verdict = judge(topology);
  if (!verdict.healthy || !verdict.master) {
    console.error(renderStatus(topology, verdict, redOn(process.stderr)).join("\n"));
    throw new CliError(
      "\nNo drill: it needs a healthy stack.",
      "npm start (or pulumi up) repairs what is broken; then try again.",
    );
  }
  await refusePaused(outputs);
  const plan = planOf(request, outputs, topology, verdict.master);
  say(
    [
      `${outputs.masterName} (stack ${outputs.stack}) is healthy, the master is ${nodeText(verdict.master)}`,
      `In this drill ${plan.title}.`,
      ...plan.words,
    ].join("\n"),
  );
  if (!request.yes && (request.kind === "host" || request.kind === "all"))
    await confirm({
      word: "yes",
      purpose: "begin",
      again: ["npm run drill --", ...args, "--yes"].join(" "),
    });
  const drill = new Drill(outputs, plan, verdict.master, limitsOf(topology), {
    say,
    signal: untilInterrupted(),
  });
  let lines: string[] = [];
  try {
    const findings = await drill.run();
    lines = summary(findings);
    say(["", ...lines].join("\n"));
    return passed(findings) ? ExitStatus.healthy : ExitStatus.unhealthy;
  } catch (error) {
    lines = messageOf(error).split("\n");
    throw error;
  } finally {
    say(writePicture(file, drillPicture(drill.recording(lines))));
  }
}

/** @throws CliError where somebody is at work on it, or nobody can tell. */
async function refusePaused({ processes }: StackOutputs): Promise<void> {
  const { mark, silent } = pauseOf(await askMarks(processes, "paused"));
  if (mark)
    throw new CliError(
      `No drill: the deployment is ${markText(mark)}.`,
      "npm run resume ends that.",
    );
  const [first] = silent;
  if (first)
    throw new CliError(
      `No drill: whether it is paused could not be asked on ${first.where}: ${first.silence}`,
      "What is ended there could not be started again either.",
    );
}

/**
 * @returns what is aborted by Ctrl-C and the like, and by an error that nobody was there for: the
 * drill then cleans up before it ends
 */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["unhandledRejection", "uncaughtException"] as const)
    process.on(name, (error: unknown) => {
      controller.abort(error instanceof Error ? error : new Error(String(error)));
    });
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
