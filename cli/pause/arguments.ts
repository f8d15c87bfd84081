import { hostname, userInfo } from "node:os";
import { parseArgs } from "node:util";
import { CliError, ExitStatus, messageOf } from "../program.ts";
import type { Mark } from "../../hosts/mark.ts";

/** Bytes of a reason: it is one line on each host. */
const longest = 300;

/**
 * @param args the words after the script's name: the reason, and `--stack`.
 * @throws CliError on words that are none, a reason that is missing or no line, and with the usage
 * on `--help`.
 */
export function parsePause(
  args: string[],
  usage: string,
): { why: string; stack: string | undefined } {
  try {
    const options = { stack: { type: "string" }, help: { type: "boolean" } } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    if (values.help === true) throw new CliError(usage, undefined, 0);
    const why = positionals.join(" ").trim();
    if (why === "") throw new Error("A reason is missing: the others have to know why");
    // eslint-disable-next-line no-control-regex -- these are what is looked for
    if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(why) || Buffer.byteLength(why) > longest)
      throw new Error(
        `The reason ${JSON.stringify(why)} is not allowed: one line without control characters, ${longest} bytes at most`,
      );
    return { why, stack: values.stack };
  } catch (error) {
    throw error instanceof CliError
      ? error
      : new CliError(messageOf(error), usage, ExitStatus.couldNotLook);
  }
}

/** @returns the mark of a pause that begins now. */
export function markNow(why: string): Mark {
  const by = `${userInfo().username}@${hostname()}`.replaceAll(/[^A-Za-z0-9@._+-]/g, "_");
  return { since: `${new Date().toISOString().slice(0, 19)}Z`, by: by.slice(0, 60), why };
}
