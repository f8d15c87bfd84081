import type * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host.ts";
import { render } from "../../templates/render.ts";
import { sentinelDirectiveLines } from "./directives.ts";
import { placeValues, type ServerPlace } from "./serverConf.ts";
import { featuresOf, type ServerVersion } from "./version.ts";

/** A master that a sentinel watches. */
export interface MonitoredMasterArgs {
  /** What clients ask for. */
  name: string;
  /** Name of the node to start with where nobody knows the master yet. */
  initialMaster: string;
  /** Sentinels that have to agree that it is down. */
  quorum: pulumi.Input<number>;
  /** Silence in ms after which it is taken for down. */
  downAfterMilliseconds: pulumi.Input<number>;
  /** Replicas that synchronise with a new master at a time. */
  parallelSyncs: pulumi.Input<number>;
  /** Time in ms that a failover may take. */
  failoverTimeoutMilliseconds: pulumi.Input<number>;
}

/** What is in a sentinel's settings.conf, all of it known. */
export interface SentinelSettings extends ServerPlace {
  host: Pick<Host, "hostName">;
  directives?: Record<string, string>;
}

/** @returns a sentinel's settings.conf, in the words of that server version. */
export function sentinelConf(args: SentinelSettings, version: ServerVersion): string {
  const { hostNames } = featuresOf(version);
  return render("sentinel.conf.hbs", {
    ...placeValues(args),
    hostNames,
    announce: hostNames ? args.host.hostName : args.address,
    directives: sentinelDirectiveLines(args.directives ?? {}),
  });
}

/** @returns masters.conf: the options of each master, and the directives that are a master's. */
export function mastersConf(
  masters: readonly pulumi.Unwrap<MonitoredMasterArgs>[],
  directives: Record<string, string>,
): string {
  return render("masters.conf.hbs", {
    masters: masters.map((master) => ({
      ...master,
      directives: sentinelDirectiveLines(directives, master.name),
    })),
  });
}
