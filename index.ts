import { RedisHa } from "./components/redisHa.ts";
import { readConfig } from "./config.ts";

const redis = new RedisHa("redis-ha", readConfig());

export const { sentinels, redisSentinels, masterName, nodes } = redis;
export const { kvdbStanza, kvdbEnvironment, hosts, containerHosts } = redis;
export const { limitations, sentinelProcesses } = redis;
export const { connection, administration } = redis;
