import * as pulumi from "@pulumi/pulumi";
import { InputError } from "./components/inputError.ts";
import type { RedisHaArgs } from "./components/redisHa.ts";
import type { HostArgs } from "./hosts/host.ts";

/**
 * The stack's configuration, as Pulumi.yaml describes it.
 *
 * @throws InputError where a value is not of the kind that its key wants.
 */
export function readConfig(config = new pulumi.Config()): RedisHaArgs {
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
    adopt: nonEmpty(config.getObject<string[]>("adopt")),
    serverBinary: config.get("serverBinary") || undefined,
    cliBinary: config.get("cliBinary") || undefined,
    appendOnly: config.getBoolean("appendOnly"),
    minReplicasToWrite: leftToUs(config.getNumber("minReplicasToWrite")),
    minReplicasMaxLagSeconds: config.getNumber("minReplicasMaxLagSeconds"),
    image: config.get("image") || undefined,
    containerUser: config.get("containerUser") || undefined,
    keepVolumes: config.getBoolean("keepVolumes"),
    serviceUser: config.get("serviceUser") || undefined,
    installRedis: config.getBoolean("installRedis"),
    redisVersion: config.get("redisVersion") || undefined,
    redisTarball: config.get("redisTarball") || undefined,
    kernelSettings: config.getObject<string[]>("kernelSettings"),
    firewallClients: nonEmpty(config.getObject<string[]>("firewallClients")),
    redisConf: stringMap(config, "redisConf"),
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

/** YAML makes numbers and booleans of what the servers read as words. */
function stringMap(config: pulumi.Config, key: string): Record<string, string> | undefined {
  const value = objectFrom(config, key);
  if (!value) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (typeof each === "boolean") return [name, each ? "yes" : "no"];
      if (typeof each === "string" || typeof each === "number") return [name, String(each)];
      throw refused(`${key}.${name}`, each, "a text, a number, or yes or no");
    }),
  );
}

/** Fields of a host and what each has to be. */
const hostFields: Record<string, "text" | "number" | "object"> = {
  kind: "text",
  address: "text",
  directory: "text",
  engine: "text",
  certificates: "text",
  image: "text",
  sshAddress: "text",
  sshPort: "number",
  user: "text",
  privateKeyFile: "text",
  hostKey: "text",
  bastion: "object",
};

function hostMap(config: pulumi.Config): Record<string, HostArgs> | undefined {
  const value = objectFrom(config, "hosts");
  const check = (path: string, args: unknown, fields: string[]) => {
    const any = `any of: ${fields.join(", ")}`;
    if (typeof args !== "object" || args === null) throw refused(path, args, `an object with ${any}`);
    for (const [field, each] of Object.entries(args)) {
      if (!fields.includes(field)) throw refused(path, field, any);
      if (hostFields[field] === "object") check(`${path}.${field}`, each, ["address", "sshPort", "user", "privateKeyFile", "hostKey"]);
      else if (typeof each !== (hostFields[field] === "number" ? "number" : "string"))
        throw refused(`${path}.${field}`, each, `a ${hostFields[field]}`);
    }
  };
  for (const [host, args] of Object.entries(value ?? {})) check(`hosts.${host}`, args, Object.keys(hostFields));
  return value as Record<string, HostArgs> | undefined;
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
  return new InputError([{ propertyPath, reason: `${JSON.stringify(value)} is not allowed: ${allowed}` }]);
}
