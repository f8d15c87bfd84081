import { confirm } from "./confirm.ts";
import { CliError, parseArguments, runMain, say } from "./program.ts";
import { releaseStack } from "./stack/locks.ts";
import { pulumi, pulumiLive, stackName } from "./stack/pulumi.ts";
import { SettingsFile } from "./stack/settings.ts";
import { describeStack } from "./stack/summary.ts";

const usage = `Usage: npm run destroy -- [STACK] [--yes]
Stops everything that the stack runs, removes its data and the stack itself; its settings in Pulumi.STACK.yaml stay.
Asks before it begins; where there is no terminal to ask on, it needs --yes.`;

async function destroy(args: string[]): Promise<number> {
  const { stack: asked, options } = parseArguments(args, ["yes"], usage);
  const stack = await stackName(asked);
  const what = await describeStack(stack);
  if (what === undefined) {
    say(`There is no stack ${stack}: nothing to do.`);
    return 0;
  }
  say(what);
  if (!options.yes)
    await confirm({
      word: stack,
      purpose: "remove it with all its data",
      again: ["npm run destroy --", ...args, "--yes"].join(" "),
    });
  await releaseStack(stack, say);
  const selected = await pulumi("stack", "select", stack);
  if (selected.status !== 0)
    throw new CliError(`The stack ${stack} cannot be selected. ${selected.stderr.trim()}`);
  const status = await pulumiLive("destroy", "--yes", "--skip-preview", "--stack", stack);
  if (status !== 0)
    throw new CliError(
      "\npulumi destroy failed, see above.",
      "Once the cause is gone, npm run destroy goes on from there.",
      status,
    );
  const removed = await pulumi("stack", "rm", "--yes", "--preserve-config", "--stack", stack);
  if (removed.status !== 0)
    throw new CliError(
      `The stack ${stack} is empty, but could not be removed. ${removed.stderr.trim()}`,
    );
  new SettingsFile(stack).removeSalt();
  say(`The stack ${stack} is gone.`);
  return 0;
}

await runMain(destroy);
