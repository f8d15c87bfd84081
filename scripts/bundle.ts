import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile } from "../packageFiles.cjs";

const here = packageFile("scripts");

/** Each program as it is called on a machine, and the file that it begins with. */
const programs: Record<string, string> = {
  "lifecycle.sh": "redis/main.sh",
  "host.sh": "supervisor/main.sh",
  "machine.sh": "root/machine.sh",
  "shared.sh": "root/shares.sh",
  "packages.sh": "root/packages.sh",
  "kvdb.sh": "edits/kvdb.sh",
  "hosts-entries.sh": "edits/hosts-entries.sh",
  "kernel.sh": "edits/kernel.sh",
  "firewall.sh": "edits/firewall.sh",
  "services.sh": "edits/distribution-services.sh",
  "install.sh": "install.sh",
  "look.sh": "facts/on-machine.sh",
  "look-ssh.sh": "facts/over-ssh.sh",
  "look-docker.sh": "facts/in-containers.sh",
  "members-docker.sh": "containers/members.sh",
};

/** Names of the programs, as they are called on a machine. */
export const programNames: readonly string[] = Object.keys(programs);

const cache = new Map<string, string>();

/**
 * One text, so that an installation can't mix two versions and a look needs one file; without
 * comments, which are a third of it, but for what a program's first lines say of its use. Who reads
 * it on a machine finds the rest here.
 *
 * @param name of a program, such as `lifecycle.sh`.
 */
export function scriptText(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const text = withoutComments(scriptSource(name));
  cache.set(name, text);
  return text;
}

/**
 * @param name of a program, such as `lifecycle.sh`.
 * @returns its first file with each line `# use FILE` (a path below scripts/) replaced by that
 * file, once.
 */
export function scriptSource(name: string): string {
  const main = programs[name];
  if (main === undefined) throw new Error(`no such script: ${name}`);
  const used = new Set<string>();
  const expand = (file: string): string =>
    readFileSync(join(here, file), "utf8").replace(/^# use (\S+)\n/gm, (_, each: string) => {
      if (used.has(each)) return "";
      used.add(each);
      return expand(each);
    });
  return expand(main);
}

/**
 * @returns shell text, with awk programs in it, without the lines that are comments. What stands in
 * a here-document is written somewhere, such as into a unit of systemd, and stays.
 */
export function withoutComments(text: string): string {
  const [usage = ""] = /^#!.*\n(#.*\n)*/.exec(text) ?? [];
  let document: string | undefined;
  const lines = text
    .slice(usage.length)
    .split("\n")
    .filter((line) => {
      if (document !== undefined) {
        if (line.trim() === document) document = undefined;
        return true;
      }
      if (/^\s*#/.test(line)) return false;
      document = /<<-?'?([A-Z]+)/.exec(line)?.[1];
      return true;
    });
  return usage + lines.join("\n");
}
