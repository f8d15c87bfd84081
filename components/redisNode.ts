import * as pulumi from "@pulumi/pulumi";
import { refuseAny } from "../errors.ts";
import type { Host } from "../hosts/host.ts";
import type { Access } from "./access.ts";
import { checkNames } from "../hosts/names.ts";
import { knownNow } from "../hosts/sdk.ts";
import type { HostSection } from "./hostSection.ts";
import type { RedisArgs, TimeoutsArgs } from "./redis/args.ts";
import { directiveProblems } from "./redis/directives.ts";
import type { Located } from "./redis/lifecycleParameters.ts";
import { memoryFor, nodeConf, persistenceOf } from "./redis/nodeConf.ts";
import type { ServerVersion } from "./redis/version.ts";
import { ServerProcess } from "./serverProcess.ts";
import { masterProblems, serverProblems } from "./standaloneProblems.ts";

/** Arguments of {@link RedisNode}. */
export interface RedisNodeArgs extends RedisArgs {
  /** Its name in `nodes`. @default the resource's name */
  nodeName?: string;
  /** The machine it runs on: a host, or what is known of one that it has for itself. */
  host: Host | HostSection;
  /** TCP port. */
  port: number;
  /**
   * All nodes of the same master, this one among them, with the addresses under which this host
   * reaches them.
   */
  nodes: Located[];
  /** The sentinels that watch the master. */
  sentinels: Located[];
  /** Name of the master, as the sentinels know it. */
  masterName: string;
  /** Name of the node that is the master when everything is created. */
  initialMaster: string;
  /**
   * Silence in ms after which the sentinels take it for down: a blocked server is let be for at
   * least as long. @default 10000
   */
  downAfterMilliseconds?: pulumi.Input<number>;
  /**
   * What it listens on, as in redis.conf. @default what is right for the host: its name, in a
   * container every address
   */
  bind?: string;
  /**
   * Listen where others than the machine itself reach it, although it has no passwords.
   * @default false
   */
  openWithoutPasswords?: boolean;
  /** How long it may take. */
  timeouts?: TimeoutsArgs;
}

/** One Redis server: its settings are the stack's, its role is Sentinel's. */
export class RedisNode extends pulumi.ComponentResource {
  /** Which server it runs. */
  readonly version: pulumi.Output<ServerVersion>;
  /** What this server version lacks, for the operator to read. */
  readonly limitations: pulumi.Output<string[]>;
  /** Changes whenever the process does: its settings, or by being started or repaired. */
  readonly revision: pulumi.Output<string>;
  readonly #runs: pulumi.Output<string>;

  /**
   * @param after what its process comes after as well; the component itself does not wait.
   * @param access who may log in. @default whoever reaches it does what he likes
   */
  constructor(
    resourceName: string,
    args: RedisNodeArgs,
    opts?: pulumi.ComponentResourceOptions,
    after: pulumi.Input<pulumi.Resource>[] = [],
    access?: Access,
  ) {
    super("redis-ha:index:RedisNode", resourceName, {}, opts);
    const { masterName, initialMaster } = args;
    const problems = [
      ...directiveProblems("redis", knownNow(args.directives ?? {})),
      ...serverProblems(args),
      ...masterProblems(masterName, initialMaster),
    ];
    refuseAny(problems, resourceName);
    const name = args.nodeName ?? resourceName;
    checkNames({ name: resourceName, nodeName: name });
    const node = new ServerProcess(
      "node",
      this,
      resourceName,
      name,
      args,
      opts?.dependsOn,
      after,
      access,
    );
    this.version = node.version;
    this.limitations = node.limitations;
    this.#runs = node.runs;

    const { appendOnly, minReplicasMaxLagSeconds, downAfterMilliseconds } = args;
    const minReplicasToWrite = args.minReplicasToWrite ?? (args.nodes.length > 2 ? 1 : 0);
    const values = pulumi.output({
      appendOnly,
      minReplicasToWrite,
      minReplicasMaxLagSeconds,
      downAfterMilliseconds,
    });
    const parameters = pulumi
      .all([values, node.directives])
      .apply(([{ downAfterMilliseconds, ...known }, directives]) => ({
        masterName,
        initialMaster,
        persistence: persistenceOf(directives, known.appendOnly),
        minReplicas: known.minReplicasToWrite,
        downAfterMilliseconds,
      }));
    const settings = pulumi
      .all([node.version, node.place, values, node.directives])
      .apply(([version, place, known, directives]) =>
        nodeConf({ host: node.host, ...known, ...place, directives }, version),
      );
    this.revision = node.keep(
      { parameters: node.parameters(parameters), "settings.conf": settings },
      node.directives.apply(({ maxmemory }) => memoryFor(maxmemory)),
    );
    this.registerOutputs(node.outputs());
  }
  /** Which server a node was told to run last, with its build; empty where it was never told. */
  static runs(node: RedisNode): pulumi.Output<string> {
    return node.#runs;
  }
}
