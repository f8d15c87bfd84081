import * as pulumi from "@pulumi/pulumi";
import { requireBeforeAnything } from "../hosts/gate.ts";
import type { Host } from "../hosts/host.ts";
import { render } from "../templates/render.ts";
import { InputError } from "./inputError.ts";
import { type Limits, lifecycleParameters, type Located } from "./parameters.ts";
import { checkedVersion, clientOf, digest } from "./server.ts";
import { featuresOf, limitationsOf, type ServerVersion } from "./serverVersion.ts";
import { settingLines, settingsProblems } from "./settings.ts";

/** Arguments of {@link RedisNode}. */
export interface RedisNodeArgs {
  /** Its name in `nodes`. @default the resource's name */
  nodeName?: string;
  /** The machine it runs on. */
  host: Host;
  /** TCP port. */
  port: number;
  /** All nodes of the same master, this one among them. */
  nodes: Located[];
  /** The sentinels that watch the master. */
  sentinels: Located[];
  /** Name of the master, as the sentinels know it. */
  masterName: string;
  /** Name of the node that is the master when everything is created. */
  initialMaster: string;
  /** Keep every acknowledged write in the append-only file. @default true */
  appendOnly?: boolean;
  /** Replicas that a master has to have to accept writes: bounds what a partition can lose. @default 0 */
  minReplicasToWrite?: number;
  /** Seconds after which a silent replica does not count for that. @default 10 */
  minReplicasMaxLagSeconds?: number;
  /** What it listens on, as in redis.conf. @default the host's name */
  bind?: string;
  /** Further directives of redis.conf. */
  settings?: Record<string, string>;
  /** The server program. @default "redis-server" */
  server?: string;
  /** The client program. @default the one that belongs to `server` */
  cli?: string;
  /** @default 60 s each */
  limits?: Limits;
}

/** One Redis server: its settings are the stack's, its role is Sentinel's. */
export class RedisNode extends pulumi.ComponentResource {
  /** Which server it runs. */
  readonly version: pulumi.Output<ServerVersion>;
  /** What this server version lacks, for the operator to read. */
  readonly limitations: pulumi.Output<string[]>;
  /** Changes whenever the process does: its settings, or by being started or repaired. */
  readonly revision: pulumi.Output<string>;

  constructor(resourceName: string, args: RedisNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:RedisNode", resourceName, {}, opts);
    const problems = settingsProblems("redisConf", args.settings ?? {});
    if (problems.length > 0) throw new InputError(problems);

    const name = args.nodeName ?? resourceName;
    const server = args.server ?? "redis-server";
    const self = { name, host: args.host.hostName, port: args.port, address: args.host.address };
    const facts = args.host.look(name, server);
    this.version = checkedVersion("nodes", self, server, facts);
    this.limitations = this.version.apply(limitationsOf);
    requireBeforeAnything(this.version);

    const directory = args.host.directoryOf(name);
    const files = pulumi.output({
      parameters: this.version.apply((version) =>
        lifecycleParameters(
          {
            ...args,
            kind: "node",
            self,
            server,
            cli: args.cli ?? clientOf(server),
            dataFiles: dataFiles(args.settings ?? {}),
            minReplicas: args.minReplicasToWrite,
          },
          featuresOf(version),
        ),
      ),
      "settings.conf": pulumi
        .all([this.version, self.address])
        .apply(([version, address]) => render("node.conf.hbs", { name, lines: nodeLines({ ...args, address, directory }, version) })),
    });
    this.revision = pulumi.all([facts, files]).apply(([{ instance }, contents]) => `${instance} ${digest(contents)}`);
    args.host.keepProcess(resourceName, name, { server, files }, facts, {
      parent: this,
      dependsOn: [opts?.dependsOn ?? []].flat() as pulumi.Resource[],
    });
    this.registerOutputs({ version: this.version.label });
  }
}

/** @returns the lines of settings.conf, in the words of that server version. */
export function nodeLines(
  args: Pick<RedisNodeArgs, "host" | "port" | "bind" | "appendOnly" | "minReplicasToWrite" | "minReplicasMaxLagSeconds" | "settings"> & {
    address: string;
    directory: string;
  },
  version: ServerVersion,
): string[] {
  const has = featuresOf(version);
  const replica = has.replicaWords ? "replica" : "slave";
  const min = has.replicaWords ? "min-replicas" : "min-slaves";
  return [
    `bind ${args.bind ?? args.host.hostName}`,
    `port ${args.port}`,
    `dir ${quoteDirective(args.directory)}`,
    `logfile ${quoteDirective(`${args.directory}/log`)}`,
    `appendonly ${(args.appendOnly ?? true) ? "yes" : "no"}`,
    `${min}-to-write ${args.minReplicasToWrite ?? 0}`,
    `${min}-max-lag ${args.minReplicasMaxLagSeconds ?? 10}`,
    // Waiting for more replicas to share a transfer costs each of the few that there are five seconds.
    ...(has.disklessSync ? ["repl-diskless-sync-delay 0"] : []),
    ...(has.announce ? [`${replica}-announce-ip ${has.hostNames ? args.host.hostName : args.address}`, `${replica}-announce-port ${args.port}`] : []),
    ...settingLines(args.settings ?? {}),
  ];
}

/** @returns `text` as one word of redis.conf. */
export function quoteDirective(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Shell patterns of the files that hold a node's data, below its directory. */
function dataFiles(settings: Record<string, string>): string {
  const { dbfilename = "dump.rdb", appendfilename = "appendonly.aof", appenddirname = "appendonlydir" } = settings;
  return [dbfilename, appendfilename, `${appenddirname}/*`].map((each) => each.replaceAll(/["']/g, "")).join(" ");
}
