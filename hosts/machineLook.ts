import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../scripts/bundle.ts";
import {
  editIn,
  foundIn,
  newInstance,
  processFacts,
  refusalIn,
  refuseDirectory,
  refuseFormer,
  refuseNames,
  refuseProgram,
  verificationIn,
} from "./answers.ts";
import type { Deployment } from "./deployment.ts";
import type { EditArgs, Found, ProcessFacts } from "./host.ts";
import { Look } from "./look.ts";
import { quote } from "./shell.ts";

/**
 * Where a process has what is its own, and, if that is another user's than who looks, where its
 * settings are.
 */
export interface Place {
  directory: string;
  /**
   * Not to be written by the process; its user is the one to ask it anything.
   * @default the directory, and nobody else
   */
  apart?: { settings: string; user: string };
}

/**
 * A look at one machine with directories and scripts of its own, which
 * scripts/facts/on-machine.sh answers.
 */
export class MachineLook extends Look {
  process(
    name: string,
    place: pulumi.Input<Place>,
    lifecycle: pulumi.Input<string>,
    servers: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts> {
    const question = pulumi
      .all([place, lifecycle, servers])
      .apply(
        ([at, script, programs]) =>
          `look_version ${words(name, ...programs)}\nlook_instance ${placeWords(name, at, script)} &\n`,
      );
    return this.ask(question).apply((answers) => processFacts(answers, name));
  }

  /**
   * Fails if the directory of a host, or one of a process in it, is not the deployment's and may
   * not become that.
   */
  place(
    host: string,
    directory: pulumi.Output<string>,
    { identity, adopted }: Deployment,
  ): pulumi.Output<void> {
    const question = pulumi
      .all([directory, identity])
      .apply(([at, { id }]) => `look_place ${words(at, id, adopted.includes(at) ? "1" : "0")} &\n`);
    return pulumi.all([this.ask(question), directory]).apply(([answers, at]) => {
      refuseDirectory(host, at, at, refusalIn(answers, "place"));
    });
  }

  /** Fails if the deployment is still in the directory that the host had before. */
  former(
    host: string,
    former: pulumi.Output<string>,
    { identity }: Deployment,
  ): pulumi.Output<void> {
    const question = pulumi
      .all([former, identity])
      .apply(([was, { id }]) => (was ? `look_former ${words(was, id)} &\n` : ""));
    return this.ask(question).apply((answers) => {
      refuseFormer(answers, host);
    });
  }

  /** The same for the directory of a process below that of its host. */
  part(
    name: string,
    host: string,
    directory: pulumi.Output<string>,
    place: pulumi.Output<string>,
    deployment: Deployment,
  ): pulumi.Output<void> {
    const question = pulumi
      .all([directory, place, deployment.identity])
      .apply(([at, below, { id }]) => {
        const adopt = deployment.adopted.includes(at) || deployment.adopted.includes(below);
        return `look_part ${words(name, at, below, id, adopt ? "1" : "0")} &\n`;
      });
    return pulumi.all([this.ask(question), directory]).apply(([answers, at]) => {
      refuseDirectory(host, at, at, refusalIn(answers, `part.${name}`));
    });
  }

  /**
   * @returns the identity of the last verification if what it found still holds, else a new one.
   */
  check(
    name: string,
    place: pulumi.Input<Place>,
    lifecycle: pulumi.Input<string>,
  ): pulumi.Output<string> {
    return this.ask(
      pulumi
        .all([place, lifecycle])
        .apply(([at, script]) => `look_check ${placeWords(name, at, script)} &\n`),
    ).apply((answers) => verificationIn(answers, name));
  }

  /**
   * @param directory of a host.
   * @param beside whether what is beside it is on the same machine.
   * @param processes those that the program has there.
   * @returns what of the deployment is there.
   */
  members(
    directory: pulumi.Output<string>,
    beside: boolean,
    processes: readonly string[],
  ): pulumi.Output<Found> {
    const question = directory.apply(
      (at) => `look_members ${words(at, beside ? "1" : "0", ...processes)} &\n`,
    );
    return this.ask(question).apply(foundIn);
  }

  /**
   * @returns the identity of the scripts' installation: that of the present one if all of it is
   * there, else a new one.
   */
  scripts(directory: pulumi.Output<string>, scripts: readonly string[]): pulumi.Output<string> {
    const question = directory.apply((at) => `look_scripts ${words(at, ...scripts)} &\n`);
    return this.ask(question).apply((answers) => answers.scripts ?? newInstance());
  }

  /** Fails if a name (of these: name to address) stands for something else on the machine. */
  names(place: string, names: Readonly<Record<string, pulumi.Input<string>>>): pulumi.Output<void> {
    const question = pulumi
      .output(names)
      .apply(
        (known) =>
          `look_names ${words(...Object.entries(known).map(([name, address]) => `${address} ${name}`))} &\n`,
      );
    return this.ask(question).apply((answers) => {
      refuseNames(answers, place);
    });
  }

  /** Fails if there is no such program on the machine. */
  program(place: string, field: string, program: pulumi.Input<string>): pulumi.Output<void> {
    const question = pulumi
      .output(program)
      .apply((path) => `look_program ${words(field, path)} &\n`);
    return pulumi
      .all([this.ask(question), program])
      .apply(([answers, path]) => refuseProgram(answers, `on ${place}`, field, path));
  }

  /**
   * Fails if something stands against the edit, or if nobody can tell; `place` is named where it is
   * not this machine. What the script warns of is told.
   *
   * @param kept path of the settings with which it was applied last.
   * @returns the identity of what was applied if all is as that left it, else a new one.
   */
  edit(
    name: string,
    place: string,
    { field, script, settings }: EditArgs,
    kept: pulumi.Input<string>,
  ): pulumi.Output<string> {
    const seconds = place ? editSeconds.elsewhere : editSeconds.here;
    const question = pulumi
      .all([settings, kept])
      .apply(
        ([text, path]) =>
          `look_edit ${words(name, scriptText(script), text, path, String(seconds))} &\n`,
      );
    return this.ask(question).apply((answers) => editIn(answers, name, field, place));
  }
}

/**
 * Seconds that the check of an edit may take; over SSH what the whole look has
 * (scripts/facts/over-ssh.sh) ends before.
 */
const editSeconds = { here: 60, elsewhere: 10 };

function placeWords(name: string, { directory, apart }: Place, lifecycle: string): string {
  return words(name, directory, lifecycle, ...(apart ? [apart.settings, apart.user] : []));
}

function words(...texts: string[]): string {
  return texts.map(quote).join(" ");
}
