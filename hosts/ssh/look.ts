import { setTimeout as sleep } from "node:timers/promises";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { shown } from "../foreignText.ts";
import { cacheHere } from "../installationHere.ts";
import type { Run } from "../look.ts";
import { MachineLook } from "../machineLook.ts";
import { isLater, valueToLookWith } from "../sdk.ts";
import { quote } from "../shell.ts";
import { sshFields } from "./args.ts";
import { overSsh } from "./connection.ts";
import type { Machine } from "./machine.ts";
import { refuseMachine } from "./refusals.ts";

/** @returns a look at the machine as root, over SSH. */
export function lookAtMachine(machine: Machine): MachineLook {
  const { hostName, deployment, logins, directory } = machine;
  return new MachineLook({
    what: hostName,
    preflight: deployment.preflight,
    run: overItsSshd(machine),
    opening: pulumi.interpolate`${deployment.opening}look_machine ${directory.apply(quote)}\n`,
    closing: "wait\n",
    check: (answers) =>
      pulumi.all([logins.target, logins.bastion]).apply(([target, bastion]) => {
        refuseMachine(answers, machine, target, bastion);
        return true;
      }),
  });
}

function overItsSshd({ hostName, parent, logins, sshAddress, args }: Machine): Run {
  const bootSeconds = args.bootTimeoutSeconds ?? sshFields.bootTimeoutSeconds.default;
  return (text, opts) => {
    const wrapped = pulumi
      .all([text, logins.withKeys])
      .apply(([look, { target, bastion }]) =>
        overSsh(target, bastion, look, cacheHere("host-keys")),
      );
    const once = () =>
      local.runOutput(
        { command: "sh", stdin: valueToLookWith(wrapped), logging: "none" },
        { parent, ...opts },
      ).stdout;
    // What the same update has made a moment ago may still be booting.
    const isNew =
      !pulumi.runtime.isDryRun() && (isLater(sshAddress) || opts.dependsOn !== undefined);
    return isNew ? onceUp(hostName, parent, once, Date.now() + bootSeconds * 1000) : once();
  };
}

/** Looks until its sshd answers, or the time (ms since 1970) has come. */
function onceUp(
  hostName: string,
  parent: pulumi.Resource,
  look: () => pulumi.Output<string>,
  until: number,
  tries = 0,
): pulumi.Output<string> {
  return look().apply((said) => {
    const [, reason] = /^refused\.connection (.*)$/m.exec(said) ?? [];
    if (reason === undefined || Date.now() > until) return pulumi.output(said);
    const left = Math.ceil((until - Date.now()) / 1000);
    if (tries % 10 === 0)
      void pulumi.log.info(
        `${hostName} can't be worked on yet, trying again for up to ${left} s: ${shown(reason, 200)}`,
        parent,
      );
    return pulumi
      .output(sleep(2000, true))
      .apply(() => onceUp(hostName, parent, look, until, tries + 1));
  });
}
