import { markNow, parsePause } from "./pause/arguments.ts";
import { markLine, markText } from "../hosts/mark.ts";
import { askMarks, pauseOf } from "./pause/marks.ts";
import { CliError, ExitStatus, runMain, say } from "./program.ts";
import { stackOutputs, withCommand } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";

const usage = `Usage: npm run pause -- REASON [--stack STACK]
From now on pulumi up, from wherever, repairs and changes nothing of the stack: it is refused where there is something to do. npm run resume ends that.
The servers go on, and so does what watches them: Sentinel, services, containers.
Exit status: 0 paused, 1 not, 2 could not look.`;

async function pause(args: string[]): Promise<number> {
  const { why, stack } = parsePause(args, usage);
  const outputs = await stackOutputs(await stackName(stack));
  const processes = withCommand(outputs, "mark", "pause");
  const before = pauseOf(await askMarks(processes, "paused")).mark;
  const line = markLine(before ?? markNow(why));
  const { mark, unmarked, silent } = pauseOf(await askMarks(processes, "pause", `${line}\n`));
  const missing = [...unmarked, ...silent].map(
    ({ where, silence }) => `${where} has no mark of the pause: ${silence ?? "it was not kept"}`,
  );
  if (mark === undefined)
    throw new CliError(
      [`${outputs.masterName} (stack ${outputs.stack}) is not paused.`, ...missing].join("\n"),
      "Once one of them can be reached, try again.",
    );
  say(`${outputs.masterName} (stack ${outputs.stack}) is ${markText(mark)}`);
  if (before)
    say("It was paused already: that reason stays, and the one that you gave is not kept");
  if (missing.length > 0)
    say(
      `${missing.join("\n")}\nThe pause holds all the same: pulumi up does nothing at all as long as one has the mark and another has not. npm run pause again puts it where it is missing`,
    );
  say("A pulumi up that is under way stops at its next step; npm run resume ends the pause");
  return ExitStatus.healthy;
}

await runMain(pause);
