import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host.ts";
import { LocalHost } from "../../hosts/index.ts";
import { isLater } from "../../hosts/sdk.ts";
import type { Topology } from "../redis/topology.ts";
import { type Place, places, type ZatoArgs } from "./args.ts";
import { ZatoKvdbConfig } from "./kvdbConfig.ts";

/** Where files of Zato's are. */
export interface ZatoConf {
  /** Which setting says it. */
  place: Place;
  /** One of `hosts`; none is the machine that runs Pulumi. */
  host?: string;
  path: pulumi.Input<string>;
}

/** @returns where they are; one that is known only later is on the machine that runs Pulumi. */
export function zatoConfs(zato: ZatoArgs = {}): ZatoConf[] {
  return places.flatMap((place) =>
    (zato[place] ?? []).map((conf) => ({
      place,
      ...(isLater(conf) ? { path: conf } : zatoPlace(conf)),
    })),
  );
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
    const paths = (place: Place) =>
      confs.filter((conf) => conf.place === place && conf.host === on).map(({ path }) => path);
    return new ZatoKvdbConfig(
      `${name}-zato${suffix}`,
      {
        host,
        sentinels: topology.sentinels.map(({ host, port }) => `${host}:${port}`),
        masterName: topology.masterName,
        node: `${firstNode.host}:${firstNode.port}`,
        version: zato.version,
        serverConfs: paths("serverConfs"),
        schedulerConfs: paths("schedulerConfs"),
        environments: paths("environments"),
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
