import type * as pulumi from "@pulumi/pulumi";
import type { FieldsOf } from "../../fields.ts";
import type { Host } from "../../hosts/host.ts";
import type { HostSection } from "../hostSection.ts";

/** Zato's servers. */
export interface ZatoArgs {
  /**
   * The server.conf of every Zato server of the cluster: absolute paths on the machine that runs
   * Pulumi, or `HOST:PATH` with one of `hosts`; one that is known only later, a path.
   * @default none
   */
  serverConfs?: pulumi.Input<string>[];
  /**
   * The scheduler.conf of the cluster's schedulers, as in `serverConfs`: Zato 3.0 and 3.1 only,
   * whose schedulers ask Redis, too.
   * @default none
   */
  schedulerConfs?: pulumi.Input<string>[];
  /**
   * Directories of Zato environments, as in `serverConfs`: instead of listing them, all servers in
   * there (`config/repo/server.conf` of each) and, of Zato 3.0 and 3.1, all schedulers.
   * @default none
   */
  environments?: pulumi.Input<string>[];
  /**
   * The version of Zato, "2.0", "3.0", "3.1", "3.2" or "3.3": for files that don't tell it, or
   * that an older version made.
   * @default what is in each file tells it
   */
  version?: string;
  /**
   * Seconds after which Zato gives up on a silent server; used where its file says nothing, but not
   * with Zato 2.0 and 3.0, whose client breaks with one.
   * @default 0.5
   */
  socketTimeoutSeconds?: pulumi.Input<number>;
}

export const zatoFields = {
  serverConfs: { kind: "texts", input: true },
  schedulerConfs: { kind: "texts", input: true },
  environments: { kind: "texts", input: true },
  version: { kind: "text" },
  socketTimeoutSeconds: { kind: "number", input: true, default: 0.5 },
} as const satisfies FieldsOf<ZatoArgs>;

/** The settings that say where Zato's files are. */
export const places = ["serverConfs", "schedulerConfs", "environments"] as const;
export type Place = (typeof places)[number];

/** Arguments of {@link ZatoKvdbConfig}. */
export interface ZatoKvdbConfigArgs {
  /**
   * The machine the server.conf files are on: a host, or what is known of one that it has for
   * itself.
   */
  host: Host | HostSection;
  /** The sentinels, each `HOST:PORT`. */
  sentinels: string[];
  /** Name of the master, as the sentinels know it. */
  masterName: string;
  /** `HOST:PORT` of a node, for the keys that Zato wants filled and does not connect with. */
  node: string;
  /**
   * Absolute paths of every server.conf of the cluster.
   * @default none: the stanza is only an output
   */
  serverConfs?: pulumi.Input<string>[];
  /**
   * Absolute paths of the scheduler.conf of the cluster's schedulers: Zato 3.0 and 3.1 only, whose
   * schedulers ask Redis, too.
   * @default none
   */
  schedulerConfs?: pulumi.Input<string>[];
  /**
   * Absolute paths of Zato environments: instead of listing them, all servers in there
   * (`config/repo/server.conf` of each) and, of Zato 3.0 and 3.1, all schedulers.
   * @default none
   */
  environments?: pulumi.Input<string>[];
  /**
   * The version of Zato, "2.0", "3.0", "3.1", "3.2" or "3.3": for files that don't tell it, or
   * that an older version made.
   * @default what is in each file tells it
   */
  version?: string;
  /**
   * Seconds after which Zato gives up on a silent server; used where the file says nothing, but not
   * with Zato 2.0 and 3.0, whose client breaks with one.
   * @default 0.5
   */
  socketTimeoutSeconds?: pulumi.Input<number>;
}
