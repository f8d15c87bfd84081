import { seed } from "../components/redis/topology.ts";
import { redisHaFields } from "../components/redisHaArgs.ts";
import { type ObjectSpec, type PackageSpec, type PropertySpec, token } from "./schema.ts";

// What people read of the arguments, made of the schema, which is made of the declarations.

/** Where, in a file that is otherwise written by hand, the text is that is made here. */
export interface Made {
  /** Below the checkout. */
  file: string;
  begins: RegExp;
  ends: RegExp;
  text: string;
}

/** @returns the texts for each file; `npm run schema` puts them there, and a test compares. */
export function madeOf(schema: PackageSpec): Made[] {
  return [
    {
      file: "Pulumi.yaml",
      begins: /^config:\n/m,
      ends: /^template:\n/m,
      text: configuration(schema),
    },
    {
      file: "README.md",
      begins: /^<!-- settings: made by npm run schema -->\n/m,
      ends: /^<!-- end of settings -->\n/m,
      text: table(schema),
    },
    {
      file: "docs/reference.md",
      begins: /^<!-- made by npm run schema -->\n/m,
      ends: /(?![^])/,
      text: reference(schema),
    },
  ];
}

/** @returns the content with what is made in its place. */
export function withMade(content: string, { file, begins, ends, text }: Made): string {
  const begin = begins.exec(content);
  const from = begin ? begin.index + begin[0].length : -1;
  const length = content.slice(from).search(ends);
  if (from < 0 || length < 0) throw new Error(`${file} has no place for what is made`);
  return content.slice(0, from) + text + content.slice(from + length);
}

/** RedisHa's arguments, in the order in which they are declared. */
function argumentsOf(schema: PackageSpec): [string, PropertySpec][] {
  const properties = schema.resources[token("RedisHa")]?.inputProperties ?? {};
  return Object.keys(redisHaFields).map((name) => [name, properties[name] ?? {}]);
}

/** What is in a section, or in each of several with free names. */
function sectionOf(
  schema: PackageSpec,
  { $ref, additionalProperties }: PropertySpec,
): ObjectSpec | undefined {
  const type = $ref ?? additionalProperties?.$ref;
  return type === undefined ? undefined : schema.types[type.replace("#/types/", "")];
}

/** The text, and apart from it the default. */
function parts({ description = "" }: PropertySpec): {
  text: string;
  otherwise: string | undefined;
} {
  const [text = "", otherwise] = description.split(/(?:\n\n|^)Default: /);
  return { text: text.replaceAll("\n", " "), otherwise };
}

/** Pulumi can't hold what a stack leaves out: an empty text, list or object stands for that. */
function configuration(schema: PackageSpec): string {
  const lines = argumentsOf(schema).flatMap(([name, spec]) => {
    const { text, otherwise } = parts(spec);
    const section = sectionOf(schema, spec);
    const inside = section
      ? ` Any of ${Object.keys(section.properties).join(", ")}: docs/reference.md.`
      : "";
    const type = spec.type ?? "object";
    const none =
      spec.default === undefined && type === "string" && otherwise ? ` Empty: ${otherwise}.` : "";
    const value =
      name === "nodes" || name === "sentinels"
        ? seed[name]
        : (spec.default ?? { string: "", array: [], object: {} }[type as "string"]);
    const lists = typeof value === "object" && Object.keys(value).length > 0;
    return [
      `  ${name}:`,
      `    type: ${type}`,
      ...(type === "array" ? ["    items:", "      type: string"] : []),
      `    description: ${JSON.stringify(text.replaceAll("`", "") + inside + none)}`,
      lists ? "    default:" : `    default: ${JSON.stringify(value)}`,
      ...(lists
        ? Object.entries(value as object).map(
            ([member, place]) => `      ${member}: ${String(place)}`,
          )
        : []),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function table(schema: PackageSpec): string {
  const rows = argumentsOf(schema).map(([name, spec]) => {
    const { text, otherwise } = parts(spec);
    const section = sectionOf(schema, spec);
    const inside = section ? `: ${Object.keys(section.properties).map(code).join(", ")}` : "";
    return `| ${code(name)} | ${cell(otherwise ?? "")} | ${cell(text.replace(/\.$/, "") + inside)} |`;
  });
  return ["\n| key | default | meaning |", "|---|---|---|", ...rows, "\n"].join("\n");
}

/** All that can be set, a table for each section. */
function reference(schema: PackageSpec): string {
  const sections: string[] = [];
  const add = (title: string, properties: [string, PropertySpec][], text = "") => {
    const rows = properties.map(([name, spec]) => {
      const { text, otherwise } = parts(spec);
      return `| ${code(name)} | ${typeOf(spec)} | ${isInput(spec) ? "yes" : ""} | ${cell(otherwise ?? "")} | ${cell(text)} |`;
    });
    sections.push(
      [
        `## ${title}\n`,
        ...(text ? [`${text}\n`] : []),
        "| key | type | output | default | meaning |",
        "|---|---|---|---|---|",
        ...rows,
        "",
      ].join("\n"),
    );
    for (const [name, spec] of properties) {
      const path = title === "RedisHa" ? name : `${title.replaceAll("`", "")}.${name}`;
      const below = sectionOf(schema, spec);
      if (below)
        add(
          code(spec.$ref === undefined ? `${path}.NAME` : path),
          Object.entries(below.properties),
          parts({ description: parts(spec).text || below.description }).text,
        );
    }
  };
  add("RedisHa", argumentsOf(schema));
  return `\n${sections.join("\n")}`;
}

function isInput({ plain, items, additionalProperties, $ref }: PropertySpec): boolean {
  if (items) return isInput(items);
  return additionalProperties ? isInput(additionalProperties) : !plain && $ref === undefined;
}

function typeOf(spec: PropertySpec): string {
  if (spec.$ref) return "section";
  if (spec.items) return `list of ${typeOf(spec.items)}s`;
  if (spec.additionalProperties) return `names, each with a ${typeOf(spec.additionalProperties)}`;
  return {
    string: "text",
    integer: "whole number",
    number: "number",
    boolean: "true or false",
    array: "list",
    object: "object",
  }[spec.type ?? "object"];
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
