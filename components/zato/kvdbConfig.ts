import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { refuseAny } from "../../errors.ts";
import { knownNow } from "../../hosts/sdk.ts";
import { render } from "../../templates/render.ts";
import { given } from "../given.ts";
import { hostFrom } from "../hostSection.ts";
import { requireLater } from "../later.ts";
import { masterNameProblems } from "../redis/topology.ts";
import { placeProblems } from "../standaloneProblems.ts";
import { places, zatoFields, type ZatoKvdbConfigArgs } from "./args.ts";
import { zatoProblems } from "./problems.ts";
import { versionsNamed, zatoNodeProblems } from "./versions.ts";
import { type Deployed, editSettings, environmentOf, kvdbValues } from "./wishes.ts";

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
    const { serverConfs = [], schedulerConfs = [], environments = [] } = args;
    const { version, socketTimeoutSeconds } = args;
    const own = { serverConfs, schedulerConfs, environments, version, socketTimeoutSeconds };
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
    const listed = schedulerConfs.length > 0;
    // One that is known only later can't be named by its path.
    const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);
    for (const place of places)
      for (const [index, conf] of own[place].entries()) {
        const later = `${place === "serverConfs" ? "" : `${place}-`}later${index}`;
        host.edit(
          `${name}-${typeof conf === "string" ? hash(conf) : later}`,
          {
            field: `zato.${place}[${index}]`,
            script: "kvdb.sh",
            settings: pulumi
              .all([host.storeOf("kvdb"), conf, deployed, deployment.ownerOf(name)])
              .apply(([store, path, all, owner]) =>
                editSettings(place, { path, store, owner }, all, version, listed),
              ),
          },
          { parent: this, dependsOn: [opts?.dependsOn ?? []].flat() as pulumi.Resource[] },
        );
      }
    this.registerOutputs({
      stanza: this.stanza,
      environment: this.environment,
      args: given(args, deployment.preflight),
    });
  }
}
