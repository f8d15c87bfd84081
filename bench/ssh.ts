import { Engine } from "../tests/support/engine.ts";
import { ContainerMachine, makeNetwork, privateKeyFile } from "../tests/support/ssh/containers.ts";
import { run } from "../tests/support/ssh/machine.ts";
import { MachinesStack } from "../tests/support/ssh/stack.ts";
import { emptyProgram } from "./empty.ts";
import { report, seconds } from "./figures.ts";
import { whileWriting } from "./writing.ts";

const engine = new Engine("engine");
const stack = new MachinesStack(
  (name, number) => new ContainerMachine(engine, name, number),
  privateKeyFile,
  "/var/lib/redis-ha",
);
const ssh = `ssh -i ${privateKeyFile} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
const bare = (action: string) =>
  run("sh", "bench/ssh-baseline.sh", action, ssh, ...stack.all.map(({ address }) => address));
try {
  await engine.start();
  await makeNetwork(engine);
  await Promise.all(
    stack.all.map(async (machine) => {
      await machine.make();
      await machine.run(
        "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; apt-get install -qq redis-server >/dev/null 2>&1",
      );
    }),
  );
  stack.knowNames();
  await stack.project.init();
  const baseline = await seconds(() => bare("up"));
  const bareRoll = await seconds(() => bare("roll"));
  await bare("down");
  stack.project.configure(stack.config());
  const first = await seconds(() => stack.project.up());
  const unchanged = await seconds(() => stack.project.upChangesNothing());
  const empty = await emptyProgram(stack.project);
  stack.project.configure(stack.config({ redis: { directives: { databases: "17" } } }));
  const rolling = await whileWriting(stack.sentinels, "a restart of all", () => stack.project.up());
  report({
    baseline,
    "first up, verified, Redis installed": first,
    "over the baseline": first - baseline,
    "up that changes nothing": unchanged,
    "the same, of an empty program": empty,
    "times the empty program": unchanged / empty,
    "baseline: three plain restarts": bareRoll,
    ...rolling,
  });
} finally {
  await stack.project.remove();
  await engine.stop();
}
