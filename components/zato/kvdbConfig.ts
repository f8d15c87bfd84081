import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host.ts";
import type { FieldsOf } from "../../fields.ts";
import { knownNow } from "../../hosts/sdk.ts";
import { assignments } from "../../hosts/shell.ts";
import { render } from "../../templates/render.ts";
import { given } from "../given.ts";
import { hostFrom, type HostSection } from "../hostSection.ts";
import { notAllowed, type Problem, refuseAny } from "../../errors.ts";
import { requireLater } from "../later.ts";
import { masterNameProblems } from "../redis/topology.ts";
import { placeProblems } from "../standaloneProblems.ts";
import { refusalOf, stanzas, versionsNamed, type ZatoFile, zatoNodeProblems } from "./versions.ts";
import { type Deployed, environmentOf, kvdbValues, versionLines, wantedLines } from "./wishes.ts";

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
  version: { kind: "text" },
  socketTimeoutSeconds: { kind: "number", input: true, default: 0.5 },
} as const satisfies FieldsOf<ZatoArgs>;

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

/**
 * Points a cluster of Zato 2.0 to 3.3 to the sentinels, in each `[kvdb]`, and `[broker]` of each
 * scheduler of 3.0 and 3.1; puts the previous values back when deleted. One deployment at a time: a
 * file that another one has edited is refused.
 */
export class ZatoKvdbConfig extends pulumi.ComponentResource {
  /**
   * A complete `[kvdb]`, for people who edit server.conf themselves: it takes the place of the
   * whole stanza there.
   */
  readonly stanza: pulumi.Output<string>;
  /** The value of `redis_sentinels`. */
  readonly redisSentinels: pulumi.Output<string>;
  /**
   * The same as environment variables, for Zato in containers: those override server.conf in Zato
   * 3.3 and late builds of 3.2. Empty if `version` is an older one.
   */
  readonly environment: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: ZatoKvdbConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:ZatoKvdbConfig", name, {}, opts);
    const { serverConfs = [], schedulerConfs = [], version, socketTimeoutSeconds } = args;
    const own = { serverConfs, schedulerConfs, version, socketTimeoutSeconds };
    const problems = [
      ...zatoProblems(knownNow(own)),
      ...args.sentinels.flatMap((each, index) => placeProblems(`sentinels[${index}]`, each)),
      ...masterNameProblems(args.masterName),
      ...placeProblems("node", args.node),
      ...zatoNodeProblems("node", args.node),
    ];
    refuseAny(problems, name);
    const host = hostFrom(args.host, name, this, opts?.dependsOn);
    const { deployment } = host;
    requireLater(deployment.preflight, own, zatoProblems, "zato");

    const versions = versionsNamed(version);
    const deployed = pulumi
      .output(socketTimeoutSeconds ?? zatoFields.socketTimeoutSeconds.default)
      .apply((seconds): Deployed => ({ ...args, socketTimeoutSeconds: seconds }));
    this.redisSentinels = deployed.apply((all) => kvdbValues(all, versions).redis_sentinels);
    this.stanza = deployed.apply((all) =>
      render("kvdb.hbs", { ...kvdbValues(all, versions), versions: versions.name }),
    );
    this.environment = deployed.apply((all) => environmentOf(all, versions));
    const edit = (field: string, file: ZatoFile, conf: pulumi.Input<string>, later: string) => {
      const lines = deployed.apply((all) => ({
        versions: versionLines(file, all, version, schedulerConfs.length > 0),
        wanted: wantedLines(all),
      }));
      // One that is known only later can't be named by its path.
      const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);
      host.edit(
        `${name}-${typeof conf === "string" ? hash(conf) : later}`,
        {
          field,
          script: "kvdb.sh",
          settings: pulumi
            .all([host.storeOf("kvdb"), conf, lines, deployment.ownerOf(name)])
            .apply(([store, path, each, owner]) =>
              assignments({
                FILE: path,
                STORE: store,
                STANZA: stanzas[file],
                OWNER: owner,
                VERSIONS: each.versions,
                WANTED: each.wanted,
              }),
            ),
        },
        { parent: this, dependsOn: [opts?.dependsOn ?? []].flat() as pulumi.Resource[] },
      );
    };
    for (const [index, conf] of serverConfs.entries())
      edit(`zato.serverConfs[${index}]`, "server", conf, `later${index}`);
    for (const [index, conf] of schedulerConfs.entries())
      edit(`zato.schedulerConfs[${index}]`, "scheduler", conf, `scheduler-later${index}`);
    this.registerOutputs({
      stanza: this.stanza,
      environment: this.environment,
      args: given(args, deployment.preflight),
    });
  }
}

/** @returns what is wrong with a version, and with what depends on it. */
function zatoProblems(zato: pulumi.Unwrap<ZatoArgs>): Problem[] {
  const { version, serverConfs = [], schedulerConfs = [], socketTimeoutSeconds: timeout } = zato;
  const problems: Problem[] = [];
  const refuse = (field: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(`zato.${field}`, value, allowed));
  for (const [list, confs] of Object.entries({ serverConfs, schedulerConfs }))
    for (const [index, file] of confs.entries())
      if (!isAbsolute(file) || /[\n\r\0]/.test(file) || confs.indexOf(file) !== index)
        refuse(`${list}[${index}]`, file, "an absolute path, each once");
  if (timeout !== undefined && !(timeout > 0 && timeout <= 3600))
    refuse("socketTimeoutSeconds", timeout, "seconds above 0, 3600 at most");
  if (version === undefined) return problems;
  const allowed = refusalOf(version);
  if (allowed !== undefined) {
    refuse("version", version, allowed);
    return problems;
  }
  const versions = versionsNamed(version);
  if (timeout !== undefined && !versions.timeout)
    refuse(
      "socketTimeoutSeconds",
      timeout,
      `none with Zato ${version}, whose client breaks with it`,
    );
  if (schedulerConfs[0] !== undefined && !versions.scheduler)
    refuse(
      "schedulerConfs[0]",
      schedulerConfs[0],
      `none with Zato ${version}: only the schedulers of 3.0 and 3.1 ask Redis`,
    );
  return problems;
}
