import pulumi
import pulumi_redis_ha as redis_ha

sessions = redis_ha.RedisHa(
    "sessions",
    master_name="sessions",
    nodes={"node1": "sessions1:16400", "node2": "sessions2:26400", "node3": "sessions3:30400"},
    sentinels={"sentinel1": "sessions1:16455", "sentinel2": "sessions2:26455", "sentinel3": "sessions3:30455"},
    redis={"directives": {"maxmemory": "256mb", "maxmemory-policy": "allkeys-lru"}},
)

pulumi.export("sentinels", sessions.sentinels)
pulumi.export("masterName", sessions.master_name)
