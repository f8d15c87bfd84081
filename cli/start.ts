import { CliError, ExitStatus, parseArguments, runMain, say } from "./program.ts";
import { settled } from "./settled.ts";
import { releaseStack } from "./stack/locks.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { endpointText } from "../topology/endpoints.ts";
import { pulumi, pulumiLive, stackName } from "./stack/pulumi.ts";
import { SettingsFile } from "./stack/settings.ts";
import { redOn, renderStatus } from "./render.ts";

const usage = `Usage: npm start -- [STACK]
Brings the stack up with pulumi up and shows what runs then. Start it again at any time: it repairs what is broken.
Exit status: 0 healthy, 1 not.`;

async function start(args: string[]): Promise<number> {
  const stack = await stackName(parseArguments(args, [], usage).stack);
  await releaseStack(stack, say);
  await new SettingsFile(stack).keepThrough(() => select(stack));
  const status = await pulumiLive("up", "--yes", "--skip-preview", "--stack", stack);
  if (status !== 0)
    throw new CliError(
      "\npulumi up failed, see above.",
      "What was done is kept: once the cause is gone, npm start goes on from there.",
      status,
    );

  const outputs = await stackOutputs(stack);
  const { topology, verdict } = await settled(outputs);
  console.log(["", ...renderStatus(topology, verdict, redOn(process.stdout))].join("\n"));
  say(`\nSentinels: ${outputs.sentinels.map(endpointText).join(", ")}`);
  say(
    `\nFor Zato, in place of the whole [kvdb] in server.conf of each server (or let zato.serverConfs do it):\n\n${outputs.kvdbStanza}`,
  );
  const argument = stack === "dev" ? "" : ` -- ${stack}`;
  say(`Next: npm run status${argument}   how everything is, at any time
      npm run drill${argument}    kill the master, watch the failover, have it back (it asks before); npm run destroy${argument} removes everything
      plain Pulumi: eval "$(node toolchain/setup.mjs --print-env)", then pulumi up`);
  return verdict.healthy ? ExitStatus.healthy : ExitStatus.unhealthy;
}

async function select(stack: string): Promise<void> {
  const { status, stderr } = await pulumi("stack", "select", "--create", stack);
  if (status !== 0)
    throw new CliError(
      `The stack ${stack} can be neither selected nor made. ${stderr.trim()}`,
      undefined,
      ExitStatus.couldNotLook,
    );
}

await runMain(start);
