export {
  createHosts,
  Deployment,
  DockerEngine,
  DockerHost,
  LocalHost,
  SshHost,
} from "../hosts/index.ts";
export type { BastionArgs, DockerArgs, SshArgs, SshHostArgs } from "../hosts/index.ts";
export {
  type EditArgs,
  Host,
  type HostArgs,
  type LocalArgs,
  type Placement,
  type ProcessArgs,
  type ProcessCommands,
  type ProcessFacts,
} from "../hosts/host.ts";
export type { HostSection } from "./hostSection.ts";
export { HostsEntries, type HostsEntriesArgs } from "./hostsEntries.ts";
export { InputError, type Problem } from "../errors.ts";
export type { RedisArgs, RedisNodesArgs, TimeoutsArgs } from "./redis/args.ts";
export type { Directives } from "./redis/directives.ts";
export type { Located } from "./redis/lifecycleParameters.ts";
export type { Member, SentinelsArgs, TopologyArgs } from "./redis/topology.ts";
export type { ServerVersion } from "./redis/version.ts";
export { type NodeOutput, RedisHa } from "./redisHa.ts";
export type { RedisHaArgs } from "./redisHaArgs.ts";
export { RedisNode, type RedisNodeArgs } from "./redisNode.ts";
export type { MonitoredMasterArgs } from "./redis/sentinelConf.ts";
export { Sentinel, type SentinelArgs } from "./sentinel.ts";
export type { ZatoArgs, ZatoKvdbConfigArgs } from "./zato/args.ts";
export { ZatoKvdbConfig } from "./zato/kvdbConfig.ts";
