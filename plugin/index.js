require("pulumi-redis-ha/provider");
