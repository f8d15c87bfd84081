import * as pulumi from "@pulumi/pulumi";
import { type Problem, refuseAny } from "../errors.ts";
import type { Host } from "../hosts/host.ts";
import type { Access } from "./access.ts";
import { checkNames } from "../hosts/names.ts";
import { isLater, knownNow } from "../hosts/sdk.ts";
import type { HostSection } from "./hostSection.ts";
import type { TimeoutsArgs } from "./redis/args.ts";
import { type Directives, directiveProblems, sentinelScripts } from "./redis/directives.ts";
import type { Located } from "./redis/lifecycleParameters.ts";
import { mastersConf, type MonitoredMasterArgs, sentinelConf } from "./redis/sentinelConf.ts";
import type { ServerVersion } from "./redis/version.ts";
import { ServerProcess } from "./serverProcess.ts";
import { masterProblems, placeProblems, serverProblems } from "./standaloneProblems.ts";

/** Arguments of {@link Sentinel}. */
export interface SentinelArgs {
  /** Its name in `sentinels`. @default the resource's name */
  sentinelName?: string;
  /** The machine it runs on: a host, or what is known of one that it has for itself. */
  host: Host | HostSection;
  /** TCP port. */
  port: number;
  /** What it watches. */
  masters: MonitoredMasterArgs[];
  /**
   * Replicas and sentinels that it is not to know any more, each `HOST:PORT` as it lists them.
   * @default none
   */
  forget?: pulumi.Input<string>[];
  /** All nodes of the masters, with the addresses under which this host reaches them. */
  nodes: Located[];
  /** All sentinels, this one among them. */
  sentinels: Located[];
  /**
   * What it listens on, as in sentinel.conf. @default what is right for the host: its name, in a
   * container every address
   */
  bind?: string;
  /**
   * Listen where others than the machine itself reach it, although it has no passwords.
   * @default false
   */
  openWithoutPasswords?: boolean;
  /**
   * Further options of Sentinel: what stands after the option, and after the master's name where it
   * is about a master. @default none
   */
  directives?: Directives;
  /** The server program. @default "redis-server", or "valkey-server" where there is only that */
  serverBinary?: pulumi.Input<string>;
  /** The client program. @default the one that belongs to `serverBinary` */
  cliBinary?: pulumi.Input<string>;
  /** How long it may take. */
  timeouts?: TimeoutsArgs;
}

/** Bytes: what a Sentinel and the scripts around it take is a few MiB. */
const memoryBytes = 64 * 2 ** 20;

/**
 * One Sentinel: port and options are the stack's; what it has learnt (myid, epochs, addresses) is
 * its own.
 */
export class Sentinel extends pulumi.ComponentResource {
  /** Which server it runs. */
  readonly version: pulumi.Output<ServerVersion>;
  /** What this server version lacks, for the operator to read. */
  readonly limitations: pulumi.Output<string[]>;
  /** Changes whenever the process does: its settings, or by being started or repaired. */
  readonly revision: pulumi.Output<string>;

  /**
   * @param after what its process comes after as well; the component itself does not wait.
   * @param access who may log in. @default whoever reaches it does what he likes
   */
  constructor(
    resourceName: string,
    args: SentinelArgs,
    opts?: pulumi.ComponentResourceOptions,
    after: pulumi.Input<pulumi.Resource>[] = [],
    access?: Access,
  ) {
    super("redis-ha:index:Sentinel", resourceName, {}, opts);
    const problems = [
      ...directiveProblems("sentinel", knownNow(args.directives ?? {})),
      ...serverProblems(args),
      ...args.masters.flatMap((master) => masterProblems(master.name, master.initialMaster)),
      ...forgetProblems(args.forget ?? []),
    ];
    refuseAny(problems, resourceName);
    const name = args.sentinelName ?? resourceName;
    checkNames({ name: resourceName, sentinelName: name });
    const sentinel = new ServerProcess(
      "sentinel",
      this,
      resourceName,
      name,
      args,
      opts?.dependsOn,
      after,
      access,
    );
    this.version = sentinel.version;
    this.limitations = sentinel.limitations;
    for (const option of sentinelScripts) {
      const program = args.directives?.[option];
      if (program !== undefined)
        sentinel.host.requireProgram(`sentinel.directives.${option}`, program);
    }

    const masters = pulumi.output(args.masters);
    const [first] = args.masters;
    const parameters = pulumi
      .all([masters, pulumi.output(args.forget)])
      .apply(([watched, forget]) => ({
        masterName: first?.name ?? "",
        initialMaster: first?.initialMaster ?? "",
        monitored: watched.map(
          (master) => `${master.name} ${master.initialMaster} ${master.quorum}`,
        ),
        forget,
      }));
    const settings = pulumi
      .all([sentinel.version, sentinel.place, sentinel.directives])
      .apply(([version, place, directives]) =>
        sentinelConf({ host: sentinel.host, ...place, directives }, version),
      );
    const ofMasters = pulumi
      .all([masters, sentinel.directives])
      .apply(([watched, directives]) => mastersConf(watched, directives));
    this.revision = sentinel.keep(
      {
        parameters: sentinel.parameters(parameters),
        "settings.conf": settings,
        "masters.conf": ofMasters,
      },
      memoryBytes,
    );
    this.registerOutputs(sentinel.outputs());
  }
}

function forgetProblems(forget: readonly pulumi.Input<string>[]): Problem[] {
  return forget.flatMap((each, index) =>
    isLater(each) ? [] : placeProblems(`forget[${index}]`, each),
  );
}
