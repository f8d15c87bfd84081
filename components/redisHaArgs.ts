import type * as pulumi from "@pulumi/pulumi";
import { type FieldsOf, withCommon } from "../fields.ts";
import { type DockerArgs, dockerFields } from "../hosts/docker/args.ts";
import type { HostArgs, LocalArgs } from "../hosts/host.ts";
import { isPlainPath } from "../hosts/names.ts";
import { knownNow } from "../hosts/sdk.ts";
import { type SshArgs, sshFields, withCommonSsh } from "../hosts/ssh/args.ts";
import { hostFields, localFields } from "./hostProblems.ts";
import {
  redisFields,
  type RedisNodesArgs,
  type TimeoutsArgs,
  timeoutsFields,
} from "./redis/args.ts";
import { type AuthArgs, authFields } from "./redis/authArgs.ts";
import { seed, sentinelFields, type TopologyArgs } from "./redis/topology.ts";
import { type ZatoArgs, zatoFields } from "./zato/args.ts";

/**
 * Arguments of {@link RedisHa}; without any, the three-host topology of Zato's guide on this
 * machine.
 */
export interface RedisHaArgs extends TopologyArgs {
  /** Host name to what is known of the machine. @default every host is this machine, 127.0.0.1 */
  hosts?: Record<string, HostArgs>;
  /**
   * Absolute path of the stack's directory on every host that sets none of its own. @default what a
   * host's `directory` says
   */
  directory?: string;
  /**
   * Let the servers listen where others than the machine itself reach them, without
   * `auth.enabled`: who gets there reads and writes the data and commands the sentinels. Without it
   * an address beyond loopback is refused.
   * @default false
   */
  openWithoutPasswords?: boolean;
  /** Users with passwords, and what each of them may do. */
  auth?: AuthArgs;
  /**
   * Replicas and sentinels that are gone for good and were never, or are no longer, of this
   * deployment: each `HOST:PORT` as the verification names them. One sentinel after the other is
   * restarted without them; all else that it has learnt is kept.
   * @default none
   */
  forget?: pulumi.Input<string>[];
  /**
   * What is to become this deployment's though it is marked as another one's, or holds a server's
   * data without a mark: absolute paths of directories of hosts (with the host's name), names of
   * volumes. Only if nothing runs on them; they are removed with the deployment.
   * @default none
   */
  adopt?: string[];
  /** Write the host names into the hosts file of every machine. @default true */
  hostsEntries?: boolean;
  /** Absolute path of that file. @default "/etc/hosts" */
  hostsFile?: string;
  /** The servers' programs, and what the nodes keep. */
  redis?: RedisNodesArgs;
  /** Hosts that are this machine. */
  local?: LocalArgs;
  /** What hosts with a section `docker` have in common. */
  docker?: DockerArgs;
  /** What hosts with a section `ssh` have in common. */
  ssh?: SshArgs;
  /** Zato's servers. */
  zato?: ZatoArgs;
  /** How long steps may take. */
  timeouts?: TimeoutsArgs;
}

export const redisHaFields = {
  nodes: { names: { kind: "text" } },
  sentinels: { names: { kind: "text" } },
  hosts: { names: { section: hostFields } },
  masterName: { kind: "text", default: seed.masterName },
  initialMaster: { kind: "text" },
  directory: { kind: "text" },
  openWithoutPasswords: { kind: "switch", default: false },
  auth: { section: authFields },
  forget: { kind: "texts", input: true },
  adopt: {
    kind: "texts",
    rule: [
      (text: string) => isPlainPath(text) || /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text),
      "the absolute path of a host's directory, or a volume's name",
    ],
  },
  hostsEntries: { kind: "switch", default: true },
  hostsFile: {
    kind: "text",
    default: "/etc/hosts",
    rule: [isPlainPath, "an absolute path without control characters"],
  },
  redis: { section: redisFields },
  sentinel: { section: sentinelFields },
  local: { section: localFields },
  docker: { section: dockerFields },
  ssh: { section: sshFields },
  zato: { section: zatoFields },
  timeouts: { section: timeoutsFields },
} as const satisfies FieldsOf<RedisHaArgs>;

/** What is known at once; of the hosts it is for those who look at them to tell that apart. */
export type KnownArgs = pulumi.Unwrap<Omit<RedisHaArgs, "hosts">> & Pick<RedisHaArgs, "hosts">;

export function knownArgs({ hosts, ...args }: RedisHaArgs): KnownArgs {
  return { ...knownNow(args), hosts };
}

/**
 * @returns what is known of a host, with what it shares with others in place of what it leaves out.
 */
export function hostArgs(
  { hosts, directory, ssh, docker }: Pick<RedisHaArgs, "hosts" | "directory" | "ssh" | "docker">,
  host: string,
): HostArgs {
  const own = hosts?.[host] ?? {};
  return {
    ...own,
    directory: own.directory ?? directory,
    ...(own.ssh ? { ssh: withCommonSsh(ssh, own.ssh) } : {}),
    ...(own.docker ? { docker: withCommon(docker, own.docker) } : {}),
  };
}
