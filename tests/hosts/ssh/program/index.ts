import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { RedisHa } from "../../../../components/index.ts";

const config = new pulumi.Config();
const script = config.require("script");
const environment = { MACHINES: config.require("machines") };
const key = new local.Command(
  "key",
  {
    create:
      'mkdir -p "$MACHINES" && ssh-keygen -q -t ed25519 -N "" -f "$MACHINES/key" && cat "$MACHINES/key"',
    delete: 'rm -rf "$MACHINES"',
    environment,
    logging: "none",
  },
  { additionalSecretOutputs: ["stdout"] },
);
const authorized = new local.Command("authorized", {
  create: 'cat "$MACHINES/key.pub"',
  environment,
  triggers: [key.stdout],
});
const machine = (number: number) => {
  const made = new local.Command(
    `machine${number}`,
    {
      create: `sh ${script} make ${number}`,
      delete: `sh ${script} remove ${number}`,
      environment: { ...environment, AUTHORIZED: authorized.stdout },
      triggers: [config.get(`generation${number}`) ?? "1"],
    },
    { deleteBeforeReplace: true },
  );
  const word = (index: number) => made.stdout.apply((text) => text.split(" ")[index] ?? "");
  return { ssh: { hostKey: word(1), privateKey: key.stdout }, address: word(0) };
};
const redis = new RedisHa("cache", {
  hosts: { redis1: machine(1), redis2: machine(2), redis3: machine(3) },
  openWithoutPasswords: true,
  sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 5000 },
});

export const { sentinels, hosts } = redis;
