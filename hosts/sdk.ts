import * as pulumi from "@pulumi/pulumi";

// What the SDK has, and leaves out of its types.

/** Whether a preview knows it; rejected with what the output is rejected with. */
export function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as { isKnown: Promise<boolean> }).isKnown;
}

/** The value of an output that is known. */
export function knownValue(output: pulumi.Output<unknown>): Promise<unknown> {
  return (output as unknown as { promise(): Promise<unknown> }).promise();
}

/** What an output comes from. */
export async function sourcesOf(output: pulumi.Output<unknown>): Promise<pulumi.Resource[]> {
  return [
    ...(await (
      output as unknown as { allResources(): Promise<Set<pulumi.Resource>> }
    ).allResources()),
  ];
}

/**
 * @returns what a look has to wait for. In an update, what a program in another language depends on
 * is there before a component of it is made, and the engine would not believe it of a component in
 * YAML: that has no id of its own, and is taken for a resource that is to get one (3.259).
 */
export function yetToMake(
  dependsOn: pulumi.ComponentResourceOptions["dependsOn"],
): pulumi.ComponentResourceOptions["dependsOn"] {
  return pulumi.runtime.isDryRun() || !Array.isArray(dependsOn)
    ? dependsOn
    : dependsOn.filter((each) => !isName(each));
}

/**
 * The same for what a look is made of: in an update, the value alone; a secret, as a private key
 * may be in it, which the engine's logs would show.
 */
export function valueToLookWith(value: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.runtime.isDryRun() ? value : pulumi.secret(knownValue(value) as Promise<string>);
}

/** Whether a resource is known by its name only, as those of a program in another language. */
export function isName(resource: unknown): resource is pulumi.Resource {
  const { DependencyResource } = pulumi as unknown as {
    DependencyResource: new () => pulumi.Resource;
  };
  return resource instanceof DependencyResource;
}

/** Whether a value is known only later. */
export function isLater(value: unknown): value is pulumi.Output<unknown> | Promise<unknown> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** Whether it is an object of fields: no list, and of no class, which may be a resource. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/**
 * @returns what of a value is known now: fields and elements that are known only later are left
 * out.
 */
export function knownNow<T>(value: T): pulumi.Unwrap<T> {
  const known = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.filter((one) => !isLater(one)).map(known);
    if (!isPlainObject(each)) return each;
    return Object.fromEntries(
      Object.entries(each).flatMap(([key, one]) => (isLater(one) ? [] : [[key, known(one)]])),
    );
  };
  return known(value) as pulumi.Unwrap<T>;
}

/**
 * @returns the paths of what is known only later in a value: `redis.directives.maxmemory`,
 * `forget[1]`.
 */
export function laterIn(
  value: unknown,
  path = "",
): { path: string; later: pulumi.Output<unknown> | Promise<unknown> }[] {
  if (isLater(value)) return [{ path, later: value }];
  if (Array.isArray(value))
    return value.flatMap((each, index) => laterIn(each, `${path}[${index}]`));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    laterIn(each, path ? `${path}.${key}` : key),
  );
}

/** Keeps the program from being taken for ended. @returns what is to be called when it may be. */
export function keepAlive(): () => void {
  return (pulumi.runtime as unknown as { rpcKeepAlive: () => () => void }).rpcKeepAlive();
}

/** Waits until nothing is under way that has to be before the program may be taken for ended. */
export function waitForAll(): Promise<void> {
  return (pulumi.runtime as unknown as { waitForRPCs: () => Promise<void> }).waitForRPCs();
}

/** Whether some of a key of the configuration (`NAMESPACE:KEY`) is a secret. */
export function isConfigSecret(key: string): boolean {
  return (pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean }).isConfigSecret(
    key,
  );
}
