import * as pulumi from "@pulumi/pulumi";
import { type Answers, answersIn } from "./answers.ts";
import { mockedLook } from "./mocks.ts";
import { onceBuilt, type Preflight } from "./preflight.ts";
import { isKnown, yetToMake } from "./sdk.ts";

/**
 * Runs shell text on a machine, without leaving a trace in the state, and gives its standard
 * output.
 */
export type Run = (
  text: pulumi.Output<string>,
  opts: pulumi.InvokeOutputOptions,
) => pulumi.Output<string | undefined>;

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
        const answers = answersIn(stdout ?? mockedLook(asked));
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
}
