import * as pulumi from "@pulumi/pulumi";
import { redisHaFields, shapeProblems, unknownKey } from "./components/fields.ts";
import { InputError, notAllowed } from "./errors.ts";
import type { RedisHaArgs } from "./components/redisHa.ts";
import { failUpdate } from "./hosts/failUpdate.ts";
import type { HostArgs } from "./hosts/host.ts";

/** What all keys of a stack's configuration begin with, whatever its project is called. */
const namespace = "pulumi-redis-ha";

/**
 * The stack's configuration, as this package's Pulumi.yaml describes it: keys `pulumi-redis-ha:KEY`, in a project of any name.
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
  refuseUnknownKeys(config.name);
  warnOfProjectKeys(config.name);
  return {
    nodes: stringMap(config, "nodes"),
    sentinels: stringMap(config, "sentinels"),
    hosts: hostMap(config),
    initialMaster: config.get("initialMaster") || undefined,
    masterName: config.get("masterName"),
    quorum: config.getNumber("quorum") || undefined,
    downAfterMilliseconds: config.getNumber("downAfterMilliseconds"),
    parallelSyncs: config.getNumber("parallelSyncs"),
    failoverTimeoutMilliseconds: config.getNumber("failoverTimeoutMilliseconds"),
    directory: config.get("directory") || undefined,
    openWithoutPasswords: config.getBoolean("openWithoutPasswords"),
    forget: nonEmpty(config.getObject<string[]>("forget")),
    adopt: nonEmpty(config.getObject<string[]>("adopt")),
    serverBinary: config.get("serverBinary") || undefined,
    cliBinary: config.get("cliBinary") || undefined,
    appendOnly: config.getBoolean("appendOnly"),
    minReplicasToWrite: leftToUs(config.getNumber("minReplicasToWrite")),
    minReplicasMaxLagSeconds: config.getNumber("minReplicasMaxLagSeconds"),
    image: config.get("image") || undefined,
    containerUser: config.get("containerUser") || undefined,
    keepVolumes: config.getBoolean("keepVolumes"),
    localUser: config.get("localUser") || undefined,
    serviceUser: config.get("serviceUser") || undefined,
    installRedis: config.getBoolean("installRedis"),
    redisVersion: config.get("redisVersion") || undefined,
    redisTarball: config.get("redisTarball") || undefined,
    kernelSettings: config.getObject<string[]>("kernelSettings"),
    firewallClients: nonEmpty(config.getObject<string[]>("firewallClients")),
    bootTimeoutSeconds: config.getNumber("bootTimeoutSeconds"),
    redisConf: stringMap(config, "redisConf"),
    nodeConf: nodeConf(config),
    sentinelConf: stringMap(config, "sentinelConf"),
    hostsEntries: config.getBoolean("hostsEntries"),
    hostsFile: config.get("hostsFile"),
    zatoServerConfs: config.getObject<string[]>("zatoServerConfs"),
    zatoSocketTimeoutSeconds: numberFrom(config, "zatoSocketTimeoutSeconds"),
    readyTimeoutSeconds: config.getNumber("readyTimeoutSeconds"),
    stopTimeoutSeconds: config.getNumber("stopTimeoutSeconds"),
    verifyTimeoutSeconds: config.getNumber("verifyTimeoutSeconds"),
  };
}

/** What somebody set by a mistyped name would be left out without a word. */
function refuseUnknownKeys(name: string): void {
  const known = Object.keys(redisHaFields);
  const problems = keysOf(name)
    .filter((key) => !known.includes(key))
    .map((key) => unknownKey(key, key, known));
  if (problems.length > 0) throw new InputError(problems);
}

/** What `pulumi config set KEY` sets is the project's, and no setting here: its program may have a use for that, or nobody has. */
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
  return Object.keys(pulumi.runtime.allConfig()).flatMap((key) => (key.startsWith(`${name}:`) ? [key.slice(name.length + 1)] : []));
}

/** YAML makes numbers and booleans of what the servers read as words. */
function stringMap(config: pulumi.Config, key: string): Record<string, string> | undefined {
  const value = objectFrom(config, key);
  return value && words(key, value);
}

function words(path: string, value: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]: [string, unknown]) => {
      if (typeof each === "boolean") return [name, each ? "yes" : "no"];
      if (typeof each === "string" || typeof each === "number") return [name, String(each)];
      throw refused(`${path}.${name}`, each, "a text, a number, or yes or no");
    }),
  );
}

function nodeConf(config: pulumi.Config): RedisHaArgs["nodeConf"] {
  const value = objectFrom(config, "nodeConf");
  if (!value) return undefined;
  refuseShape({ nodeConf: value });
  return Object.fromEntries(Object.entries(value).map(([node, each]) => [node, words(`nodeConf.${node}`, each as object)]));
}

function hostMap(config: pulumi.Config): Record<string, HostArgs> | undefined {
  const hosts = objectFrom(config, "hosts");
  refuseShape({ hosts });
  return hosts as Record<string, HostArgs> | undefined;
}

function refuseShape(args: object): void {
  const { unknown, wrong } = shapeProblems(args);
  if (unknown.length + wrong.length > 0) throw new InputError([...unknown, ...wrong]);
}

function objectFrom(config: pulumi.Config, key: string): Record<string, unknown> | undefined {
  const value = config.getObject<unknown>(key);
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(key, value, "an object, in YAML one `name: value` a line");
  // Pulumi.yaml can't hold what a stack leaves out, so its defaults are empty objects.
  return Object.keys(value).length === 0 ? undefined : (value as Record<string, unknown>);
}

/** Pulumi.yaml can't hold what a stack leaves out: an empty list stands for that. */
function nonEmpty<T>(list: T[] | undefined): T[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

/** A number below zero stands for what depends on the rest. */
function leftToUs(value: number | undefined): number | undefined {
  return value === -1 ? undefined : value;
}

function numberFrom(config: pulumi.Config, key: string): number | undefined {
  const text = config.get(key);
  if (text === undefined) return undefined;
  if (text.trim() === "" || Number.isNaN(Number(text))) throw refused(key, text, "a number");
  return Number(text);
}

function refused(propertyPath: string, value: unknown, allowed: string): InputError {
  return new InputError([notAllowed(propertyPath, value, allowed)]);
}
