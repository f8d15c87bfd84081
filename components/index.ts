export { type ContainerArgs, createHosts, Deployment, DockerEngine, DockerHost, LocalHost, type MachineArgs, SshHost } from "../hosts/index.ts";
export {
  type BastionArgs,
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
export type { Limits, Located } from "./redis/lifecycleParameters.ts";
export { type NodeOutput, RedisHa, type RedisHaArgs } from "./redisHa.ts";
export { RedisNode, type RedisNodeArgs } from "./redisNode.ts";
export { type MonitoredMasterArgs, Sentinel, type SentinelArgs } from "./sentinel.ts";
export type { ServerVersion } from "./redis/version.ts";
export type { Member, TopologyArgs } from "./redis/topology.ts";
export { ZatoKvdbConfig, type ZatoKvdbConfigArgs } from "./zato/kvdbConfig.ts";
