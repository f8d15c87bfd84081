import * as pulumi from "@pulumi/pulumi";

/** What looking at the machines tells. */
const first: pulumi.Output<unknown>[] = [];

/** What can be told only once the servers' programs are there. */
const second: pulumi.Output<unknown>[] = [];

/** Holds back whatever the program does, on any host, until `check` is resolved; if it fails, nothing is touched. */
export function requireBeforeAnything(check: pulumi.Output<unknown>): void {
  first.push(check);
}

/** The same, but for the installation of the servers' programs, on which `check` may depend. */
export function requireBeforeChanges(check: pulumi.Output<unknown>): void {
  second.push(check);
}

/** @returns `text` once all holds that was required before anything; for the installation of programs. */
export function afterFirstChecks(text: pulumi.Output<string>): pulumi.Output<string> {
  return onceBuilt(() => pulumi.all(first)).apply(() => text);
}

/** @returns `text` once all checks hold that the program made while it built its components. */
export function afterChecks(text: pulumi.Output<string>): pulumi.Output<string> {
  return onceBuilt(() => pulumi.all([...first, ...second])).apply(() => text);
}

/** @returns what `make` gives once the program has built its components. */
export function onceBuilt<T>(make: () => pulumi.Input<T>): pulumi.Output<pulumi.Unwrap<T>> {
  const built = new Promise<boolean>((resolve) => setImmediate(() => resolve(true)));
  return pulumi.output(built).apply(() => pulumi.output(make()));
}
