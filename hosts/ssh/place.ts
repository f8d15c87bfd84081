import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { quote } from "../shell.ts";
import { overSsh } from "./connection.ts";
import type { Machine } from "./machine.ts";
import { removal } from "./programs.ts";

/**
 * Cleans up on a machine that the host leaves, by the connection that led there: a remote command
 * whose machine has changed is never undone on the old one.
 *
 * @param script a shell word: what keeps the processes there.
 * @param uninstall shell text that undoes there what the scripts have done.
 */
export function placeOnMachine(
  machine: Machine,
  script: pulumi.Output<string>,
  uninstall: pulumi.Output<string>,
): pulumi.Resource {
  const { name, hostName, parent, deployment, sshAddress, logins } = machine;
  const place = pulumi.interpolate`${hostName} (${sshAddress})`;
  const left = pulumi.interpolate`could not be reached: what is left there has to be ended by hand (sh ${script} uninstall)`;
  return new local.Command(
    `${name}-place`,
    {
      // To replace this is to leave: not before it is known that the other one can be worked on.
      create: deployment.preflight.afterFirstChecks(pulumi.output("true")),
      delete: pulumi
        .all([left, place])
        .apply(
          ([said, at]) =>
            `case $(sh) in *refused.*) echo ${quote(`${at} ${said}`)} >&2 ;; *) echo ${quote(`${at} is cleaned up`)} ;; esac`,
        ),
      stdin: pulumi
        .all([uninstall, removal(machine), logins.withKeys])
        .apply(
          ([ended, removed, { target, bastion }]) =>
            `limit=200\n${overSsh(target, bastion, `(${ended})\n${removed}`)}`,
        ),
      triggers: [sshAddress],
      addPreviousOutputInEnv: false,
    },
    { parent, deleteBeforeReplace: true },
  );
}
