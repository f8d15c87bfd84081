import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host.ts";
import { assignments } from "../hosts/shell.ts";
import { notAllowed, type Problem, refuseAny } from "../errors.ts";
import { isHostName, isPlainPath } from "../hosts/names.ts";
import { isLater } from "../hosts/sdk.ts";
import { given } from "./given.ts";
import { hostFrom, type HostSection } from "./hostSection.ts";

/** Arguments of {@link HostsEntries}. */
export interface HostsEntriesArgs {
  /** The machine whose file it is: a host, or what is known of one that it has for itself. */
  host: Host | HostSection;
  /** Host name to IP address. */
  entries: Record<string, pulumi.Input<string>>;
  /** Absolute path of the file. @default "/etc/hosts" */
  file?: string;
}

/** A marked block of names and addresses in a hosts file; every other byte of it stays as it is. */
export class HostsEntries extends pulumi.ComponentResource {
  constructor(name: string, args: HostsEntriesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:HostsEntries", name, {}, opts);
    refuseAny(entriesProblems(args), name);
    const place = hostFrom(args.host, name, this, opts?.dependsOn);
    const settings = pulumi
      .all([args.entries, place.deployment.ownerOf(name)])
      .apply(([entries, owner]) =>
        assignments({
          FILE: args.file ?? "/etc/hosts",
          OWNER: owner,
          ENTRIES: Object.entries(entries).map(([host, address]) => `${address} ${host}`),
        }),
      );
    place.edit(
      `${name}-entries`,
      { field: "hostsFile", script: "hosts-entries.sh", settings },
      { parent: this },
    );
    this.registerOutputs({ args: given(args, place.deployment.preflight) });
  }
}

/** @returns what is wrong with what is to be written, as far as it is known. */
function entriesProblems({ entries, file }: HostsEntriesArgs): Problem[] {
  const problems =
    file === undefined || isPlainPath(file)
      ? []
      : [notAllowed("file", file, "an absolute path without control characters")];
  for (const [host, address] of Object.entries(entries)) {
    if (!isHostName(host))
      problems.push(notAllowed(`entries.${host}`, host, "as a name, a host's"));
    if (!isLater(address) && isIP(address) === 0)
      problems.push(notAllowed(`entries.${host}`, address, "an IP address"));
  }
  return problems;
}

/**
 * One block on each machine, however many of the hosts it is; where none is wanted, the names have
 * to be known without.
 *
 * @param name of the component whose hosts they are.
 * @param hosts all of the whole, whose names are written.
 */
export function hostsEntriesOn(
  name: string,
  hosts: readonly Host[],
  { hostsEntries, hostsFile: file }: { hostsEntries?: boolean; hostsFile?: string },
  parent: pulumi.Resource,
): HostsEntries[] {
  const entries = Object.fromEntries(hosts.map(({ hostName, address }) => [hostName, address]));
  const machines = hosts.filter(
    ({ machine }, index) => hosts.findIndex((other) => other.machine === machine) === index,
  );
  if (hostsEntries !== false) {
    return machines.map(
      (host) =>
        new HostsEntries(`${name}-hosts-${host.hostName}`, { host, entries, file }, { parent }),
    );
  }
  for (const host of machines) host.requireNames(entries);
  return [];
}
