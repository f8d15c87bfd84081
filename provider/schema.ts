// What of Pulumi's package schema is used here.

/** What the engine calls the package: the first word of every token, and of the plugin's name. */
export const packageName = "redis-ha";

/** @returns what the engine calls a component, or a type, of the package. */
export function token(name: string): string {
  return `${packageName}:index:${name}`;
}

/** A property, in the words of Pulumi's package schema. */
export interface PropertySpec {
  description?: string;
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  $ref?: string;
  items?: PropertySpec;
  additionalProperties?: PropertySpec;
  default?: string | number | boolean;
  /** Has to be known before anything is created: no output. */
  plain?: boolean;
  secret?: boolean;
}

/** Properties, and which of them can't be left out. */
export interface ObjectSpec {
  description?: string;
  type: "object";
  properties: Record<string, PropertySpec>;
  required: string[];
}

/** A component: what it is given, and what comes out of it. */
export interface ResourceSpec extends ObjectSpec {
  isComponent: true;
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
}

/** All components, and the types that they name. */
export interface PackageSpec {
  name: string;
  version: string;
  types: Record<string, ObjectSpec>;
  resources: Record<string, ResourceSpec>;
  [more: string]: unknown;
}
