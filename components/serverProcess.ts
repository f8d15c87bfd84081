import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { Host, ProcessFacts } from "../hosts/host.ts";
import { type Access, checkAccess } from "./access.ts";
import { requireAskedFor } from "./exposure.ts";
import { given } from "./given.ts";
import { hostFrom, type HostSection } from "./hostSection.ts";
import { requireLater } from "./later.ts";
import { type TimeoutsArgs, timeoutsOf } from "./redis/args.ts";
import { type Directives, directiveProblems } from "./redis/directives.ts";
import {
  type LifecycleArgs,
  lifecycleParameters,
  type Located,
} from "./redis/lifecycleParameters.ts";
import type { ServerPlace } from "./redis/serverConf.ts";
import { featuresOf, limitationsOf, type ServerVersion } from "./redis/version.ts";
import { checkedVersion, clientOf, serversOf } from "./serverProgram.ts";

/** What a node and a sentinel have in common. */
export interface ServerArgs {
  host: Host | HostSection;
  port: number;
  nodes: Located[];
  sentinels: Located[];
  bind?: string;
  openWithoutPasswords?: boolean;
  directives?: Directives;
  serverBinary?: pulumi.Input<string>;
  cliBinary?: pulumi.Input<string>;
  timeouts?: TimeoutsArgs;
}

/** What the scripts have to know of a process of one kind only. */
export type OwnParameters = Pick<LifecycleArgs, "masterName" | "initialMaster"> &
  Partial<
    Pick<
      LifecycleArgs,
      "persistence" | "minReplicas" | "downAfterMilliseconds" | "monitored" | "forget"
    >
  >;

/** What each kind is called, in the words of the configuration. */
const kinds = {
  node: { server: "redis", list: "nodes" },
  sentinel: { server: "sentinel", list: "sentinels" },
} as const;

/** The process of a node or of a sentinel on its host: looked at, checked, and then kept. */
export class ServerProcess {
  readonly host: Host;
  /** Which server it runs; nothing is changed where it may not run that. */
  readonly version: pulumi.Output<ServerVersion>;
  readonly limitations: pulumi.Output<string[]>;
  /** Which one it was told to run last, with its build; empty where it was never told. */
  readonly runs: pulumi.Output<string>;
  /** Nothing is touched where one that is known only later is not allowed. */
  readonly directives: pulumi.Output<Record<string, string>>;
  /** Where it listens, and has its files. */
  readonly place: pulumi.Output<ServerPlace>;
  readonly #component: pulumi.ComponentResource;
  readonly #resourceName: string;
  readonly #name: string;
  readonly #kind: keyof typeof kinds;
  readonly #args: ServerArgs;
  readonly #given: pulumi.Resource[];
  readonly #after: pulumi.Input<pulumi.Resource>[];
  readonly #access: Access | undefined;
  readonly #facts: pulumi.Output<ProcessFacts>;

  /**
   * @param component whose process it is.
   * @param resourceName of that.
   * @param name the process's own.
   * @param after what the process comes after, besides what is in `dependsOn`.
   * @param access who may log in. @default whoever reaches it does what he likes
   */
  constructor(
    kind: keyof typeof kinds,
    component: pulumi.ComponentResource,
    resourceName: string,
    name: string,
    args: ServerArgs,
    dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
    after: pulumi.Input<pulumi.Resource>[],
    access?: Access,
  ) {
    this.#access = access;
    this.#kind = kind;
    this.#component = component;
    this.#resourceName = resourceName;
    this.#name = name;
    this.#args = args;
    this.#given = [dependsOn ?? []].flat() as pulumi.Resource[];
    this.#after = after;
    const { server, list } = kinds[kind];
    const { port, bind, openWithoutPasswords, serverBinary, directives = {} } = args;
    this.host = hostFrom(args.host, resourceName, component, dependsOn);
    const { preflight } = this.host.deployment;
    requireAskedFor(this.host, bind, openWithoutPasswords || access !== undefined);
    requireLater(
      preflight,
      directives,
      (values) => directiveProblems(server, values),
      `${server}.directives`,
    );
    this.directives = pulumi.output(directives);
    this.#facts = this.host.look(name, serversOf(serverBinary));
    const member = { name, host: this.host.hostName, port };
    this.version = checkedVersion(list, member, serverBinary, this.#facts);
    this.limitations = this.version.apply(limitationsOf);
    this.runs = this.#facts.apply(({ program }) => program);
    preflight.requireBeforeChanges(
      pulumi.all([this.#facts, this.version]).apply(([facts, version]) => {
        checkAccess(access !== undefined, name, this.host.hostName, facts, version);
      }),
    );
    this.place = pulumi.output({
      name,
      port,
      bind: bind ?? this.host.listensOn,
      address: this.host.announcedAddress,
      directory: this.host.directoryOf(name),
      logFile: this.host.logFileOf(name),
    });
  }

  /** @returns the file `parameters`. */
  parameters(own: pulumi.Output<OwnParameters>): pulumi.Output<string> {
    const { port, nodes, sentinels, cliBinary, timeouts } = this.#args;
    const { hostName, ownAddress } = this.host;
    const self = { name: this.#name, host: hostName, port, address: ownAddress };
    return pulumi
      .all([this.version, this.#facts, own, cliBinary])
      .apply(([version, { server }, known, cli]) =>
        lifecycleParameters(
          {
            ...known,
            kind: this.#kind,
            self,
            server,
            cli: cli ?? clientOf(server),
            program: version.program,
            timeouts: timeoutsOf(timeouts),
            nodes,
            sentinels,
            auth: this.#access !== undefined,
          },
          featuresOf(version),
        ),
      );
  }

  /**
   * Has the host keep it.
   *
   * @param files name to content.
   * @param memoryBytes that it may need at most.
   * @returns what changes whenever the process does: its settings, or by being started or repaired.
   */
  keep(
    files: Record<string, pulumi.Output<string>>,
    memoryBytes: pulumi.Input<number | undefined>,
  ): pulumi.Output<string> {
    const own =
      this.#kind === "node"
        ? this.#access?.filesOfNode()
        : this.#access?.filesOfSentinel(this.version);
    const contents = pulumi.output({ ...files, ...own });
    const { stopSeconds } = timeoutsOf(this.#args.timeouts);
    this.host.keepProcess(
      this.#resourceName,
      this.#name,
      { port: this.#args.port, stopSeconds, files: contents, memoryBytes },
      this.#facts,
      {
        parent: this.#component,
        dependsOn: [...this.#given, ...this.#after],
        beforeAnything: this.#given,
      },
    );
    return pulumi
      .all([this.#facts, contents])
      .apply(([{ instance }, texts]) => `${instance} ${digest(texts)}`);
  }

  /** @returns the outputs of its component, for who reads the stack's state. */
  outputs(): pulumi.Inputs {
    const { version, host } = this;
    // The host has its own.
    const args = { ...this.#args, host: undefined };
    return { version: version.label, args: given(args, host.deployment.preflight) };
  }
}

/** @returns a short text that changes with the contents of the files. */
function digest(files: Record<string, string>): string {
  return createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
}
