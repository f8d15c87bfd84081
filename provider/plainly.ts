import * as pulumi from "@pulumi/pulumi";
import { unknownKey } from "../fields.ts";
import { isKnown, knownValue, sourcesOf } from "../hosts/sdk.ts";
import type { Problem } from "../errors.ts";
import type { PackageSpec, PropertySpec } from "./schema.ts";

/** Arguments as a component takes them. */
export interface Given {
  args: Record<string, unknown>;
  /** What cannot be known in time, or would not stay a secret. */
  problems: Problem[];
  /** What the schema has no property for. */
  unknown: Problem[];
  /** What plain arguments came from. */
  sources: pulumi.Resource[];
}

/**
 * Takes apart what another language's SDK may wrap, as a whole or in parts: what has to be known
 * before anything is created is waited for, everything else stays an output, and what was in a
 * secret is one.
 *
 * @param inputs of a component, as the engine gives them.
 * @param properties what the schema says of them.
 */
export async function plainly(
  inputs: Record<string, unknown>,
  properties: Readonly<Record<string, PropertySpec>>,
  types: PackageSpec["types"],
): Promise<Given> {
  const given: Given = { args: {}, problems: [], unknown: [], sources: [] };

  const known = (fields: Readonly<Record<string, PropertySpec>>, path: string, key: string) => {
    const spec = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!spec) given.unknown.push(unknownKey(path || key, key, Object.keys(fields)));
    return spec;
  };

  const taken = async (
    value: unknown,
    spec: PropertySpec | undefined,
    path: string,
    secret: boolean,
  ): Promise<unknown> => {
    if (spec && !spec.plain) return secret && value !== undefined ? pulumi.secret(value) : value;
    if (pulumi.Output.isInstance(value)) {
      given.sources.push(...(await sourcesOf(value)));
      if (!(await isKnown(value))) {
        given.problems.push({
          propertyPath: path,
          reason:
            "has to be known before anything is created, and is an output of what is not there yet",
        });
        return undefined;
      }
      const inside = await knownValue(value);
      const isSecret = await pulumi.isSecret(value);
      if (isSecret && typeof inside !== "object")
        given.problems.push({
          propertyPath: path,
          reason: "can't be a secret: it would not be kept as one",
        });
      return taken(inside, spec, path, secret || isSecret);
    }
    if (Array.isArray(value))
      return Promise.all(
        value.map((each, index) => taken(each, spec?.items, `${path}[${index}]`, secret)),
      );
    if (typeof value === "object" && value !== null) {
      const fields =
        spec?.$ref === undefined ? undefined : types[spec.$ref.replace("#/types/", "")]?.properties;
      const entries = Object.entries(value).map(async ([key, each]) => {
        return [
          key,
          await taken(
            each,
            fields ? known(fields, path, key) : spec?.additionalProperties,
            `${path}.${key}`,
            secret,
          ),
        ] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    }
    return value;
  };

  for (const [key, value] of Object.entries(inputs))
    given.args[key] = await taken(value, known(properties, "", key), key, false);
  return given;
}
