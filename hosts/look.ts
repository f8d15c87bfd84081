import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../scripts/bundle.ts";
import { inputError, notAllowed } from "../errors.ts";
import type { Deployment } from "./deployment.ts";
import { shown, shownLines } from "./foreignText.ts";
import { onceBuilt, type Preflight } from "./preflight.ts";
import { isKnown, yetToMake } from "./sdk.ts";
import type { EditArgs, ProcessFacts } from "./host.ts";
import { mockedLook } from "./mocks.ts";
import { quote } from "./shell.ts";

/**
 * Runs shell text on a machine, without leaving a trace in the state, and gives its standard
 * output.
 */
export type Run = (
  text: pulumi.Output<string>,
  opts: pulumi.InvokeOutputOptions,
) => pulumi.Output<string | undefined>;

/**
 * Where a process has what is its own, and, if that is another user's than who looks, where its
 * settings are.
 */
export interface Place {
  directory: string;
  /**
   * Not to be written by the process; its user is the one to ask it anything. @default the
   * directory, and nobody else
   */
  apart?: { settings: string; user: string };
}

/** What the machine said: key to the rest of the line. An object: Pulumi takes maps apart. */
export type Answers = Readonly<Record<string, string | undefined>>;

/** What a look needs to know. */
export interface LookArgs {
  /** What is looked at, for people. */
  what: string;
  preflight: Preflight;
  run: Run;
  /** Shell text that defines what the questions call. */
  opening: pulumi.Input<string>;
  /** Shell text after the last question. */
  closing: string;
  /** Throws where the answers say that nothing can be done there. */
  check: (answers: Answers) => pulumi.Output<unknown> | undefined;
}

/**
 * Collects what is to be looked at on one machine while the program builds its components, and asks
 * all of it in a single connection.
 */
export class Look {
  readonly answers: pulumi.Output<Answers>;
  readonly #questions: pulumi.Input<string>[] = [];

  constructor({ what, preflight, run, opening, closing, check }: LookArgs) {
    this.answers = onceBuilt(() => {
      const questions = pulumi
        .all([opening, ...this.#questions])
        .apply((texts) => `${texts.join("")}${closing}`);
      // What is on a machine is no secret, be it that a secret was needed to get there.
      const said = pulumi.unsecret(
        pulumi.all([run(questions, { dependsOn: yetToMake(preflight.dependsOn) }), questions]),
      );
      return said.apply(([stdout, asked]) => {
        const lines = (stdout ?? mockedLook(asked))
          .split("\n")
          .map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)]);
        const answers = Object.fromEntries(lines) as Answers;
        const checked = stdout === undefined ? undefined : check(answers);
        return (checked ?? pulumi.output(true)).apply(() => answers);
      });
    });
    void isKnown(this.answers).then((known) => {
      if (!known)
        void pulumi.log.info(
          `${what} can't be looked at before what it depends on is there: what is to be done on it is decided then`,
        );
    });
    preflight.requireBeforeAnything(this.answers);
  }

  /** Asks with shell text: a call of what the opening text defines. */
  ask(question: pulumi.Input<string>): pulumi.Output<Answers> {
    this.#questions.push(question);
    return this.answers;
  }

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
      const was = refusalIn(answers, "former");
      if (was === undefined) return;
      throw inputError({
        propertyPath: `hosts.${host}.directory`,
        reason: `another one is not allowed: what runs there was created in ${JSON.stringify(was)}, and moving it is not supported yet; keep that, or destroy the stack first`,
      });
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
   * @returns the identity of the scripts' installation: that of the present one if all of it is
   * there, else a new one.
   */
  scripts(
    directory: pulumi.Output<string>,
    scripts: pulumi.Output<string[]>,
  ): pulumi.Output<string> {
    const question = pulumi
      .all([directory, scripts])
      .apply(([at, names]) => `look_scripts ${words(at, ...names)} &\n`);
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
      const refusal = refusalIn(answers, "names");
      if (refusal === undefined) return;
      const trap = refusal.includes(" is 127.0.1.1 ")
        ? ` (Debian's installer writes that line into /etc/hosts: delete it)`
        : "";
      throw inputError({
        propertyPath: "hostsEntries",
        reason: `false is not allowed: on ${place}, ${refusal}${trap}. Mend that there, or set true`,
      });
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
    return this.ask(question).apply((answers) => {
      const at = place ? `on ${place}: ` : "";
      const refusal = refusalIn(answers, name);
      if (refusal !== undefined)
        throw inputError({ propertyPath: field, reason: at + withoutControls(refusal) });
      const warnings = answers[`warned.${name}`]?.split("\u001f").filter((line) => line !== "");
      for (const line of warnings ?? []) void pulumi.log.warn(at + withoutControls(line));
      return answers[`edited.${name}`] ?? newInstance();
    });
  }
}

/**
 * Seconds that the check of an edit may take; over SSH what the whole look has
 * (scripts/facts/over-ssh.sh) ends before.
 */
const editSeconds = { here: 60, elsewhere: 10 };

/** Those that the shell can't tell from a letter's bytes; newlines stay. */
function withoutControls(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}/gu, "?");
}

/**
 * @throws InputError where something stands against `what` (a directory, a volume) being the
 * deployment's.
 */
export function refuseDirectory(
  host: string,
  what: string,
  adopt: string,
  refusal: string | undefined,
): void {
  if (refusal === undefined) return;
  const never = refusal.includes("never a deployment's") || refusal === "is no directory";
  const then =
    never || refusal.includes("still runs on it")
      ? ""
      : `, or, if it is to become this deployment's and to be removed with it, adopt: [${JSON.stringify(adopt)}]`;
  throw inputError({
    propertyPath: `hosts.${host}.directory`,
    reason: `${JSON.stringify(what)} is not allowed on ${host}: it ${refusal}. Nothing was touched. Set another directory${then}`,
  });
}

/**
 * @throws InputError where somebody else than root could put scripts into the directory in which
 * root is to run them.
 */
export function refuseOthersPlace(answers: Answers, host: string, place: string): void {
  const theirs = refusalIn(answers, "parents");
  if (theirs === undefined) return;
  throw inputError({
    propertyPath: `hosts.${host}.directory`,
    reason: `${JSON.stringify(answers.directory ?? "")} is not allowed: on ${place}, ${theirs}, and root runs the scripts in there. Set a directory that only root can write to, and all above it`,
  });
}

/** What the answers say of a process. */
export function processFacts(answers: Answers, name: string): ProcessFacts {
  return {
    server: answers[`server.${name}`] ?? "",
    version: answers[`version.${name}`] ?? "",
    endpoint: answers[`endpoint.${name}`] ?? "",
    program: answers[`program.${name}`] ?? "",
    populated: answers[`populated.${name}`] !== undefined,
    instance: answers[`instance.${name}`] ?? newInstance(),
  };
}

/** @throws InputError where the answers say that there is no such program. */
export function refuseProgram(
  answers: Answers,
  place: string,
  field: string,
  program: string,
): void {
  const refusal = refusalIn(answers, `program.${field}`);
  if (refusal !== undefined)
    throw inputError(
      notAllowed(field, program, `a program that exists and can be executed: ${place}, ${refusal}`),
    );
}

/**
 * @returns the identity of the last verification if what it found still holds, else a new one; what
 * does not is told.
 */
export function verificationIn(answers: Answers, name: string): string {
  const found = answers[`unverified.${name}`];
  if (found !== undefined) void pulumi.log.info(`No longer as it was verified: ${shown(found)}`);
  return answers[`verified.${name}`] ?? newInstance();
}

/** What was said against the thing of that name, its lines restored. */
export function refusalIn(answers: Answers, name: string): string | undefined {
  const said = answers[`refused.${name}`]?.trim().replaceAll("\u001f", "\n");
  return said === undefined ? undefined : shownLines(said);
}

/** An identity no instance had before; the time in it is for the reader of a preview. */
export function newInstance(): string {
  return `${new Date().toISOString().slice(0, 19)}Z-${randomBytes(4).toString("hex")}`;
}

function placeWords(name: string, { directory, apart }: Place, lifecycle: string): string {
  return words(name, directory, lifecycle, ...(apart ? [apart.settings, apart.user] : []));
}

function words(...texts: string[]): string {
  return texts.map(quote).join(" ");
}
