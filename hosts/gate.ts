import * as pulumi from "@pulumi/pulumi";

/** What has to hold before anything is touched, on any host of the program. */
const checks: pulumi.Output<unknown>[] = [];

/** Looks at all machines of the program. */
const looks: pulumi.Output<unknown>[] = [];

/** Holds back what is only done once every machine can be worked on. */
export function addLook(answers: pulumi.Output<unknown>): void {
  looks.push(answers);
  requireBeforeAnything(answers);
}

/** @returns `text` once all machines were looked at that the program made while it built its components. */
export function afterLooks(text: pulumi.Output<string>): pulumi.Output<string> {
  return afterAll(looks, text);
}

/** Holds back the first change of the whole program until `check` is resolved; if it fails, nothing is touched. */
export function requireBeforeAnything(check: pulumi.Output<unknown>): void {
  checks.push(check);
}

/** @returns `text` once all checks hold that the program made while it built its components. */
export function afterChecks(text: pulumi.Output<string>): pulumi.Output<string> {
  return afterAll(checks, text);
}

function afterAll(list: pulumi.Output<unknown>[], text: pulumi.Output<string>): pulumi.Output<string> {
  return onceBuilt(() => pulumi.all(list)).apply(() => text);
}

/** @returns what `make` gives once the program has built its components. */
export function onceBuilt<T>(make: () => pulumi.Input<T>): pulumi.Output<pulumi.Unwrap<T>> {
  const built = new Promise<boolean>((resolve) => setImmediate(() => resolve(true)));
  return pulumi.output(built).apply(() => pulumi.output(make()));
}
