import pulumi
import pulumi_redis_ha as redis_ha
from pulumi_command import local

config = pulumi.Config()
script = config.require("script")
environment = {"MACHINES": config.require("machines")}

key = local.Command(
    "key",
    create='mkdir -p "$MACHINES" && ssh-keygen -q -t ed25519 -N "" -f "$MACHINES/key" && cat "$MACHINES/key"',
    delete='rm -rf "$MACHINES"',
    environment=environment,
    logging=local.Logging.NONE,
    opts=pulumi.ResourceOptions(additional_secret_outputs=["stdout"]),
)
authorized = local.Command("authorized", create='cat "$MACHINES/key.pub"', environment=environment, triggers=[key.stdout])


def machine(number):
    made = local.Command(
        f"machine{number}",
        create=f"sh {script} make {number}",
        delete=f"sh {script} remove {number}",
        environment={**environment, "AUTHORIZED": authorized.stdout},
        triggers=[config.get(f"generation{number}") or "1"],
        opts=pulumi.ResourceOptions(delete_before_replace=True),
    )
    words = made.stdout.apply(lambda text: text.split(" "))
    return {"address": words[0], "ssh": {"host_key": words[1]}}


cache = redis_ha.RedisHa(
    "cache",
    hosts={f"redis{number}": machine(number) for number in (1, 2, 3)},
    ssh={"private_key": key.stdout},
    open_without_passwords=True,
    sentinel={"down_after_milliseconds": 3000, "failover_timeout_milliseconds": 5000},
)

pulumi.export("sentinels", cache.sentinels)
