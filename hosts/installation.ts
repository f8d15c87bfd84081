import { gzipSync, strToU8 } from "fflate";
import { scriptText } from "../scripts/bundle.ts";
import { puts } from "./shell.ts";

/** What keeps processes, and makes edits, on every machine. */
export const hostScripts: readonly string[] = ["host.sh", "lifecycle.sh"];

/** The same where root keeps the settings, and the processes are another user's. */
export const rootScripts: readonly string[] = [...hostScripts, "machine.sh", "shared.sh"];

/** Edits of files that every machine may have. */
export const fileEdits: readonly string[] = ["hosts-entries.sh", "kvdb.sh"];

const cache = new Map<string, string>();

/**
 * Shell text that puts scripts onto a machine, for one who has set here, mark and adopt
 * (scripts/install.sh).
 *
 * They are compressed: the stack's state holds the text of a command twice, and every `up` hands it
 * on between program, engine and plugin. By a library of a fixed version: what another Node's zlib
 * writes may differ by a byte, which would be a change of every machine.
 *
 * @param scripts names of programs, such as `lifecycle.sh`.
 * @returns fails before anything is touched where the machine has no base64 or no gzip.
 */
export function installation(scripts: readonly string[]): string {
  const names = scripts.join(" ");
  let text = cache.get(names);
  if (text === undefined) {
    const putting = puts(Object.fromEntries(scripts.map((each) => [each, scriptText(each)])));
    const packed = Buffer.from(gzipSync(strToU8(putting), { level: 9, mtime: 0 })).toString(
      "base64",
    );
    text = `unpacked=$(printf %s ${packed} | base64 -d | gzip -dc) || {
  echo "the scripts of the stack cannot be unpacked: base64 and gzip are needed here" >&2
  exit 1
}
${scriptText("install.sh")}eval "$unpacked"
`;
    cache.set(names, text);
  }
  return text;
}
