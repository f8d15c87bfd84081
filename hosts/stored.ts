import * as pulumi from "@pulumi/pulumi";
import { isLater } from "./sdk.ts";

/** What a component is given that has to be a secret in the state, whatever it was before. */
const secrets = ["privateKey"];

/**
 * @returns what a component keeps in the state of what it was given, for people to read: all of it, private keys as secrets; of a
 *   resource, such as a host, its name.
 */
export function stored(given: unknown): pulumi.Inputs {
  const kept = (value: unknown): unknown => {
    if (isLater(value)) return value;
    if (pulumi.Resource.isInstance(value)) return (value as { hostName?: string }).hostName;
    if (Array.isArray(value)) return value.map(kept);
    if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, secrets.includes(name) && each !== undefined ? pulumi.secret(each) : kept(each)]),
    );
  };
  return typeof given === "object" && given !== null && !Array.isArray(given) ? (kept(given) as pulumi.Inputs) : {};
}
