import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { ConstructResult, Provider } from "@pulumi/pulumi/provider/index.js";
import {
  HostsEntries,
  InputError,
  RedisHa,
  RedisNode,
  Sentinel,
  ZatoKvdbConfig,
} from "../components/index.ts";
import { callerNow, failingTo } from "../hosts/failUpdate.ts";
import { isName, knownValue, waitForAll } from "../hosts/sdk.ts";
import { packageFile } from "../packageFiles.cjs";
import { plainly } from "./plainly.ts";
import type { PackageSpec } from "./schema.ts";

/** How each component is made of arguments that are as the schema says. */
const components: Record<
  string,
  (name: string, args: never, opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource
> = {
  RedisHa: (...given) => new RedisHa(...given),
  RedisNode: (...given) => new RedisNode(...given),
  Sentinel: (...given) => new Sentinel(...given),
  ZatoKvdbConfig: (...given) => new ZatoKvdbConfig(...given),
  HostsEntries: (...given) => new HostsEntries(...given),
};

/** Makes the components for programs in other languages. */
export class RedisHaProvider implements Provider {
  readonly schema = readFileSync(packageFile("provider", "schema.json"), "utf8");
  readonly #package = JSON.parse(this.schema) as PackageSpec;
  readonly version = this.#package.version;
  /** Who is to be told of an error, of each component that is under construction. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** What was made here in this preview or update, by its name (URN). */
  readonly #made = new Map<string, pulumi.Resource>();

  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    opts: pulumi.ComponentResourceOptions,
  ): Promise<ConstructResult> {
    const resource = this.#package.resources[type];
    const make = components[type.split(":")[2] ?? ""];
    if (!resource || !make)
      throw new Error(`${this.#package.name} ${this.version} has no component ${type}`);
    const { args, problems, unknown, sources } = await plainly(
      inputs,
      resource.inputProperties,
      this.#package.types,
    );
    // RedisHa tells these by itself, together with all else that is wrong.
    if (make !== components.RedisHa) problems.push(...unknown);
    if (problems.length > 0) throw forTheEngine(new InputError(problems));
    const named = [...((opts.dependsOn ?? []) as pulumi.Resource[]), ...sources];
    const dependsOn = await Promise.all(named.map((each) => this.#known(each)));
    let tell: (error: Error) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      tell = (error) => reject(error);
    });
    // It is waited for only once the component is there.
    failed.catch(() => undefined);
    this.#waiting.add(tell);
    try {
      const component = failingTo(tell, () => make(name, args as never, { ...opts, dependsOn }));
      await Promise.race([failed, waitForAll()]);
      this.#made.set((await knownValue(component.urn)) as string, component);
      const state = Object.keys(resource.properties).map((output) => [
        output,
        (component as unknown as pulumi.Inputs)[output] as unknown,
      ]);
      return { urn: component.urn, state: Object.fromEntries(state) as pulumi.Inputs };
    } catch (error) {
      throw forTheEngine(error as Error);
    } finally {
      this.#waiting.delete(tell);
    }
  }

  /**
   * @returns the component of that name where it is one of ours, as its parts tell whether it is
   * there: the engine takes a component of a program in YAML for a resource, and that for missing.
   */
  async #known(resource: pulumi.Resource): Promise<pulumi.Resource> {
    const urn = isName(resource) ? await knownValue(resource.urn) : undefined;
    return this.#made.get(String(urn)) ?? resource;
  }

  /**
   * Tells of an error that nobody handled: whose it is if that can be told, else all that are
   * waiting.
   */
  unhandled(error: unknown): void {
    const caller = callerNow();
    for (const tell of caller ? [caller] : this.#waiting)
      tell(error instanceof Error ? error : new Error(String(error)));
  }
}

/**
 * One line a problem. As `InputPropertiesError` the engine would show the value besides, be it a
 * private key.
 */
function forTheEngine(error: Error): Error {
  return error instanceof InputError
    ? new Error(
        error.problems.map(({ propertyPath, reason }) => `\n  ${propertyPath}: ${reason}`).join(""),
      )
    : error;
}
