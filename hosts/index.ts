import type * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "./deployment.ts";
import { DockerEngine } from "./docker/engine.ts";
import { DockerHost } from "./docker/host.ts";
import type { Host, HostArgs, LocalArgs } from "./host.ts";
import { LocalHost } from "./localHost.ts";
import { SshHost } from "./ssh/host.ts";

export { Deployment } from "./deployment.ts";
export { DockerEngine } from "./docker/engine.ts";
export type { DockerArgs } from "./docker/args.ts";
export { DockerHost } from "./docker/host.ts";
export { Host, type HostArgs, type LocalArgs } from "./host.ts";
export { LocalHost } from "./localHost.ts";
export type { BastionArgs, SshArgs, SshHostArgs } from "./ssh/args.ts";
export { SshHost } from "./ssh/host.ts";

/**
 * @param name of the component that they belong to.
 * @param wanted host name to what is known of it, with what it shares with others.
 * @returns the hosts, by name.
 */
export function createHosts(
  name: string,
  wanted: ReadonlyMap<string, HostArgs>,
  local: LocalArgs | undefined,
  opts: pulumi.ComponentResourceOptions,
  deployment: Deployment,
): Map<string, Host> {
  const hosts = new Map<string, Host>();
  const others = () => hosts.values();
  const engines = new Map<pulumi.Input<string> | undefined, DockerEngine>();
  for (const [hostName, args] of wanted) {
    const hostComponent = `${name}-${hostName}`;
    const { ssh, docker } = args;
    if (ssh)
      hosts.set(
        hostName,
        new SshHost(hostComponent, hostName, { ...args, ssh }, others, opts, deployment),
      );
    else if (docker) {
      const engine =
        engines.get(docker.engine) ??
        new DockerEngine(`${name}-docker-${hostName}`, hostName, docker, opts, deployment);
      engines.set(docker.engine, engine);
      hosts.set(
        hostName,
        new DockerHost(hostComponent, hostName, engine, args, others, opts, deployment),
      );
    } else {
      deployment.preflight.requireBeforeAnything(deployment.localUser(local?.user));
      hosts.set(
        hostName,
        new LocalHost(hostComponent, hostName, { ...args, local }, opts, deployment),
      );
    }
  }
  return hosts;
}
