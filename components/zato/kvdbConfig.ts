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

/** Zato's servers. */
export interface ZatoArgs {
  /**
   * The server.conf of every Zato server of the cluster: absolute paths on the machine that runs
   * Pulumi, or `HOST:PATH` with one of `hosts`; one that is known only later, a path.
   * @default none
   */
  serverConfs?: pulumi.Input<string>[];
  /**
   * Seconds after which Zato gives up on a silent server; used where its file says nothing.
   * @default 0.5
   */
  socketTimeoutSeconds?: pulumi.Input<number>;
}

export const zatoFields = {
  serverConfs: { kind: "texts", input: true },
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
   * Seconds after which Zato gives up on a silent server; used where the file says nothing.
   * @default 0.5
   */
  socketTimeoutSeconds?: pulumi.Input<number>;
}

/**
 * Points a Zato 3.2 or 3.3 cluster to the sentinels, in each `[kvdb]`; puts the previous values
 * back when deleted. One deployment at a time: a file that another one has edited is refused.
 */
export class ZatoKvdbConfig extends pulumi.ComponentResource {
  /**
   * A complete `[kvdb]`, for people who edit server.conf themselves: it takes the place of the
   * whole stanza there.
   */
  readonly stanza: pulumi.Output<string>;
  /** The value of `redis_sentinels`. */
  readonly redisSentinels: pulumi.Output<string>;

  constructor(name: string, args: ZatoKvdbConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("redis-ha:index:ZatoKvdbConfig", name, {}, opts);
    const {
      serverConfs = [],
      socketTimeoutSeconds: timeout = zatoFields.socketTimeoutSeconds.default,
    } = args;
    const own = { serverConfs, socketTimeoutSeconds: timeout };
    const problems = [
      ...zatoProblems(knownNow(own)),
      ...args.sentinels.flatMap((each, index) => placeProblems(`sentinels[${index}]`, each)),
      ...masterNameProblems(args.masterName),
      ...placeProblems("node", args.node),
    ];
    refuseAny(problems, name);
    const host = hostFrom(args.host, name, this, opts?.dependsOn);
    const { deployment } = host;
    requireLater(deployment.preflight, own, zatoProblems, "zato");

    const values = pulumi
      .output(timeout)
      .apply((seconds) => kvdbValues(args.sentinels, args.masterName, args.node, seconds));
    this.redisSentinels = values.redis_sentinels;
    this.stanza = values.apply((all) => render("kvdb.hbs", all));
    for (const [index, file] of serverConfs.entries()) {
      // The rest of what a server may have is kept: only these three have to be what they are. A
      // new server refers to a password that nobody gave, and these servers have none.
      const wanted = values.apply((all) => [
        ...Object.entries(all).map(
          ([key, value]) => `${key}${key.includes("redis_sentinels") ? "" : "?"}=${value}`,
        ),
        "password!=",
      ]);
      // One that is known only later can't be named by its path.
      const edit = `${name}-${typeof file === "string" ? createHash("sha256").update(file).digest("hex").slice(0, 8) : `later${index}`}`;
      host.edit(
        edit,
        {
          field: `zato.serverConfs[${index}]`,
          script: "kvdb.sh",
          settings: pulumi
            .all([host.storeOf("kvdb"), file, wanted, deployment.ownerOf(name)])
            .apply(([store, path, keys, owner]) =>
              assignments({ FILE: path, STORE: store, STANZA: "kvdb", OWNER: owner, WANTED: keys }),
            ),
        },
        { parent: this, dependsOn: [opts?.dependsOn ?? []].flat() as pulumi.Resource[] },
      );
    }
    this.registerOutputs({ stanza: this.stanza, args: given(args, deployment.preflight) });
  }
}

function zatoProblems({
  serverConfs: confs = [],
  socketTimeoutSeconds: timeout,
}: pulumi.Unwrap<ZatoArgs>): Problem[] {
  const problems = confs.flatMap((file, index) =>
    isAbsolute(file) && !/[\n\r\0]/.test(file) && confs.indexOf(file) === index
      ? []
      : [notAllowed(`zato.serverConfs[${index}]`, file, "an absolute path, each once")],
  );
  if (timeout !== undefined && !(timeout > 0 && timeout <= 3600))
    problems.push(
      notAllowed("zato.socketTimeoutSeconds", timeout, "seconds above 0, 3600 at most"),
    );
  return problems;
}

/**
 * What Zato 3.2 and 3.3 need. A single sentinel gets a comma, or Zato reads a word instead of a
 * list; host and port are not used for connecting, but without a host it does not connect at all;
 * without a time-out a hung master blocks it for good.
 */
export function kvdbValues(
  sentinels: readonly string[],
  masterName: string,
  node: string,
  socketTimeoutSeconds: number,
) {
  return {
    host: node.slice(0, node.lastIndexOf(":")),
    port: node.slice(node.lastIndexOf(":") + 1),
    socket_timeout: String(socketTimeoutSeconds),
    use_redis_sentinels: "True",
    redis_sentinels: sentinels.length === 1 ? `${sentinels[0]},` : sentinels.join(", "),
    redis_sentinels_master: masterName,
  };
}
