import * as pulumi from "@pulumi/pulumi";
import { type RedisHaArgs, redisHaFields } from "./components/redisHaArgs.ts";
import { InputError, notAllowed } from "./errors.ts";
import { type Field, type Fields, isObject, shapeProblems } from "./fields.ts";
import { failUpdate } from "./hosts/failUpdate.ts";
import { isConfigSecret } from "./hosts/sdk.ts";

/** What all keys of a stack's configuration begin with, whatever its project is called. */
const namespace = "pulumi-redis-ha";

/**
 * The stack's configuration, as this package's Pulumi.yaml describes it: keys
 * `pulumi-redis-ha:KEY`, in a project of any name.
 *
 * @throws InputError where a value is not of the kind that its key wants, or there is no such key.
 */
export function readConfig(config = new pulumi.Config(namespace)): RedisHaArgs {
  try {
    return read(config);
  } catch (error) {
    // A program that catches this must not be taken for one that wants nothing any more.
    void failUpdate("config", error as Error);
    throw error;
  }
}

function read(config: pulumi.Config): RedisHaArgs {
  const keys = keysOf(config.name);
  const { unknown } = shapeProblems(
    Object.fromEntries(keys.map((key) => [key, undefined])),
    redisHaFields,
  );
  if (unknown.length > 0) throw new InputError(unknown);
  warnOfProjectKeys(config.name);
  const args = Object.fromEntries(
    Object.entries(redisHaFields).map(([key, field]) => [key, valueOf(config, key, field)]),
  );
  const problems = shapeProblems(args, redisHaFields);
  if (problems.unknown.length + problems.wrong.length > 0)
    throw new InputError([...problems.unknown, ...problems.wrong]);
  return args;
}

/**
 * What `pulumi config set KEY` sets is the project's, and no setting here: its program may have a
 * use for that, or nobody has.
 */
function warnOfProjectKeys(name: string): void {
  const project = pulumi.getProject();
  if (project === name) return;
  const [key, ...others] = keysOf(project).filter((each) => each in redisHaFields);
  if (key === undefined) return;
  const more = others.length > 0 ? `, and ${others.length} more like it,` : "";
  void pulumi.log.warn(
    `${project}:${key}${more} is the project's and no setting of Redis: that is ${name}:${key} (pulumi config set ${name}:${key})`,
  );
}

function keysOf(name: string): string[] {
  return Object.keys(pulumi.runtime.allConfig()).flatMap((key) =>
    key.startsWith(`${name}:`) ? [key.slice(name.length + 1)] : [],
  );
}

/**
 * Pulumi.yaml can't hold what a stack leaves out: an empty text, list or object stands for that.
 */
function valueOf(config: pulumi.Config, key: string, field: Fields[string]): unknown {
  const text = config.get(key);
  if (text === undefined || text === "") return undefined;
  const isSecret = isConfigSecret(`${config.name}:${key}`);
  if ("kind" in field && field.kind === "text") return text;
  if ("kind" in field && field.kind === "switch") return config.getBoolean(key);
  const value = config.getObject<unknown>(key);
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty ? undefined : plainly(key, value, field, isSecret);
}

/**
 * YAML, and `pulumi config set --path`, make numbers and switches of what the servers read as
 * words, and texts of broken numbers.
 *
 * @param isSecret whether some of it is.
 */
function plainly(path: string, value: unknown, field: Fields[string], isSecret: boolean): unknown {
  if ("kind" in field)
    return field.kind === "words" ? words(path, value, isSecret) : scalar(value, field);
  if (!isObject(value)) return value;
  const inside = (name: string) =>
    "names" in field
      ? field.names
      : Object.hasOwn(field.section, name)
        ? field.section[name]
        : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const known = inside(name);
      return [name, known ? plainly(`${path}.${name}`, each, known, isSecret) : each];
    }),
  );
}

function scalar(value: unknown, { kind, secret }: Field): unknown {
  if (kind === "number" && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value))
    return Number(value);
  return secret && typeof value === "string" ? pulumi.secret(value) : value;
}

/**
 * Which of a directive's values is the secret is not told: all of them are kept as secrets then.
 */
function words(path: string, value: unknown, isSecret: boolean): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (typeof each !== "string" && typeof each !== "number" && typeof each !== "boolean")
        throw new InputError([
          notAllowed(`${path}.${name}`, each, "a text, a number, or yes or no"),
        ]);
      const word = typeof each === "boolean" ? (each ? "yes" : "no") : String(each);
      return [name, isSecret ? pulumi.secret(word) : word];
    }),
  );
}
