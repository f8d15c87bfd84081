import { CliError, parseArguments, runMain } from "./program.ts";
import { releaseStack } from "./stack/locks.ts";
import { pulumi, pulumiLive, stackName } from "./stack/pulumi.ts";
import { SettingsFile } from "./stack/settings.ts";

const usage = `Usage: npm run destroy -- [STACK]
Stops everything that the stack runs, removes its data and the stack itself; its settings in Pulumi.STACK.yaml stay.`;

async function destroy(args: string[]): Promise<number> {
  const stack = await stackName(parseArguments(args, [], usage).stack);
  await releaseStack(stack, (line) => {
    console.log(line);
  });
  const selected = await pulumi("stack", "select", stack);
  if (selected.status !== 0) {
    if (!selected.stderr.includes("no stack named")) throw new CliError(`The stack ${stack} cannot be selected. ${selected.stderr.trim()}`);
    console.log(`There is no stack ${stack}: nothing to do.`);
    return 0;
  }
  const status = await pulumiLive("destroy", "--yes", "--skip-preview", "--stack", stack);
  if (status !== 0) throw new CliError("\npulumi destroy failed, see above.", "Once the cause is gone, npm run destroy goes on from there.", status);
  const removed = await pulumi("stack", "rm", "--yes", "--preserve-config", "--stack", stack);
  if (removed.status !== 0) throw new CliError(`The stack ${stack} is empty, but could not be removed. ${removed.stderr.trim()}`);
  new SettingsFile(stack).removeSalt();
  console.log(`The stack ${stack} is gone.`);
  return 0;
}

await runMain(destroy);
