import * as pulumi from "@pulumi/pulumi";
import { failUpdate } from "./failUpdate.ts";
import { isKnown, keepAlive } from "./sdk.ts";

/** What has to hold before one deployment touches anything, on any of its hosts. */
export class Preflight {
  /**
   * What has to be there before a machine is looked at, such as the machine itself. As long as a
   * preview does not know it, nothing is looked at.
   */
  readonly dependsOn: pulumi.ComponentResourceOptions["dependsOn"];
  /** What looking at the machines tells. */
  readonly #first: pulumi.Output<unknown>[] = [];
  /** What can be told only once the servers' programs are there. */
  readonly #second: pulumi.Output<unknown>[] = [];

  /** @param name of the component whose deployment it is. */
  constructor(name: string, dependsOn?: pulumi.ComponentResourceOptions["dependsOn"]) {
    this.dependsOn = dependsOn;
    // Until all of it is known, no program may be taken for one that has registered all that it
    // wants.
    const done = keepAlive();
    const all = onceBuilt(() => pulumi.all([...this.#first, ...this.#second]));
    isKnown(all)
      .catch((error: unknown) => void failUpdate(name, error as Error))
      .finally(done);
  }

  /**
   * Holds back whatever the deployment does, on any host, until `check` is resolved; if it fails,
   * nothing is touched.
   */
  requireBeforeAnything(check: pulumi.Output<unknown>): void {
    this.#first.push(isDone(check));
  }

  /** The same, but for the installation of the servers' programs, on which `check` may depend. */
  requireBeforeChanges(check: pulumi.Output<unknown>): void {
    this.#second.push(isDone(check));
  }

  /**
   * @returns `text` once all holds that was required before anything; for the installation of
   * programs.
   */
  afterFirstChecks(text: pulumi.Output<string>): pulumi.Output<string> {
    return onceBuilt(() => pulumi.all(this.#first)).apply(() => text);
  }

  /** @returns `value` once all checks hold that were asked for while the components were built. */
  afterChecks<T>(value: pulumi.Output<T>): pulumi.Output<T> {
    return onceBuilt(() => pulumi.all([...this.#first, ...this.#second])).apply(() => value);
  }
}

/** Whether something holds is no secret, even if it is one that was checked. */
function isDone(check: pulumi.Output<unknown>): pulumi.Output<boolean> {
  return pulumi.unsecret(check.apply(() => true));
}

/** @returns what `make` gives once the program has built its components. */
export function onceBuilt<T>(make: () => pulumi.Input<T>): pulumi.Output<pulumi.Unwrap<T>> {
  const built = new Promise<boolean>((resolve) => setImmediate(() => resolve(true)));
  return pulumi.output(built).apply(() => pulumi.output(make()));
}
