import type * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "./deployment.ts";
import { DockerEngine } from "./docker/engine.ts";
import { type ContainerArgs, DockerHost } from "./docker/host.ts";
import type { Host, HostArgs, LocalArgs } from "./host.ts";
import { LocalHost } from "./localHost.ts";
import { type MachineArgs, SshHost } from "./ssh/host.ts";

export { Deployment } from "./deployment.ts";
export { DockerEngine } from "./docker/engine.ts";
export { type ContainerArgs, DockerHost } from "./docker/host.ts";
export { Host, type HostArgs, type LocalArgs } from "./host.ts";
export { LocalHost } from "./localHost.ts";
export { type MachineArgs, SshHost } from "./ssh/host.ts";

/** The kinds of host that there are. */
export const hostKinds = ["local", "docker", "ssh"] as const;

/**
 * @param name of the component that they belong to.
 * @param wanted host name to what is known of it; kinds are checked by those who take them as input.
 * @returns the hosts, by name.
 */
export function createHosts(
  name: string,
  wanted: Map<string, HostArgs>,
  common: ContainerArgs & MachineArgs & LocalArgs,
  opts: pulumi.ComponentResourceOptions,
  deployment: Deployment,
): Map<string, Host> {
  const hosts = new Map<string, Host>();
  const engines = new Map<pulumi.Input<string> | undefined, DockerEngine>();
  for (const [hostName, args] of wanted) {
    const hostComponent = `${name}-${hostName}`;
    if (args.kind === "ssh")
      hosts.set(hostName, new SshHost(hostComponent, hostName, { ...common, ...args }, () => hosts.values(), opts, deployment));
    if (args.kind !== "docker" && args.kind !== "ssh") {
      const { localUser } = common;
      deployment.preflight.requireBeforeAnything(deployment.localUser(localUser));
      hosts.set(hostName, new LocalHost(hostComponent, hostName, { ...args, localUser }, opts, deployment));
    }
    if (args.kind !== "docker") continue;
    const engine = engines.get(args.engine) ?? new DockerEngine(`${name}-docker-${hostName}`, hostName, args, opts, deployment);
    engines.set(args.engine, engine);
    hosts.set(hostName, new DockerHost(hostComponent, hostName, engine, { ...common, ...args }, () => hosts.values(), opts, deployment));
  }
  return hosts;
}
