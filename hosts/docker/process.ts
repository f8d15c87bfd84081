import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../deployment.ts";
import type { Placement, ProcessArgs } from "../host.ts";
import type { ContainerCommands } from "./commands.ts";
import { containerArgs, type ContainerHost, digestOf, labelsOf } from "./container.ts";
import { mount } from "./layout.ts";
import { docker } from "./package.ts";

/** A process, on its host. */
export interface ProcessPlace extends ContainerHost {
  deployment: Deployment;
  /** The name of its container, and of its volume. */
  container: pulumi.Output<string>;
  commands: ContainerCommands;
  placement: Placement;
}

/**
 * Keeps a process in a container of its own: its volume, what hands over before the container is
 * replaced, the container, and the step that gives it its settings.
 *
 * @param name of its component.
 * @param instance the identity to record.
 */
export function processInContainer(
  name: string,
  process: string,
  args: ProcessArgs,
  place: ProcessPlace,
  instance: pulumi.Output<string>,
): pulumi.Resource {
  const { deployment, container, commands } = place;
  const { provider } = place.engine;
  const { parent, dependsOn = [], beforeAnything = dependsOn } = place.placement;
  const labels = labelsOf(place, process, args);
  const volume = new (docker().Volume)(
    `${name}-volume`,
    { name: deployment.preflight.afterChecks(container), labels },
    // One that was taken over keeps the labels that it has.
    { parent, provider, retainOnDelete: place.keepVolumes, ignoreChanges: ["labels"] },
  );
  const spec = {
    ...containerArgs(place, process, args),
    labels,
    volumes: [{ volumeName: volume.name, containerPath: mount }],
  };
  const digest = pulumi.output(spec).apply(digestOf);
  // A container that was never there keeps nobody waiting, and need not wait itself.
  const before = deployment.isPopulated.apply((populated) =>
    populated ? dependsOn : beforeAnything,
  );
  // Before the container is replaced, not while it is: where nobody can take over, it has to stay
  // as it is.
  const handedOver = new local.Command(
    `${name}-handover`,
    {
      create: commands.handOver(),
      stdin: pulumi.interpolate`${digest}\n`,
      addPreviousOutputInEnv: false,
    },
    { parent, dependsOn: before },
  );
  const megabytes = pulumi
    .output(args.memoryBytes)
    .apply((bytes) => (bytes === undefined ? undefined : Math.ceil(bytes / 2 ** 20)));
  const running = new (docker().Container)(
    `${name}-container`,
    { ...spec, memory: megabytes, memorySwap: megabytes, name: container },
    {
      parent,
      provider,
      dependsOn: before.apply((resources) => [handedOver, ...resources]),
      deleteBeforeReplace: true,
      // Engines list the addresses of a port in an order of their own, which the provider takes for
      // a change; a real one changes a label.
      ignoreChanges: ["ports"],
      // The provider takes changes of these and does nothing.
      replaceOnChanges: ["healthcheck", "tmpfs", "init"],
    },
  );
  // Whether the whole is created for the first time, only a creation has to know.
  const known = deployment.isPopulated.apply((populated) => (populated ? "known" : ""));
  return new local.Command(
    `${name}-process`,
    {
      create: commands.put("create", place.user),
      update: commands.put("update", place.user),
      stdin: commands.settings(digest, deployment, instance, args.files),
      environment: { KNOWN: known },
      addPreviousOutputInEnv: false,
    },
    { parent, dependsOn: [running, ...dependsOn], ignoreChanges: ["environment"] },
  );
}
