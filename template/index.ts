import { readConfig, RedisHa } from "pulumi-redis-ha";

// The settings are in Pulumi.STACK.yaml, whatever this project is called: pulumi config set
// pulumi-redis-ha:KEY VALUE
const redis = new RedisHa("redis-ha", readConfig());

export const {
  sentinels,
  redisSentinels,
  masterName,
  nodes,
  kvdbStanza,
  hosts,
  containerHosts,
  limitations,
} = redis;
