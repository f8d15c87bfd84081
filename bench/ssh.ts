import { Engine } from "../tests/support/engine.ts";
import { ContainerMachine, makeNetwork, privateKeyFile } from "../tests/support/ssh/containers.ts";
import { run } from "../tests/support/ssh/machine.ts";
import { MachinesStack } from "../tests/support/ssh/stack.ts";
import { measured } from "./baseline.ts";
import { changes, rolled } from "./changes.ts";
import { againstEmpty } from "./empty.ts";
import { report, seconds } from "./figures.ts";
import { fill, masterOf } from "./servers.ts";

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
  const baseline = await measured(bare);
  // As it is by default; the tests' own times are shorter.
  const config = { sentinel: {}, redis: {} };
  stack.project.configure(stack.config(config));
  const first = await seconds(() => stack.project.up());
  const { unchanged, empty } = await againstEmpty(stack.project);
  const { project, sentinels, nodes } = stack;
  await fill(nodes, await masterOf(sentinels[0] ?? ""), 10_000, 10);
  const deployment = { project, sentinels, nodes };
  report({
    baseline: baseline.up,
    "first up, verified, Redis installed": first,
    "over the baseline": first - baseline.up,
    "up that changes nothing": unchanged,
    "the same, of an empty program": empty,
    "times the empty program": unchanged / empty,
    ...(await rolled(
      deployment,
      "a restart of all",
      stack.config({ ...config, redis: { directives: { databases: "17" } } }),
      { restarts: baseline.roll, empty },
    )),
    ...(await changes(deployment)),
  });
} finally {
  await stack.project.remove();
  await engine.stop();
}
