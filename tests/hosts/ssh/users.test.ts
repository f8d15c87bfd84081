import { after, before, describe } from "node:test";
import { makeNetwork, NamespaceMachine, privateKeyFile } from "../../support/ssh/namespaces.ts";
import { type HostName, MachinesStack } from "../../support/ssh/stack.ts";
import { tryUsers, withUsers } from "../../support/users.ts";
import { Writers } from "../../support/writers.ts";

describe("users with passwords, over SSH", { timeout: 1_200_000 }, () => {
  const directory = "/var/lib/redis-ha";
  const stack = new MachinesStack(
    (name, number) => new NamespaceMachine(name, number),
    privateKeyFile,
    directory,
  );

  before(async () => {
    await makeNetwork();
    for (const machine of stack.all) await machine.make();
    stack.knowNames();
    await stack.project.init();
    // What is beyond loopback needs nothing else with passwords.
    stack.project.configure(stack.config({ openWithoutPasswords: false, ...withUsers }));
  });
  after(async () => {
    Writers.endAll();
    await stack.project.remove();
    for (const machine of stack.all) await machine.off();
  });

  tryUsers(stack.project, {
    sentinels: stack.sentinels,
    addressOf: (host) => stack.machines[host as HostName].address,
    shown: async () => {
      const said = stack.all.map((machine) => machine.run(`cat ${directory}/*/processes/*/log`));
      return (await Promise.all(said)).join("");
    },
    holding: async (texts) => {
      const words = texts.flatMap((text) => ["-e", text]).join(" ");
      const find = `find ${directory} -type f -exec grep -l -F ${words} {} + | xargs stat -c '%a %n'`;
      const found = await Promise.all(stack.all.map((machine) => machine.run(find)));
      return found.join("\n").split("\n").filter(Boolean);
    },
  });
});
