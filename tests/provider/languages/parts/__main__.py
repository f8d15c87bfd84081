import pulumi
import pulumi_redis_ha as redis_ha

config = pulumi.Config()
master = "parts"
addresses = {"parts1": "127.0.0.1", "parts2": "127.0.0.1", "parts3": "127.0.0.1"}


def member(name, host, port):
    return {"name": name, "host": host, "port": port, "address": addresses[host]}


nodes = [member("node1", "parts1", 17300), member("node2", "parts2", 17301)]
sentinels = [
    member("sentinel1", "parts1", 17350),
    member("sentinel2", "parts2", 17351),
    member("sentinel3", "parts3", 17352),
]

# The servers listen on these names, and find each other by them.
before = redis_ha.HostsEntries("names", host={"name": "parts1"}, entries=addresses)

for node in nodes:
    before = redis_ha.RedisNode(
        node["name"],
        host={"name": node["host"]},
        port=node["port"],
        master_name=master,
        initial_master="node1",
        nodes=nodes,
        sentinels=sentinels,
        directives={"maxmemory": "64mb"},
        opts=pulumi.ResourceOptions(depends_on=[before]),
    )

watching = [
    redis_ha.Sentinel(
        sentinel["name"],
        host={"name": sentinel["host"]},
        port=sentinel["port"],
        masters=[
            {
                "name": master,
                "initial_master": "node1",
                "quorum": 2,
                "down_after_milliseconds": 3000,
                "parallel_syncs": 1,
                "failover_timeout_milliseconds": 9000,
            }
        ],
        nodes=nodes,
        sentinels=sentinels,
        opts=pulumi.ResourceOptions(depends_on=[before]),
    )
    for sentinel in sentinels
]

zato = redis_ha.ZatoKvdbConfig(
    "zato",
    host={"name": "parts1"},
    master_name=master,
    node="parts1:17300",
    sentinels=[f"{sentinel['host']}:{sentinel['port']}" for sentinel in sentinels],
    server_confs=[config.require("serverConf")],
    opts=pulumi.ResourceOptions(depends_on=watching),
)

pulumi.export("stanza", zato.stanza)
pulumi.export("server", before.version.apply(lambda version: version.label))
