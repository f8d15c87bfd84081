import { isAbsolute, relative } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { notAllowed, type Problem } from "../../errors.ts";
import type { ZatoArgs } from "./args.ts";
import { refusalOf, versionsNamed } from "./versions.ts";

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

/** @returns what is wrong with the files, the version, and what depends on that. */
export function zatoProblems(zato: pulumi.Unwrap<ZatoArgs>): Problem[] {
  const { version, serverConfs = [], schedulerConfs = [], environments = [] } = zato;
  const { socketTimeoutSeconds: timeout } = zato;
  const problems: Problem[] = [];
  const refuse = (field: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(`zato.${field}`, value, allowed));
  for (const [list, confs] of Object.entries({ serverConfs, schedulerConfs, environments }))
    for (const [index, file] of confs.entries())
      if (!isAbsolute(file) || /[\n\r\0]/.test(file) || confs.indexOf(file) !== index)
        refuse(`${list}[${index}]`, file, "an absolute path, each once");
      else if (environments.some((each) => isWithin(file, each)))
        refuse(`${list}[${index}]`, file, "one that is in none of zato.environments already");
  if (timeout !== undefined && !(timeout > 0 && timeout <= 3600))
    refuse("socketTimeoutSeconds", timeout, "seconds above 0, 3600 at most");
  if (version === undefined) return problems;
  const allowed = refusalOf(version);
  if (allowed !== undefined) {
    refuse("version", version, allowed);
    return problems;
  }
  const versions = versionsNamed(version);
  if (timeout !== undefined && !versions.timeout)
    refuse(
      "socketTimeoutSeconds",
      timeout,
      `none with Zato ${version}, whose client breaks with it`,
    );
  if (schedulerConfs[0] !== undefined && !versions.scheduler)
    refuse(
      "schedulerConfs[0]",
      schedulerConfs[0],
      `none with Zato ${version}: only the schedulers of 3.0 and 3.1 ask Redis`,
    );
  return problems;
}
