import { inspect, parseArgs } from "node:util";
import { shownLines } from "../hosts/foreignText.ts";

/** Exit statuses of the commands. */
export const ExitStatus = { healthy: 0, unhealthy: 1, couldNotLook: 2 } as const;

/**
 * A failure that the person at the terminal can do something about: no stack trace, but a next
 * step.
 */
export class CliError extends Error {
  readonly next: string | undefined;
  readonly exitStatus: number;

  /**
   * @param message what went wrong, and what was seen
   * @param next what to do about it
   * @param exitStatus 1 unless told
   */
  constructor(message: string, next?: string, exitStatus: number = ExitStatus.unhealthy) {
    super(message);
    this.next = next;
    this.exitStatus = exitStatus;
  }
}

/** What a command was asked to do. */
export interface Arguments<Option extends string> {
  /** The stack's name; undefined if none was given. */
  stack: string | undefined;
  options: Record<Option, boolean>;
}

/**
 * @param args the words after the script's name
 * @param options the options that the command knows, each a switch
 * @param usage the text for `--help` and for errors
 * @throws CliError with exit status 2 on an unknown option or a second stack; with 0 and the usage
 * on `--help`
 */
export function parseArguments<Option extends string>(
  args: string[],
  options: readonly Option[],
  usage: string,
): Arguments<Option> {
  const switches = [...options, "help"];
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: Object.fromEntries(
        switches.map((name) => [name, { type: "boolean" as const, default: false }]),
      ),
    });
    if (values.help === true) throw new CliError(usage, undefined, 0);
    if (positionals.length > 1) throw new Error(`One stack at a time: ${positionals.join(", ")}`);
    if (positionals[0] === "") throw new Error("The stack's name is empty");
    const chosen = Object.fromEntries(
      options.map((name) => [name, values[name] === true]),
    ) as Record<Option, boolean>;
    return { stack: positionals[0], options: chosen };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(messageOf(error), usage, ExitStatus.couldNotLook);
  }
}

/** Runs a command; what it returns is the exit status. */
export async function runMain(main: (args: string[]) => Promise<number>): Promise<void> {
  // A reader that went away (`| head`) must not end a drill half-way.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Prints an error as the person should see it. @returns the exit status */
export function report(error: unknown): number {
  if (!(error instanceof CliError)) {
    console.error(shownLines(inspect(error)));
    return ExitStatus.couldNotLook;
  }
  if (error.exitStatus === 0) console.log(error.message);
  else console.error(shownLines([error.message, error.next].filter(Boolean).join("\n")));
  return error.exitStatus;
}

/** Prints lines, with what somebody else wrote in them made printable: no colours. */
export function say(lines: string): void {
  console.log(shownLines(lines));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
