import { notAllowed, type Problem } from "./errors.ts";
import { isLater } from "./hosts/sdk.ts";

// How arguments are declared: each once, beside the interface that has its type and its text. The
// stack's configuration is read, and everything that is given is checked, by these declarations; a
// test compares them with the interfaces' docstrings and Pulumi.yaml.

/** One argument that is a value. */
export interface Field {
  /**
   * `words` are a directive's, name to what stands after it; YAML may have made numbers or booleans
   * of them.
   */
  readonly kind: "text" | "number" | "switch" | "texts" | "words";
  /** Whether it, or each of its texts or words, may be an output. */
  readonly input?: true;
  /** What it is where it is left out, if that is a plain value. */
  readonly default?: string | number | boolean | readonly string[];
  /** Of a number: the least and the most, both allowed. It has to be whole. */
  readonly range?: readonly [least: number, most: number];
  /** Of a text, or of each of several: whether it may be that, and in words what may be. */
  readonly rule?: readonly [isAllowed: (text: string) => boolean, allowed: string];
  /** Whether it is a secret wherever it comes from. */
  readonly secret?: true;
}

/** Arguments of an object. */
export type Fields = Readonly<Record<string, Field | Section | Names>>;

/** An object with arguments of its own. */
export interface Section {
  readonly section: Fields;
}

/** An object with names that are free. */
export interface Names {
  readonly names: Field | Section | Names;
}

/**
 * The declarations of all arguments of an interface: with each new one, the type asks for a line.
 */
export type FieldsOf<T> = Readonly<Record<keyof T, Field | Section | Names>>;

/** @returns the names of arguments that are secrets wherever they come from, on every level. */
export function secretNames(fields: Fields): ReadonlySet<string> {
  const of = (name: string, field: Fields[string]): string[] => {
    if ("section" in field) return [...secretNames(field.section)];
    if ("names" in field) return of(name, field.names);
    return field.secret ? [name] : [];
  };
  return new Set(Object.entries(fields).flatMap(([name, field]) => of(name, field)));
}

/** Unknown fields, and fields that do not hold what they should. */
export interface ShapeProblems {
  unknown: Problem[];
  /** With any of these, nothing else can be checked. */
  wrong: Problem[];
}

/** @returns what is wrong with the form of arguments, on every level. */
export function shapeProblems(args: unknown, fields: Fields, path = ""): ShapeProblems {
  const problems: ShapeProblems = { unknown: [], wrong: [] };
  checkSection(problems, path, args, fields);
  return problems;
}

function checkSection(problems: ShapeProblems, path: string, value: unknown, fields: Fields): void {
  const known = Object.keys(fields);
  if (!isObject(value)) {
    problems.wrong.push(
      notAllowed(path || "args", value, `an object with any of: ${known.join(", ")}`),
    );
    return;
  }
  for (const [name, each] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined)
      problems.unknown.push(unknownKey(path || name, name, known, below(fields)));
    else if (each !== undefined) checkShape(problems, at(path, name), each, field);
  }
}

function checkShape(
  problems: ShapeProblems,
  path: string,
  value: unknown,
  field: Fields[string],
): void {
  if ("section" in field) checkSection(problems, path, value, field.section);
  else if ("names" in field) {
    if (!isObject(value)) problems.wrong.push(notAllowed(path, value, kinds.words));
    else
      for (const [name, each] of Object.entries(value))
        checkShape(problems, at(path, name), each, field.names);
  } else if (!isOf(field, value))
    problems.wrong.push(notAllowed(path, field.secret ? "(not shown)" : value, kinds[field.kind]));
}

/** @returns the problems of values that are of the right form, by their declarations alone. */
export function valueProblems(args: object | undefined, fields: Fields, path = ""): Problem[] {
  return Object.entries(args ?? {}).flatMap(([name, value]: [string, unknown]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return field === undefined || value === undefined || isLater(value)
      ? []
      : problemsOf(at(path, name), value, field);
  });
}

function problemsOf(path: string, value: unknown, field: Fields[string]): Problem[] {
  if ("section" in field) return valueProblems(value as object, field.section, path);
  if ("names" in field)
    return Object.entries(value as object).flatMap(([name, each]) =>
      problemsOf(at(path, name), each, field.names),
    );
  const { range, rule } = field;
  if (
    range &&
    typeof value === "number" &&
    !(Number.isInteger(value) && value >= range[0] && value <= range[1])
  )
    return [notAllowed(path, value, `a whole number from ${range[0]} to ${range[1]}`)];
  if (!rule) return [];
  const texts = Array.isArray(value)
    ? value.map((text, index): [string, unknown] => [`${path}[${index}]`, text])
    : [[path, value] as const];
  return texts.flatMap(([where, text]) =>
    typeof text === "string" && !rule[0](text)
      ? [notAllowed(where, field.secret ? "(not shown)" : text, rule[1])]
      : [],
  );
}

/** @returns the arguments of one, with what all have in common in place of what it leaves out. */
export function withCommon<T extends object>(common: Partial<T> | undefined, own: T): T {
  return {
    ...common,
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
  } as T;
}

/**
 * @param deeper paths of what there is in sections below.
 * @returns the problem of a key that is none of `known`, with the nearest of them.
 */
export function unknownKey(
  path: string,
  key: string,
  known: readonly string[],
  deeper: readonly string[] = [],
): Problem {
  const inside = (word = "") => deeper.filter((each) => each.endsWith(`.${word}`)).join(" or ");
  const names = deeper.map((each) => each.replace(/^.*\./, ""));
  const near = inside(key) || (nearest(key, known) ?? (inside(nearest(key, names)) || undefined));
  const meant = near === undefined ? [] : [`Did you mean ${near}?`];
  // A list that nobody reads is left out where the one that was meant is known.
  const any = known.length > 10 && near !== undefined ? [] : [`any of: ${known.join(", ")}`];
  return notAllowed(path, key, [...any, ...meant].join(". "));
}

/** @returns the paths of what there is in sections. */
function below(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([section, field]) =>
    "section" in field ? Object.keys(field.section).map((name) => `${section}.${name}`) : [],
  );
}

/** @returns the one of `known` that `word` was probably meant to be. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((each) => ({ each, steps: distance(word.toLowerCase(), each.toLowerCase()) }))
    .filter(
      ({ each, steps }) =>
        steps <= Math.max(2, Math.min(word.length, each.length) / 3) && steps < word.length,
    )
    .sort((a, b) => a.steps - b.steps);
  return best?.each;
}

/** Characters to add, remove, replace or swap with the next one to make `b` of `a`. */
function distance(a: string, b: string): number {
  // What is that long is no mistyped name.
  if (a.length > 100) return a.length;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const step = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (before[j - 2] ?? 0) + 1
          : Infinity;
      next.push(Math.min(step, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

const kinds: Record<Field["kind"], string> = {
  text: "a text",
  number: "a number",
  switch: "true or false",
  texts: "a list of texts",
  words: "an object, in YAML one `name: value` a line",
};

function isOf({ kind, input }: Field, value: unknown): boolean {
  if (input && isLater(value)) return kind !== "texts" && kind !== "words";
  if (kind === "text") return typeof value === "string";
  if (kind === "number") return typeof value === "number";
  if (kind === "switch") return typeof value === "boolean";
  if (kind === "texts")
    return (
      Array.isArray(value) &&
      value.every((each) => typeof each === "string" || (input && isLater(each)))
    );
  return isObject(value);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isLater(value);
}

function at(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
