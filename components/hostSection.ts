import type * as pulumi from "@pulumi/pulumi";
import { isHostName } from "../hosts/names.ts";
import { createHosts, Deployment, Host, type HostArgs, type LocalArgs } from "../hosts/index.ts";
import { notAllowed, refuseAny } from "../errors.ts";
import { shapeProblems } from "../fields.ts";
import { hostFields, hostProblems, localFields } from "./hostProblems.ts";
import { requireLater } from "./later.ts";

/** A host by what is known of it, for one component alone. */
export interface HostSection extends HostArgs {
  /** The network name under which clients and the other hosts reach it. */
  name: string;
  /** Where it is the machine that runs Pulumi. */
  local?: LocalArgs;
}

const sectionFields = {
  ...hostFields,
  name: { kind: "text" },
  local: { section: localFields },
} as const;

/**
 * @param component name of the one that it is for; what the host consists of is below that.
 * @returns the host itself, or the one that a section describes: local or over SSH, as only RedisHa
 * tells containers of each other.
 * @throws InputError where the section can't be one.
 */
export function hostFrom(
  given: Host | HostSection,
  component: string,
  parent: pulumi.Resource,
  dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): Host {
  if (given instanceof Host) return given;
  const { unknown, wrong } = shapeProblems(given, sectionFields, "host");
  if (wrong.length > 0) refuseAny([...unknown, ...wrong], component);
  const { name, local, ...section } = given;
  const problems = [...unknown, ...hostProblems("host", section)];
  if (!isHostName(name))
    problems.push(
      notAllowed("host.name", name, "as a host name, letters, digits, '-', '_' and '.'"),
    );
  if (section.docker)
    problems.push(
      notAllowed(
        "host.docker",
        section.docker,
        "nothing: containers are RedisHa's, which tells them of each other",
      ),
    );
  refuseAny(problems, component);
  const deployment = new Deployment(
    component,
    { parent, dependsOn },
    { [name]: section.directory },
    [],
    local?.user,
  );
  requireLater(deployment.preflight, section, (known) => hostProblems("host", known), "host");
  return createHosts(component, new Map([[name, section]]), local, { parent }, deployment).get(
    name,
  ) as Host;
}
