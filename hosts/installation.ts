import { gzipSync, strToU8 } from "fflate";
import { scriptText } from "../scripts/bundle.ts";
import { puts } from "./shell.ts";

/** What keeps processes, and edits files, on every machine. */
export const hostScripts: readonly string[] = [
  "host.sh",
  "lifecycle.sh",
  "hosts-entries.sh",
  "kvdb.sh",
];

/** What a container has: edits are made where Pulumi runs. */
export const containerScripts: readonly string[] = ["lifecycle.sh", "host.sh"];

/** The same where root keeps the settings, and the processes are another user's. */
export const rootScripts: readonly string[] = [...hostScripts, "machine.sh", "shared.sh"];

/** Shell text that puts scripts onto a machine. */
export interface Installation {
  /** For one who has set here, mark and adopt (scripts/install.sh). */
  text: string;
  /** What has to be done where Pulumi runs, before that is run. */
  prepare?: () => void;
}

const cache = new Map<string, Uint8Array>();

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
  const packed = Buffer.concat(scripts.map(putting)).toString("base64");
  return `unpacked=$(printf %s ${packed} | base64 -d | gzip -dc) || {
  echo "the scripts of the stack cannot be unpacked: base64 and gzip are needed here" >&2
  exit 1
}
${scriptText("install.sh")}eval "$unpacked"
`;
}

/** Shell text that puts one script, compressed; what follows another such is unpacked with it. */
function putting(script: string): Uint8Array {
  let packed = cache.get(script);
  if (!packed) {
    packed = gzipSync(strToU8(puts({ [script]: scriptText(script) })), { level: 6, mtime: 0 });
    cache.set(script, packed);
  }
  return packed;
}
