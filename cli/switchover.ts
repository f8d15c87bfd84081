import { parseArgs } from "node:util";
import { runCommand } from "./drill/process.ts";
import { CliError, ExitStatus, messageOf, runMain, say } from "./program.ts";
import { settled } from "./settled.ts";
import { stackOutputs } from "./stack/outputs.ts";
import { stackName } from "./stack/pulumi.ts";
import { judge } from "../topology/judge.ts";
import { readTopology } from "../topology/read.ts";
import { redOn, renderStatus } from "./render.ts";

const usage = `Usage: npm run switchover -- [NODE] [--stack STACK]
Hands the master of a healthy stack over: to NODE, or says why not; without NODE to the best replica. No acknowledged write is lost.
Exit status: 0 handed over (or NODE is the master), 1 not, 2 could not look.`;

/** @throws CliError on words that are none, and with the usage on `--help`. */
function parse(args: string[]): { node: string | undefined; stack: string | undefined } {
  try {
    const options = { stack: { type: "string" }, help: { type: "boolean" } } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    if (values.help === true) throw new CliError(usage, undefined, 0);
    if (positionals.length > 1) throw new Error(`One node at a time: ${positionals.join(", ")}`);
    return { node: positionals[0], stack: values.stack };
  } catch (error) {
    throw error instanceof CliError
      ? error
      : new CliError(messageOf(error), usage, ExitStatus.couldNotLook);
  }
}

async function main(args: string[]): Promise<number> {
  const { node, stack } = parse(args);
  const outputs = await stackOutputs(await stackName(stack));
  if (node !== undefined && !outputs.nodes.some(({ name }) => name === node)) {
    throw new CliError(
      `${node} is no node of the stack: ${outputs.nodes.map(({ name }) => name).join(", ")}`,
      undefined,
      ExitStatus.couldNotLook,
    );
  }
  // Right after another one, a sentinel has yet to connect to the former master.
  const { topology, verdict } = await settled(outputs);
  const { healthy, master } = verdict;
  if (!healthy || !master) {
    console.error(renderStatus(topology, verdict, redOn(process.stderr)).join("\n"));
    throw new CliError(
      "\nNot handed over: it needs a healthy stack.",
      "npm start (or pulumi up) repairs what is broken; then try again.",
    );
  }
  if (master.name === node) {
    say(`${node} is the master already`);
    return ExitStatus.healthy;
  }
  await runCommand(master, "handover", say, node);
  const after = judge(await readTopology(outputs)).master;
  if (after === undefined || after.name === master.name)
    throw new CliError(`${master.name} is still the master, see above.`);
  say(`The master is ${after.name}`);
  return ExitStatus.healthy;
}

await runMain(main);
