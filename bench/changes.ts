import { execFile } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout, type Project } from "../tests/support/project.ts";
import type { Figures } from "./figures.ts";
import {
  at,
  crashAt,
  fill,
  fullSynchronisations,
  masterOf,
  quiet,
  untilWritten,
} from "./servers.ts";
import { eachWhileWriting, whileWriting } from "./writing.ts";

/** What is changed while four writers go on, on whichever kind of host. */
export interface Deployment {
  project: Project;
  /** Each HOST:PORT. */
  sentinels: readonly string[];
  /** Each HOST:PORT. */
  nodes: readonly string[];
}

/** `npm run bench -- --long`. */
const isLong = process.env.BENCH_LONG !== undefined;

/** s that one writer may wait in a planned switchover. */
export const longestGap = 0.1;

const master = ({ sentinels }: Deployment) => masterOf(sentinels[0] ?? "");

/** `pulumi up`, each step of which is told with its time (`npm run bench -- --trace`). */
async function tracedUp(project: Project): Promise<void> {
  if (process.env.BENCH_TRACE === undefined) {
    await project.up();
    return;
  }
  const began = performance.now();
  const child = project.start("pulumi", [
    "up",
    "--yes",
    "--skip-preview",
    "--stack",
    project.stack,
  ]);
  child.stderr?.resume();
  const ended = once(child, "close");
  if (child.stdout)
    for await (const line of createInterface({ input: child.stdout })) {
      const passed = ((performance.now() - began) / 1000).toFixed(3);
      if (/^ [~+-]{1,2} |^Duration/.test(line)) process.stderr.write(`${passed} ${line}\n`);
    }
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`pulumi up ended with ${status}`);
}

/**
 * Another configuration is rolled through.
 *
 * @param bare s of the plain restarts, and of an `up` of an empty program.
 */
export async function rolled(
  { project, sentinels }: Deployment,
  what: string,
  config: Record<string, unknown>,
  bare: { restarts: number; empty: number },
): Promise<Figures> {
  project.configure(config);
  const figures = await whileWriting(sentinels, what, () => tracedUp(project));
  const goal = bare.empty + 2 * bare.restarts;
  return {
    [`${what}: plain restarts`]: bare.restarts,
    ...figures,
    [`${what}: over an empty program's up and twice the plain restarts`]:
      (figures[what] ?? NaN) - goal,
  };
}

/** The master is handed over, and its server killed; where it is to be long, at a gigabyte, too. */
export async function changes(of: Deployment): Promise<Figures> {
  const times = isLong ? 20 : 1;
  const figures = {
    ...(await handedOver(of, "a switchover", times)),
    ...(await demonstrated(of, "a switchover of the demonstration", times)),
    ...(await crashed(of, "a killed master", 1)),
  };
  if (!isLong) return figures;
  // By default a server also writes a snapshot of everything whenever 10,000 keys have changed
  // within a minute: all three on one disk have kept a master from answering for 38 s.
  for (const node of of.nodes) await at(node, (client) => client.config("SET", "save", ""));
  await fill(of.nodes, await master(of), 1_000_000, 1000);
  return {
    ...figures,
    ...(await handedOver(of, "a switchover at 1 GB", 5)),
    ...(await demonstrated(of, "a switchover of the demonstration at 1 GB", 5)),
    ...(await crashed(of, "a killed master at 1 GB", 3)),
  };
}

async function handedOver(of: Deployment, what: string, times: number): Promise<Figures> {
  const before = await fullSynchronisations(of.nodes);
  const limits = { times, limit: longestGap };
  const figures = await eachWhileWriting(of.sentinels, what, limits, async () => {
    const switchover = join(checkout, "cli", "switchover.ts");
    const { output, seconds } = await of.project.succeed("node", switchover);
    // Why not by an election, where it was none.
    const said =
      /handed over to .* election .*/.exec(output)?.[0] ?? output.replaceAll("\n", " | ");
    return `${seconds.toFixed(1)} s, ${said}`;
  });
  return {
    ...figures,
    [`${what}: full synchronisations (count)`]: (await fullSynchronisations(of.nodes)) - before,
  };
}

/** The same by another program (`npm run bench -- --demonstration`). */
async function demonstrated(of: Deployment, what: string, times: number): Promise<Figures> {
  const command = process.env.BENCH_DEMONSTRATION;
  if (command === undefined) return {};
  const { sentinels, nodes, project } = of;
  const env = {
    ...process.env,
    SENT: sentinels.join(","),
    NODES: nodes.join(","),
    NAME: "redis-ha",
  };
  return eachWhileWriting(sentinels, what, { times, limit: longestGap }, async () => {
    const began = performance.now();
    const { stderr } = await promisify(execFile)("sh", ["-c", command], { env });
    const took = ((performance.now() - began) / 1000).toFixed(1);
    await project.healthy();
    return `${took} s, ${stderr.trim().split("\n").at(-1)}`;
  });
}

/** Until all nodes have their data again. */
async function crashed(of: Deployment, what: string, times: number): Promise<Figures> {
  const taken: number[] = [];
  const figures = await eachWhileWriting(of.sentinels, what, { times, limit: 1 }, async () => {
    const killed = await master(of);
    crashAt(killed);
    taken.push(await untilWritten(of.nodes));
    // A gigabyte takes minutes to be sent on a busy machine: longer than what is healthy may wait.
    await quiet(of.nodes);
    await of.project.healthy();
    return `a write was taken after ${taken.at(-1)?.toFixed(3)} s; ${killed}, then ${await master(of)}`;
  });
  return { ...figures, [`${what}: until a server takes a write`]: Math.max(...taken) };
}
