import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host.ts";
import { LocalHost } from "../../hosts/index.ts";
import { isLater } from "../../hosts/sdk.ts";
import type { Topology } from "../redis/topology.ts";
import { type ZatoArgs, ZatoKvdbConfig } from "./kvdbConfig.ts";
import type { ZatoFile } from "./versions.ts";

/** A server.conf or scheduler.conf of Zato's. */
export interface ZatoConf {
  file: ZatoFile;
  /** One of `hosts`; none is the machine that runs Pulumi. */
  host?: string;
  path: pulumi.Input<string>;
}

/** @returns where they are; one that is known only later is on the machine that runs Pulumi. */
export function zatoConfs({ serverConfs = [], schedulerConfs = [] }: ZatoArgs = {}): ZatoConf[] {
  const of = (file: ZatoFile, confs: readonly pulumi.Input<string>[]) =>
    confs.map((conf) => ({ file, ...(isLater(conf) ? { path: conf } : zatoPlace(conf)) }));
  return [...of("server", serverConfs), ...of("scheduler", schedulerConfs)];
}

/** `PATH` or `HOST:PATH`. */
export function zatoPlace(conf: string): { host?: string; path: string } {
  const [, host, path] = /^([^/:]+):(\/.*)$/s.exec(conf) ?? [];
  return host !== undefined && path !== undefined ? { host, path } : { path: conf };
}

/** What Zato's servers are told of, and from where. */
export interface ZatoServersArgs {
  /** Name of the component that it is a part of. */
  name: string;
  parent: pulumi.Resource;
  topology: Topology;
  hostOf: (host: string) => Host;
  confs: readonly ZatoConf[];
  zato: ZatoArgs | undefined;
  dependsOn: pulumi.Resource[];
}

/**
 * Points Zato's servers to the sentinels: those on the machine that runs Pulumi, and then those on
 * each other host.
 *
 * @returns the first, which is there also without any server.
 */
export function zatoServers(args: ZatoServersArgs): ZatoKvdbConfig {
  const { name, parent, topology, hostOf, confs, zato = {}, dependsOn } = args;
  const [firstNode] = topology.nodes as [Topology["nodes"][0]];
  const zatoOn = (suffix: string, host: Host, on: string | undefined) => {
    const paths = (wanted: ZatoFile) =>
      confs.filter((conf) => conf.file === wanted && conf.host === on).map(({ path }) => path);
    return new ZatoKvdbConfig(
      `${name}-zato${suffix}`,
      {
        host,
        sentinels: topology.sentinels.map(({ host, port }) => `${host}:${port}`),
        masterName: topology.masterName,
        node: `${firstNode.host}:${firstNode.port}`,
        version: zato.version,
        serverConfs: paths("server"),
        schedulerConfs: paths("scheduler"),
        socketTimeoutSeconds: zato.socketTimeoutSeconds,
      },
      { parent, dependsOn },
    );
  };
  const firstHost = hostOf(firstNode.host);
  const thisMachine =
    firstHost.machine === "localhost" || confs.every(({ host }) => host !== undefined)
      ? firstHost
      : new LocalHost(`${name}-here`, "localhost", {}, { parent }, firstHost.deployment);
  const zatoHere = zatoOn("", thisMachine, undefined);
  for (const host of new Set(confs.flatMap(({ host }) => host ?? [])))
    zatoOn(`-${host}`, hostOf(host), host);
  return zatoHere;
}
