import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../hosts/host.ts";
import { assignments } from "../hosts/shell.ts";

/** Arguments of {@link HostsEntries}. */
export interface HostsEntriesArgs {
  /** The machine whose file it is. */
  host: Host;
  /** Host name to IP address. */
  entries: Record<string, pulumi.Input<string>>;
  /** Absolute path of the file. @default "/etc/hosts" */
  file?: string;
}

/** A marked block of names and addresses in a hosts file; every other byte of it stays as it is. */
export class HostsEntries extends pulumi.ComponentResource {
  constructor(name: string, args: HostsEntriesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:HostsEntries", name, {}, opts);
    const { deployment } = args.host;
    const settings = pulumi.all([args.entries, deployment.identity, deployment.named(name)]).apply(([entries, { project, stack }, named]) =>
      assignments({
        FILE: args.file ?? "/etc/hosts",
        OWNER: `pulumi-redis-ha/${project}/${stack}/${named}`,
        ENTRIES: Object.entries(entries).map(([host, address]) => `${address} ${host}`),
      }),
    );
    args.host.edit(`${name}-entries`, { field: "hostsFile", script: "hosts-entries.sh", settings }, { parent: this });
    this.registerOutputs();
  }
}
