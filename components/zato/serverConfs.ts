import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host.ts";
import { LocalHost } from "../../hosts/index.ts";
import { isLater } from "../../hosts/sdk.ts";
import type { Topology } from "../redis/topology.ts";
import { type ZatoArgs, ZatoKvdbConfig } from "./kvdbConfig.ts";

/** A server.conf of Zato's. */
export interface ServerConf {
  /** One of `hosts`; none is the machine that runs Pulumi. */
  host?: string;
  path: pulumi.Input<string>;
}

/** @returns where they are; one that is known only later is on the machine that runs Pulumi. */
export function serverConfsOf(given: readonly pulumi.Input<string>[] = []): ServerConf[] {
  return given.map((conf) => (isLater(conf) ? { path: conf } : zatoPlace(conf)));
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
  confs: readonly ServerConf[];
  socketTimeoutSeconds: ZatoArgs["socketTimeoutSeconds"];
  dependsOn: pulumi.Resource[];
}

/**
 * Points Zato's servers to the sentinels: those on the machine that runs Pulumi, and then those on
 * each other host.
 *
 * @returns the first, which is there also without any server.
 */
export function zatoServers(args: ZatoServersArgs): ZatoKvdbConfig {
  const { name, parent, topology, hostOf, confs, socketTimeoutSeconds, dependsOn } = args;
  const [firstNode] = topology.nodes as [Topology["nodes"][0]];
  const zatoOn = (suffix: string, host: Host, serverConfs: pulumi.Input<string>[]) =>
    new ZatoKvdbConfig(
      `${name}-zato${suffix}`,
      {
        host,
        sentinels: topology.sentinels.map(({ host, port }) => `${host}:${port}`),
        masterName: topology.masterName,
        node: `${firstNode.host}:${firstNode.port}`,
        serverConfs,
        socketTimeoutSeconds,
      },
      { parent, dependsOn },
    );
  const here = confs.filter(({ host }) => host === undefined).map(({ path }) => path);
  const firstHost = hostOf(firstNode.host);
  const thisMachine =
    firstHost.machine === "localhost" || here.length === 0
      ? firstHost
      : new LocalHost(`${name}-here`, "localhost", {}, { parent }, firstHost.deployment);
  const zatoHere = zatoOn("", thisMachine, here);
  for (const host of new Set(confs.flatMap(({ host }) => host ?? []))) {
    zatoOn(
      `-${host}`,
      hostOf(host),
      confs.filter((conf) => conf.host === host).map(({ path }) => path),
    );
  }
  return zatoHere;
}
