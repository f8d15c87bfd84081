import { readConfig, RedisHa } from "pulumi-redis-ha";

// Settings, whatever this project is called: pulumi config set pulumi-redis-ha:KEY VALUE
const redis = new RedisHa("redis-ha", readConfig());

export const { sentinels, redisSentinels, masterName, nodes } = redis;
export const { kvdbStanza, kvdbEnvironment, hosts, containerHosts } = redis;
export const { limitations, sentinelProcesses } = redis;
export const { connection, administration } = redis;
