import type * as pulumi from "@pulumi/pulumi";
import { createHosts, Deployment, Host, type HostArgs, type LocalArgs, type MachineArgs } from "../hosts/index.ts";
import { hostProblems } from "./hostProblems.ts";
import { notAllowed, refuseAny } from "../errors.ts";
import { requireLater } from "./later.ts";
import { isHostName } from "./redis/topology.ts";

/** A host by what is known of it, for one component alone. */
export interface HostSection extends HostArgs, LocalArgs, MachineArgs {
  /** The network name under which clients and the other hosts reach it. */
  name: string;
}

/**
 * @param component name of the one that it is for; what the host consists of is below that.
 * @returns the host itself, or the one that a section describes: local or over SSH, as only RedisHa tells containers of each other.
 * @throws InputError where the section can't be one.
 */
export function hostFrom(
  given: Host | HostSection,
  component: string,
  parent: pulumi.Resource,
  dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): Host {
  if (given instanceof Host) return given;
  const { name, ...section } = given;
  const problems = hostProblems("host", section);
  if (!isHostName(name)) problems.push(notAllowed("host.name", name, "as a host name, letters, digits, '-', '_' and '.'"));
  if (section.kind === "docker")
    problems.push(notAllowed("host.kind", "docker", "local or ssh; containers are RedisHa's, which tells them of each other"));
  refuseAny(problems, component);
  const deployment = new Deployment(component, { parent, dependsOn }, { [name]: section.directory }, [], section.localUser);
  requireLater(deployment.preflight, section, (known) => hostProblems("host", known), "host");
  return createHosts(component, new Map([[name, section]]), section, { parent }, deployment).get(name) as Host;
}
