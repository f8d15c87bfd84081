import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../../scripts/bundle.ts";
import type { ProcessFacts } from "../host.ts";
import { assignments } from "../shell.ts";
import { servers, sshFields } from "./args.ts";
import { become } from "./connection.ts";
import type { Door } from "./door.ts";
import { type Machine, ownerName } from "./machine.ts";

/** Assignments in front of a script. */
type Settings = Record<string, pulumi.Input<string | boolean>>;

/**
 * The servers' programs on one machine: they are there, come with an archive, or are installed from
 * the distribution's packages.
 */
export class ServerPrograms {
  /** Runs once a machine: what was there before, or was installed then, is looked at each time. */
  readonly installed: remote.Command;
  /** Where those are that came with an archive. */
  readonly #bin: pulumi.Output<string>;

  /**
   * @param connection what logs in there.
   * @param door where that has to wait for its turn.
   */
  constructor(
    machine: Machine,
    connection: pulumi.Output<types.input.remote.ConnectionArgs>,
    { installing }: Door,
  ) {
    const { name, parent, deployment, directory } = machine;
    const { installRedis = sshFields.installRedis.default } = machine.args;
    const { redisVersion = "", redisTarball } = machine.args;
    const { target } = machine.logins;
    this.#bin = pulumi.interpolate`${directory}/redis/bin`;
    const opts = pulumi.mergeOptions({ parent }, installing.next());
    // Relative: in the home of who logs in. In /tmp anybody could put another one first, or in its
    // place.
    const tarball = redisTarball ? pulumi.interpolate`.${deployment.namedInStack(name)}.tar` : "";
    const copied = redisTarball
      ? [
          new remote.CopyToRemote(
            `${name}-tarball`,
            { connection, source: new pulumi.asset.FileAsset(redisTarball), remotePath: tarball },
            opts,
          ),
        ]
      : [];
    const text = packagesText(machine, {
      action: "install",
      packages: installRedis,
      version: redisVersion,
      tarball,
      bin: this.#bin,
      servers: this.candidates(servers).apply((programs) => programs.join(" ")),
      mark: deployment.mark,
    });
    this.installed = new remote.Command(
      `${name}-packages`,
      {
        create: pulumi.interpolate`${target.apply(become)}sh`,
        stdin: deployment.preflight.afterFirstChecks(text),
        connection,
        triggers: [target.apply(({ address }) => address)],
        addPreviousOutputInEnv: false,
      },
      pulumi.mergeOptions(opts, { dependsOn: copied }),
    );
    installing.take(this.installed);
  }

  /** What came with an archive goes before what else there may be. */
  candidates(wanted: readonly string[]): pulumi.Output<string[]> {
    return this.#bin.apply((bin) => [
      ...wanted.filter((each) => !each.includes("/")).map((each) => `${bin}/${each}`),
      ...wanted,
    ]);
  }

  /** @returns the facts; of a program that the look has not found, as it was installed then. */
  factsOnceInstalled(facts: ProcessFacts): pulumi.Output<ProcessFacts> {
    if (/ v=\d/.test(facts.version)) return pulumi.output(facts);
    return this.installed.stdout.apply((said) => {
      const value = (key: string) => new RegExp(`^${key} (.*)$`, "m").exec(said)?.[1];
      return {
        ...facts,
        server: value("server") ?? facts.server,
        version: value("version") ?? facts.version,
      };
    });
  }
}

/** @returns shell text that removes what was installed for this stack, and no other one needs. */
export function removal(machine: Machine): pulumi.Output<string> {
  return packagesText(machine, { action: "remove" });
}

function packagesText(machine: Machine, settings: Settings): pulumi.Output<string> {
  return pulumi
    .all([pulumi.all(settings), ownerName(machine)])
    .apply(
      ([known, owner]) =>
        `${assignments({ ...known, owner })}${scriptText("shared.sh")}${scriptText("packages.sh")}`,
    );
}
