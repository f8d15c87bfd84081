import { createHash } from "node:crypto";
import type * as Docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { isLoopback } from "../address.ts";
import { handOverSeconds, type Host, type ProcessArgs } from "../host.ts";
import type { DockerEngine } from "./engine.ts";
import type { Layout } from "./layout.ts";

/**
 * A container's first process: waits until the scripts are there and its user's own, then is the
 * process's parent.
 */
const boot = `trap 'exit 0' INT TERM; until [ -s "$0" ] && [ -w "$0" ]; do sleep 0.1; done; exec sh "$0" supervise "$1"`;

/** What the containers of one host have in common. */
export interface ContainerHost {
  engine: DockerEngine;
  image: pulumi.Input<string>;
  /** Of its processes, as Docker takes it. */
  user: string;
  layout: Layout;
  hostName: string;
  /** Of the machine, for clients. */
  address: pulumi.Output<string>;
  /** All hosts of the whole, this one among them: the containers have to know them by name. */
  others: () => Iterable<Host>;
  /** Whether the volumes stay when the deployment goes. */
  keepVolumes: boolean;
}

/** @returns what a container is made of, but its labels and its volume. */
export function containerArgs(
  { engine, image, user, layout, hostName, address, others }: ContainerHost,
  process: string,
  { port, stopSeconds }: ProcessArgs,
): Omit<Docker.ContainerArgs, "name"> {
  const addresses = pulumi
    .all([address, engine.gateway])
    .apply(([own, gateway]) => (isLoopback(own) ? [own, gateway] : [own]));
  return {
    image: engine.image(image),
    entrypoints: ["sh", "-c", boot, layout.script("host.sh"), layout.directory(process)],
    hostname: process,
    user,
    readOnly: true,
    tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16m" },
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    networksAdvanced: [{ name: engine.networkName, aliases: [hostName, process] }],
    hosts: [...others()].map((other) => ({ host: other.hostName, ip: other.announcedAddress })),
    ports: addresses.apply((ips) =>
      ips.map((ip) => ({ internal: port, external: port, ip, protocol: "tcp" })),
    ),
    restart: "unless-stopped",
    healthcheck: {
      tests: ["CMD", "sh", layout.script("lifecycle.sh"), "alive", layout.directory(process)],
      interval: "10s",
      timeout: "5s",
      startPeriod: "1m0s",
      retries: 3,
    },
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    mustRun: true,
    stopTimeout: stopSeconds + handOverSeconds,
    destroyGraceSeconds: stopSeconds + handOverSeconds,
  };
}

/** @returns the labels of what belongs to a process. */
export function labelsOf(
  { engine, hostName, address }: ContainerHost,
  process: string,
  { port }: ProcessArgs,
): { label: string; value: pulumi.Input<string> }[] {
  return [
    ...engine.labels,
    { label: "pulumi-redis-ha.host", value: hostName },
    { label: "pulumi-redis-ha.process", value: process },
    { label: "pulumi-redis-ha.endpoint", value: pulumi.interpolate`${address}:${port}` },
  ];
}

/** What a container is made of, but what can be changed while it runs. */
export function digestOf(spec: object): string {
  return createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 16);
}
