import * as pulumi from "@pulumi/pulumi";

/** One thing that is wrong with what somebody asked for. */
export interface Problem {
  /** Path of the argument, in Pulumi's notation: `nodes.node2`. */
  propertyPath: string;
  /** The value that was given, and what is allowed. */
  reason: string;
}

const same = new Map<string, InputError>();

/** @returns one and the same error for the same problem: the engine prints an error once, however many resources run into it. */
export function inputError(problem: Problem): InputError {
  const key = `${problem.propertyPath}: ${problem.reason}`;
  const error = same.get(key) ?? new InputError([problem]);
  same.set(key, error);
  return error;
}

/**
 * Bad input, refused before anything is touched. A RunError, so that the engine prints the message and no stack
 * trace; `problems` holds the same in parts.
 */
export class InputError extends pulumi.RunError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const message = problems.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`).join("\n");
    super(message);
    this.problems = problems;
    this.stack = undefined;
    // The SDK puts the name of its own property in front, at every step on the way up: noise to who reads the message.
    Object.defineProperty(this, "message", { get: () => message, set: () => undefined });
  }
}
