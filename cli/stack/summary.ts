import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { pulumi } from "./pulumi.ts";

/** What `pulumi stack export` tells of a stack; much more than that. */
interface Exported {
  deployment?: { resources?: { type?: string; outputs?: Record<string, unknown> }[] };
}

/**
 * Says what a stack is, for somebody who is about to remove it: name, backend, number of resources,
 * where its servers are.
 *
 * @returns undefined if there is no such stack.
 */
export async function describeStack(stack: string): Promise<string | undefined> {
  const [exported, backend] = await Promise.all([
    pulumi("stack", "export", "--stack", stack),
    pulumi("whoami", "--json"),
  ]);
  if (exported.status !== 0) {
    if (exported.stderr.includes("no stack named")) return undefined;
    // What a killed run left half-written is mended once it is known that the stack is to go.
    return `Stack ${stack}, whose state cannot be read as it is: ${exported.stderr.trim()}`;
  }
  const where =
    backend.status === 0 ? ((JSON.parse(backend.stdout) as { url?: string }).url ?? "") : "";
  return summaryOf(stack, where, exported.stdout);
}

/** @param json what `pulumi stack export` printed. */
export function summaryOf(stack: string, backend: string, json: string): string {
  const resources = (JSON.parse(json) as Exported).deployment?.resources ?? [];
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const nodes = Array.isArray(outputs.nodes) ? (outputs.nodes as NodeEndpoint[]) : [];
  const places = nodes.map(
    ({ name, host, port, address, directory }) =>
      `  ${name} ${host}:${port} (${address}), data in ${directory}`,
  );
  const from = backend ? `, state in ${backend}` : "";
  return [`Stack ${stack}: ${resources.length} resources${from}`, ...places].join("\n");
}
