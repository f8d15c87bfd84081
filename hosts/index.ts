import type * as pulumi from "@pulumi/pulumi";
import type { Host, HostArgs } from "./host.ts";
import { LocalHost } from "./local.ts";

export { Host, type HostArgs } from "./host.ts";
export { LocalHost } from "./local.ts";

/** @returns the host that `args.kind` asks for; kinds are checked by those who take them as input. */
export function createHost(name: string, hostName: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions): Host {
  return new LocalHost(name, hostName, args, opts);
}
