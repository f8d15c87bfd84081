import type { Login, NodeEndpoint } from "../../topology/endpoints.ts";
import type { Members } from "../../topology/topology.ts";
import { CliError, ExitStatus } from "../program.ts";
import { pulumi } from "./pulumi.ts";

/** What the stack says about itself. */
export interface StackOutputs extends Members {
  /** The nodes and then the sentinels; none in what an older version has brought up. */
  processes: NodeEndpoint[];
  kvdbStanza: string;
}

/**
 * Asks Pulumi for the stack's outputs.
 *
 * @throws CliError with exit status 2 if there is no such stack or if nothing was brought up in it
 */
export async function stackOutputs(stack: string): Promise<StackOutputs> {
  const { status, stdout, stderr } = await pulumi("stack", "output", "--json", "--stack", stack);
  if (status !== 0) {
    const next = `In the directory of the Pulumi project, npm start brings a stack up; pulumi stack ls shows those that there are.`;
    throw new CliError(
      `The stack ${stack} cannot be read. ${stderr.trim()}`,
      next,
      ExitStatus.couldNotLook,
    );
  }
  return parseOutputs(stack, stdout, await administrationOf(stack, stdout));
}

/** Asks for the passwords, which are secrets, where there are any. */
async function administrationOf(stack: string, json: string): Promise<Administration | undefined> {
  const outputs = JSON.parse(json) as Record<string, unknown>;
  if (outputs.administration === undefined) return undefined;
  const { status, stdout, stderr } = await pulumi(
    ...["stack", "output", "administration", "--json", "--show-secrets", "--stack", stack],
  );
  if (status === 0) return JSON.parse(stdout) as Administration;
  throw new CliError(
    `The passwords of the stack ${stack} cannot be read. ${stderr.trim()}`,
    "Whoever asks its servers needs the passphrase, or the key, of its secrets.",
    ExitStatus.couldNotLook,
  );
}

/** @throws CliError with exit status 2 if an output is missing */
export function parseOutputs(
  stack: string,
  json: string,
  administration?: Administration,
): StackOutputs {
  const outputs = JSON.parse(json) as Record<string, unknown>;
  const missing = ["masterName", "nodes", "sentinels", "hosts"].filter(
    (name) => outputs[name] === undefined,
  );
  if (missing.length > 0) {
    const next =
      "npm start (or pulumi up) brings it up, also where an earlier run did not get to its end.";
    throw new CliError(
      `The stack ${stack} has no output ${missing.join(", ")}: it was never brought up completely.`,
      next,
      ExitStatus.couldNotLook,
    );
  }
  const { masterName, nodes, sentinelProcesses, sentinels, hosts, limitations, kvdbStanza } =
    outputs as unknown as Outputs;
  // A host may have the name of what every object has.
  const addressOf = (host: string) => (Object.hasOwn(hosts, host) ? hosts[host] : undefined);
  const reached = (login: Login | undefined) => (node: NodeEndpoint) => ({
    ...node,
    address: addressOf(node.host) ?? node.address,
    ...(login ? { login } : {}),
  });
  const atNodes = nodes.map(reached(administration?.nodes));
  return {
    stack,
    masterName,
    nodes: atNodes,
    processes: sentinelProcesses
      ? [...atNodes, ...sentinelProcesses.map(reached(administration?.sentinels))]
      : [],
    sentinels: sentinels.map((endpoint) => {
      const host = endpoint.slice(0, endpoint.lastIndexOf(":"));
      return {
        host,
        address: addressOf(host) ?? host,
        port: Number(endpoint.slice(host.length + 1)),
        ...(administration ? { login: administration.sentinels } : {}),
      };
    }),
    kvdbStanza: kvdbStanza ?? "",
    limitations: limitations ?? [],
  };
}

/** As whom the stack administers its servers. */
interface Administration {
  nodes: Login;
  sentinels: Login;
}

interface Outputs {
  masterName: string;
  nodes: NodeEndpoint[];
  sentinelProcesses?: NodeEndpoint[];
  sentinels: string[];
  hosts: Record<string, string>;
  limitations?: string[];
  kvdbStanza?: string;
}

/**
 * @returns all processes of the stack, each with that command
 * @throws CliError with exit status 2 where the stack does not give it
 */
export function withCommand(
  { stack, processes }: StackOutputs,
  word: keyof NonNullable<NodeEndpoint["commands"]>,
  what: string = word,
): NodeEndpoint[] {
  if (processes.length > 0 && processes.every(({ commands }) => commands?.[word] !== undefined))
    return processes;
  throw new CliError(
    `The stack ${stack} does not say how to ${what}: its output sentinelProcesses is missing, or older.`,
    "npm start (or pulumi up) brings it up to date; a program of your own has to export it.",
    ExitStatus.couldNotLook,
  );
}
