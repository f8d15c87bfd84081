import { spawn } from "node:child_process";
import { connect } from "node:net";
import { quote } from "../../hosts/shell.ts";
import { CliError, ExitStatus } from "../program.ts";
import type { NodeEndpoint } from "../../topology/endpoints.ts";
import { nodeText } from "../../topology/words.ts";

/** Milliseconds after which a machine that says nothing is taken for gone. */
const silence = 2000;

/** Whether something listens where the node should. */
export function isListening({
  address,
  port,
}: Pick<NodeEndpoint, "address" | "port">): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: silence });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

/**
 * Does to a node's process what the stack says is to be typed for it.
 *
 * @param say shows the lines that the command prints
 * @param to for a hand-over: the node that is to be the master
 * @throws CliError if it fails, or if the stack, brought up by an older version, gives none
 */
export async function runCommand(
  node: NodeEndpoint,
  word: "kill" | "stop" | "start" | "handover",
  say: (line: string) => void,
  to = "",
): Promise<void> {
  const words = node.commands?.[word];
  const command = words === undefined || to === "" ? words : `${words} ${quote(to)}`;
  if (command === undefined) {
    throw new CliError(
      `The stack does not say how to ${word} ${nodeText(node)}.`,
      "npm start (or pulumi up) brings it up to date.",
      ExitStatus.couldNotLook,
    );
  }
  // Out of reach of the terminal's Ctrl-C: what was begun has to be brought to its end.
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.trimEnd().split("\n")) say(line);
    });
  }
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
  });
  if (status !== 0)
    throw new CliError(
      `To ${word} ${nodeText(node)} failed, see above: ${command}`,
      word === "handover"
        ? "npm run status shows how it stands."
        : "npm start (or pulumi up) repairs it.",
    );
}
