import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from "pulumi-redis-ha";

const settings = new pulumi.Config();

const redis = new RedisHa("sessions", {
  masterName: "sessions",
  nodes: { node1: "sessions1:16400", node2: "sessions2:26400", node3: "sessions3:30400" },
  sentinels: { s1: "sessions1:16455", s2: "sessions2:26455", s3: "sessions3:30455" },
  directory: settings.get("directory"),
  redis: { directives: { maxmemory: "256mb", "maxmemory-policy": "allkeys-lru" } },
});

export const { sentinels, masterName } = redis;
