import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Declarations } from "./declarations.ts";
import { packageName, type PackageSpec, token } from "./schema.ts";

// The schema for other languages, made of the same declarations that TypeScript programs are
// checked with.

const components = ["RedisHa", "RedisNode", "Sentinel", "ZatoKvdbConfig", "HostsEntries"];

/**
 * @param checkout directory of the sources.
 * @throws Error where a declaration has something that no other language has.
 */
export function schemaOf(checkout: string): PackageSpec {
  const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as Record<
    "version" | "description" | "license",
    string
  >;
  const declarations = new Declarations(checkout);
  const resources = Object.fromEntries(
    components.map((name) => [token(name), declarations.resource(name)]),
  );
  const respected = { respectSchemaVersion: true };
  return {
    name: packageName,
    displayName: "Redis HA",
    version: manifest.version,
    description: manifest.description,
    license: manifest.license,
    keywords: ["kind/component", "category/database"],
    language: {
      nodejs: respected,
      python: { ...respected, pyproject: { enabled: true } },
      go: respected,
      csharp: respected,
      java: respected,
    },
    types: Object.fromEntries([...declarations.types].sort(([a], [b]) => a.localeCompare(b))),
    resources,
  };
}
