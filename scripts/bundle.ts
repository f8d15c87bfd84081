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
 * One text, so that an installation can't mix two versions and a look needs one file.
 *
 * @param name of a program, such as `lifecycle.sh`.
 * @returns its first file with each line `# use FILE` (a path below scripts/) replaced by that
 * file, once.
 */
export function scriptText(name: string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const main = programs[name];
  if (main === undefined) throw new Error(`no such script: ${name}`);
  const used = new Set<string>();
  const expand = (file: string): string =>
    readFileSync(join(here, file), "utf8").replace(/^# use (\S+)\n/gm, (_, each: string) => {
      if (used.has(each)) return "";
      used.add(each);
      return expand(each);
    });
  const text = expand(main);
  cache.set(name, text);
  return text;
}
