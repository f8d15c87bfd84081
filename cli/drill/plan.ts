import type { NodeEndpoint } from "../../topology/endpoints.ts";
import type { NodeView, Topology } from "../../topology/topology.ts";
import { nodeText } from "../../topology/words.ts";
import { CliError, ExitStatus } from "../program.ts";
import type { StackOutputs } from "../stack/outputs.ts";
import { seconds } from "../wait.ts";
import type { DrillRequest } from "./arguments.ts";
import { limitsOf } from "./limits.ts";

/** What a drill is going to do. */
export interface DrillPlan extends Pick<DrillRequest, "kind" | "orderly"> {
  /** In a few words, for the picture as well. */
  title: string;
  /** Who is ended and started again: nodes before sentinels; nobody in a switchover. */
  victims: NodeEndpoint[];
  /** Whether another node has to become the master meanwhile. */
  movesMaster: boolean;
  /** What it means, a line each, to be told before it begins. */
  words: string[];
}

/**
 * Decides by the outputs and by one look at a healthy topology; no I/O.
 *
 * @param master of that topology.
 * @throws CliError with exit status 2 where there is no such process or host; with 1 where the
 * drill could not end well, with the reason.
 */
export function planOf(
  { kind, name, orderly }: Pick<DrillRequest, "kind" | "name" | "orderly">,
  outputs: StackOutputs,
  topology: Topology,
  master: NodeView,
): DrillPlan {
  const victims = victimsOf(kind, name, outputs, master);
  const movesMaster =
    kind === "switchover" ||
    (kind !== "all" && victims.some(({ name: each }) => each === master.name));
  requireCommands(kind, victims, orderly, outputs, master);
  if (movesMaster) requireSuccessor(topology, master, victims);
  const ends = orderly ? "stopped" : "killed";
  const who = {
    master: `the master, ${nodeText(master)}, is ${ends}`,
    switchover: `the master, ${nodeText(master)}, is handed over`,
    process: `${victims.map(nodeText).join()} is ${ends}${movesMaster ? ", the master" : ""}`,
    host: `all of the host ${name} is ${ends}: ${victims.map(nodeText).join(", ")}`,
    all: `all ${victims.length} processes are killed at once`,
  }[kind];
  const { downAfter } = limitsOf(topology);
  const gap = {
    none: "Clients should not notice.",
    short: "Writes are held back for a moment; none may be lost.",
    failover: `Nobody can write until the sentinels have made another node the master: about ${seconds(downAfter)} (down-after), and a little more.`,
    all: "Nobody can read or write until they are started again.",
    replicas: "Nobody can write until they are started again: the master wants more replicas.",
  };
  const left = topology.nodes.length - 1 - victims.filter((each) => isNode(topology, each)).length;
  const wanted = master.facts?.wantedReplicas ?? 0;
  const means =
    kind === "all"
      ? gap.all
      : movesMaster
        ? orderly || kind === "switchover"
          ? gap.short
          : gap.failover
        : left < wanted
          ? gap.replicas
          : gap.none;
  return {
    kind,
    orderly,
    title: who,
    victims,
    movesMaster,
    words: [
      means,
      ...(victims.length > 0 ? ["What it ends, it starts again, also if it is interrupted."] : []),
      "It writes a key, and numbers to another one, all the time, and removes both.",
    ],
  };
}

function victimsOf(
  kind: DrillRequest["kind"],
  name: string,
  { nodes, processes, stack }: StackOutputs,
  master: NodeView,
): NodeEndpoint[] {
  // What an older version has brought up tells of the nodes only.
  const all = processes.length > 0 ? processes : nodes;
  const found = {
    master: () => nodes.filter((each) => each.name === master.name),
    switchover: () => [],
    process: () => all.filter((each) => each.name === name),
    host: () => all.filter((each) => each.host === name),
    all: () => all,
  }[kind]();
  if (kind !== "master" && kind !== "process" && kind !== "switchover" && processes.length === 0)
    throw new CliError(
      `The stack ${stack} does not say how to end a sentinel: its output sentinelProcesses is missing, or older.`,
      "npm start (or pulumi up) brings it up to date; a program of your own has to export it.",
      ExitStatus.couldNotLook,
    );
  if (found.length === 0 && kind !== "switchover") {
    const known = kind === "host" ? all.map(({ host }) => host) : all.map((each) => each.name);
    throw new CliError(
      `${name} is no ${kind} of the stack: ${[...new Set(known)].join(", ")}`,
      undefined,
      ExitStatus.couldNotLook,
    );
  }
  return found;
}

/** @throws CliError where what is to be ended could not be, or not be started again. */
function requireCommands(
  kind: DrillRequest["kind"],
  victims: NodeEndpoint[],
  orderly: boolean,
  { nodes, stack }: StackOutputs,
  master: NodeView,
): void {
  const needed =
    kind === "switchover"
      ? nodes
          .filter(({ name }) => name === master.name)
          .map((node) => [node, "handover", node.commands?.handover] as const)
      : victims.flatMap((each) =>
          ([orderly ? "stop" : "kill", "start"] as const).map(
            (word) => [each, word, each.commands?.[word]] as const,
          ),
        );
  const missing = needed.find(([, , command]) => !command);
  if (missing)
    throw new CliError(
      `The stack ${stack} does not say how to ${missing[1]} ${nodeText(missing[0])}.`,
      "npm start (or pulumi up) brings it up to date.",
      ExitStatus.couldNotLook,
    );
}

/** @throws CliError where nobody would be made the master, or nobody would take writes then. */
function requireSuccessor(topology: Topology, master: NodeView, victims: NodeEndpoint[]): void {
  const isLost = (each: { host: string; port: number }) =>
    victims.some(({ host, port }) => host === each.host && port === each.port);
  const all = topology.sentinels.length;
  const sentinels = topology.sentinels.filter((each) => !isLost(each)).length;
  const quorum = Math.max(...topology.sentinels.map(({ facts }) => facts?.quorum ?? 0));
  const needed = Math.max(Math.floor(all / 2) + 1, quorum);
  const refuse = (why: string): never => {
    throw new CliError(
      `No drill: ${why}.`,
      "It would end only when what was lost is back: --all is the drill for that.",
    );
  };
  if (sentinels < needed)
    refuse(
      `${sentinels} of ${all} sentinels would be left, and ${needed} are needed to make another node the master`,
    );
  const others = topology.nodes.filter((each) => each.name !== master.name && !isLost(each));
  const able = others.filter(({ facts }) => facts?.priority !== 0);
  if (able.length === 0) refuse("no other node would be left that may be made the master");
  const wanted = master.facts?.wantedReplicas ?? 0;
  // One that is handed over, and not stopped, is the next one's replica.
  const replicas = others.length - (victims.length > 0 ? 1 : 0);
  if (replicas < wanted)
    refuse(
      `the next master would have ${replicas} replicas, and takes no writes with less than ${wanted} (redis.minReplicasToWrite)`,
    );
}

function isNode({ nodes }: Topology, each: NodeEndpoint): boolean {
  return nodes.some(({ name }) => name === each.name);
}
