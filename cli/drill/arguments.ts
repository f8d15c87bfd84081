import { parseArgs } from "node:util";
import { CliError, ExitStatus, messageOf } from "../program.ts";

/** What is lost in a drill. */
export type DrillKind = "master" | "switchover" | "process" | "host" | "all";

/** What a drill was asked to do. */
export interface DrillRequest {
  kind: DrillKind;
  /** Of the process or of the host; empty for the other kinds. */
  name: string;
  /** Stop as an operator does, with a hand-over, instead of killing. */
  orderly: boolean;
  /** Begin without being asked, where more than one process is to be lost. */
  yes: boolean;
  stack: string | undefined;
  /** The file of the picture. @default one in the current directory, named after drill and time */
  picture: string | undefined;
}

const options = {
  switchover: { type: "boolean" },
  process: { type: "string" },
  host: { type: "string" },
  all: { type: "boolean" },
  stop: { type: "boolean" },
  yes: { type: "boolean" },
  picture: { type: "string" },
  help: { type: "boolean" },
} as const;

/**
 * @param args the words after the script's name.
 * @throws CliError with exit status 2 on words that are none, or that contradict each other; with
 * the usage on `--help`.
 */
export function parseDrill(args: string[], usage: string): DrillRequest {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    if (values.help === true) throw new CliError(usage, undefined, 0);
    if (positionals.length > 1) throw new Error(`One stack at a time: ${positionals.join(", ")}`);
    for (const [name, value] of Object.entries({ stack: positionals[0], ...values }))
      if (value === "") throw new Error(`What follows --${name} is empty`);
    const kinds = (["switchover", "process", "host", "all"] as const).filter(
      (each) => values[each] !== undefined,
    );
    if (kinds.length > 1)
      throw new Error(`One drill at a time: ${kinds.map((each) => `--${each}`).join(", ")}`);
    const kind: DrillKind = kinds[0] ?? "master";
    const orderly = values.stop === true;
    if (orderly && kind === "switchover")
      throw new Error("--stop is for what ends: a switchover ends nothing");
    if (orderly && kind === "all")
      throw new Error("--stop with --all: there would be nobody to hand over to");
    return {
      kind,
      name: values.process ?? values.host ?? "",
      orderly,
      yes: values.yes === true,
      stack: positionals[0],
      picture: values.picture,
    };
  } catch (error) {
    throw error instanceof CliError
      ? error
      : new CliError(messageOf(error), usage, ExitStatus.couldNotLook);
  }
}
