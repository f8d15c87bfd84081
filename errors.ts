import * as pulumi from "@pulumi/pulumi";
import { failUpdate } from "./hosts/failUpdate.ts";
import { quoted, shown, shownLines } from "./hosts/foreignText.ts";

/** One thing that is wrong with what somebody asked for. */
export interface Problem {
  /** Path of the argument, in Pulumi's notation: `nodes.node2`. */
  propertyPath: string;
  /** The value that was given, and what is allowed. */
  reason: string;
}

/** @returns the problem of a value that is not one of those that are allowed. */
export function notAllowed(propertyPath: string, value: unknown, allowed: string): Problem {
  return { propertyPath, reason: `${quoted(value)} is not allowed: ${allowed}` };
}

const same = new Map<string, InputError>();

/**
 * @returns one and the same error for the same problem: the engine prints an error once, however
 * many resources run into it.
 */
export function inputError(problem: Problem): InputError {
  const key = `${problem.propertyPath}: ${problem.reason}`;
  const error = same.get(key) ?? new InputError([problem]);
  same.set(key, error);
  return error;
}

/**
 * Refuses what a component was given, before it registers anything. A program that catches the
 * error must not be taken for one that wants none of the component's resources, which Pulumi would
 * then delete: the update fails all the same.
 *
 * @param name of the component.
 * @throws InputError if there is any problem.
 */
export function refuseAny(problems: readonly Problem[], name = "redis-ha"): void {
  if (problems.length === 0) return;
  const error = new InputError(problems);
  void failUpdate(name, error);
  throw error;
}

/**
 * Bad input, refused before anything is touched. A RunError, so that the engine prints the message
 * and no stack trace; `problems` holds the same in parts. What somebody else wrote (a value, a
 * machine's words) is shown printable and cut.
 */
export class InputError extends pulumi.RunError {
  readonly problems: readonly Problem[];

  constructor(given: readonly Problem[]) {
    const problems = given.map(({ propertyPath, reason }) => ({
      propertyPath: shown(propertyPath, 200),
      reason: shownLines(reason),
    }));
    const message = problems
      .map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`)
      .join("\n");
    super(message);
    this.problems = problems;
    this.stack = undefined;
    // The SDK puts the name of its own property in front, at every step on the way up: noise to who
    // reads the message.
    Object.defineProperty(this, "message", { get: () => message, set: () => undefined });
  }
}
