import * as pulumi from "@pulumi/pulumi";
import { secretNames } from "../fields.ts";
import { Host } from "../hosts/host.ts";
import type { Preflight } from "../hosts/preflight.ts";
import { isPlainObject } from "../hosts/sdk.ts";
import { hostFields } from "./hostProblems.ts";
import { authFields } from "./redis/authArgs.ts";

export const secrets = secretNames({ ...hostFields, ...authFields });

/**
 * What a component was given, for the stack's state, where a reader finds it: as an output, and
 * only once nothing is wrong with it. Among a component's inputs the engine would keep it before
 * anything is checked; what was refused would then be what the next `up` is compared with.
 */
export function given(args: object, preflight: Preflight): pulumi.Output<unknown> {
  return preflight.afterChecks(pulumi.output(readable(args)));
}

function readable(value: unknown, name = ""): unknown {
  if (secrets.has(name)) return value === undefined ? undefined : pulumi.secret(value);
  if (value instanceof Host) return value.hostName;
  if (Array.isArray(value)) return value.map((each) => readable(each));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readable(each, key)]));
}
