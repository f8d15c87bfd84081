import { AsyncLocalStorage } from "node:async_hooks";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { isKnown, keepAlive } from "./sdk.ts";

const callers = new AsyncLocalStorage<(error: Error) => void>();

/**
 * Runs what builds components for somebody who is there to be told, as the engine is by a provider.
 *
 * @param fail is told what {@link failUpdate} would fail the update for, and has to do so.
 */
export function failingTo<T>(fail: (error: Error) => void, run: () => T): T {
  return callers.run(fail, run);
}

/** @returns whom {@link failingTo} has told to call for what is running now. */
export function callerNow(): ((error: Error) => void) | undefined {
  return callers.getStore();
}

/**
 * Fails the update; not to be awaited. Where Pulumi's own runner runs the program, an error that
 * nobody handles is enough. Elsewhere the engine itself has to fail it, by a resource that can't be
 * made: a program of the Automation API is told of the error only once the engine has deleted
 * whatever was not registered (SDK 3.259, automation/server.js). As a failed resource ends all that
 * is under way, whatever else the program has comes first.
 *
 * @param name of the component that was refused.
 */
export async function failUpdate(name: string, error: Error): Promise<void> {
  const caller = callerNow();
  if (caller) {
    caller(error);
    return;
  }
  if (pulumisRunner.test(process.argv[1] ?? "")) throw error;
  if (pulumi.runtime.isDryRun()) return pulumi.log.error(error.message);
  const done = keepAlive();
  try {
    await Promise.allSettled(
      below(pulumi.runtime.getStackResource()).map(({ urn }) => isKnown(urn)),
    );
    new local.Command(`${name}-refused`, {
      create: "cat >&2; exit 1",
      stdin: error.message,
      logging: "none",
      addPreviousOutputInEnv: false,
    });
  } finally {
    done();
  }
}

const pulumisRunner = /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run([\\/]index(\.js)?)?[\\/]?$/;

/** What the SDK knows of a resource, and leaves out of its types. */
interface WithChildren {
  __childResources?: ReadonlySet<pulumi.Resource>;
}

function below(resource: pulumi.Resource | undefined): pulumi.Resource[] {
  const children = [...((resource as WithChildren | undefined)?.__childResources ?? [])];
  return children.flatMap((child) => [child, ...below(child)]);
}
