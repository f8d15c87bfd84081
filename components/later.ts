import * as pulumi from "@pulumi/pulumi";
import type { Preflight } from "../hosts/preflight.ts";
import { isKnown, laterIn } from "../hosts/sdk.ts";
import { inputError, InputError, type Problem } from "../errors.ts";

/**
 * Has what is known of `given` only later checked as all else is: nothing is touched until it is
 * known and nothing is wrong with it, which in a preview may be open. A secret's value is not told.
 *
 * @param path of `given` among the arguments, as `problemsOf` names it. @default they are all of
 * the arguments
 */
export function requireLater<T extends object>(
  preflight: Preflight,
  given: T,
  problemsOf: (values: pulumi.Unwrap<T>) => Problem[],
  path = "",
): void {
  const later = laterIn(given, path);
  if (later.length === 0) return;
  const secrets = Promise.all(
    later.map(async ({ path: at, later: each }) =>
      pulumi.Output.isInstance(each) && (await pulumi.isSecret(each)) ? at : "",
    ),
  );
  const checked = pulumi.all([pulumi.output(given), secrets]).apply(([values, secret]) => {
    const problems = problemsOf(values as pulumi.Unwrap<T>).map((problem) =>
      secret.includes(problem.propertyPath) ? untold(problem) : problem,
    );
    const [first, ...others] = problems;
    if (first) throw others.length === 0 ? inputError(first) : new InputError(problems);
    return true;
  });
  preflight.requireBeforeAnything(
    pulumi.output(isKnown(checked).then((known) => (known ? checked : true))),
  );
}

/** @returns the problem of a value without the value. */
export function untold({ propertyPath, reason }: Problem): Problem {
  const [, rule] = /^.* (is not allowed(?: here)?: .*)$/s.exec(reason) ?? [];
  return { propertyPath, reason: `its value, a secret, ${rule ?? "is not allowed"}` };
}
