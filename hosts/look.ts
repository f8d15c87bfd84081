import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../templates/render.ts";
import { inputError } from "../components/inputError.ts";
import type { EditArgs, ProcessFacts } from "./host.ts";
import { quote } from "./shell.ts";

/** Runs shell text on a machine, without leaving a trace in the state, and gives its standard output. */
export type Run = (text: pulumi.Output<string>) => pulumi.Output<string>;

/**
 * Collects what is to be looked at on one machine while the program builds its components, and asks all of it
 * in a single connection.
 */
export class Look {
  readonly #questions: pulumi.Input<string>[] = [];
  readonly #answers: pulumi.Output<Map<string, string>>;

  constructor(run: Run) {
    const asked = new Promise<boolean>((resolve) => setImmediate(() => resolve(true)));
    this.#answers = pulumi
      .output(asked)
      .apply(() =>
        run(pulumi.all(this.#questions).apply((questions) => `${scriptText("look.sh")}${questions.join("")}wait\n`)).apply(
          (stdout) => new Map(stdout.split("\n").map((line): [string, string] => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)])),
        ),
      );
  }

  process(name: string, directory: string, lifecycle: string, server: string): pulumi.Output<ProcessFacts> {
    this.#questions.push(`look_process ${[name, directory, lifecycle, server].map(quote).join(" ")} &\n`);
    return this.#answers.apply((answers) => ({
      version: answers.get(`version.${name}`) ?? "",
      endpoint: answers.get(`endpoint.${name}`) ?? "",
      instance: answers.get(`instance.${name}`) ?? newInstance(),
    }));
  }

  /** @returns the identity of the last verification if what it found still holds, else a new one. */
  check(name: string, directory: string, lifecycle: string): pulumi.Output<string> {
    this.#questions.push(`look_check ${[name, directory, lifecycle].map(quote).join(" ")} &\n`);
    return this.#answers.apply((answers) => answers.get(`verified.${name}`) ?? newInstance());
  }

  /** @returns the identity of the scripts' installation: that of the present one if all of it is there, else a new one. */
  scripts(directory: string, scripts: readonly string[]): pulumi.Output<string> {
    this.#questions.push(`look_scripts ${[directory, ...scripts].map(quote).join(" ")} &\n`);
    return this.#answers.apply((answers) => answers.get("scripts") ?? newInstance());
  }

  /** Fails if something stands against the edit. */
  edit(name: string, { field, script, settings }: EditArgs): pulumi.Output<void> {
    this.#questions.push(pulumi.output(settings).apply((text) => `look_edit ${[name, scriptText(script), text].map(quote).join(" ")} &\n`));
    return this.#answers.apply((answers) => {
      const refusal = answers.get(`refused.${name}`);
      if (refusal !== undefined) throw inputError({ propertyPath: field, reason: refusal.trim().replaceAll("\u001f", "\n") });
    });
  }
}

/** An identity no instance had before; the time in it is for the reader of a preview. */
export function newInstance(): string {
  return `${new Date().toISOString().slice(0, 19)}Z-${randomBytes(4).toString("hex")}`;
}
