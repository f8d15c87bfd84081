import { markText } from "../hosts/mark.ts";
import { askMarks, pauseOf } from "./pause/marks.ts";
import { CliError, ExitStatus, parseArguments, runMain, say } from "./program.ts";
import { stackOutputs, withCommand } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";

const usage = `Usage: npm run resume -- [STACK]
Ends the pause that npm run pause began, whoever did; the next pulumi up does what is left to do.
Exit status: 0 not paused any more, 1 still paused, or nobody can tell, on some host, 2 could not look.`;

async function resume(args: string[]): Promise<number> {
  const { stack } = parseArguments(args, [], usage);
  const outputs = await stackOutputs(await stackName(stack));
  const { mark, silent } = pauseOf(
    await askMarks(withCommand(outputs, "mark", "resume"), "resume"),
  );
  const subject = `${outputs.masterName} (stack ${outputs.stack})`;
  if (silent.length > 0)
    throw new CliError(
      [
        `${subject} ${mark ? `was ${markText(mark)}. It` : ""} may still be paused:`,
        ...silent.map(({ where, silence }) => `${where}: ${silence}`),
      ].join("\n"),
      "As long as one host has the mark, pulumi up does nothing. Once it can be reached, try again.",
    );
  if (mark === undefined) say(`${subject} was not paused`);
  else
    say(
      `${subject} was ${markText(mark)}. It is not any more: npm start (or pulumi up) does what is left to do`,
    );
  return ExitStatus.healthy;
}

await runMain(resume);
