import * as pulumi from "@pulumi/pulumi";
import { isLoopback, isPublic } from "../hosts/address.ts";
import type { Host } from "../hosts/host.ts";
import { inputError, notAllowed, type Problem, refuseAny } from "../errors.ts";

/** Why something is refused that others than the machine itself reach, and what to do. */
const askedFor =
  "others than this machine reach it, and it has no passwords: who gets there reads and writes the data and commands the sentinels. Set openWithoutPasswords to true where only those get there who may (over SSH, ssh.firewallClients sees to that), or keep to 127.0.0.1";

/** @returns what is wrong with a host's address, unless it was asked for. */
export function exposureProblems(
  host: string,
  address: string,
  openWithoutPasswords = false,
): Problem[] {
  return openWithoutPasswords || isLoopback(address)
    ? []
    : [notAllowed(`hosts.${host}.address`, address, askedFor)];
}

/**
 * Refuses the whole program if others than the machine itself reach a server of that host, and
 * nobody asked for it.
 */
export function requireAskedFor(
  host: Host,
  bind: string | undefined,
  openWithoutPasswords = false,
): void {
  const opened = (bind ?? "").split(/\s+/).filter((each) => each && !isOwn(each, host.hostName));
  if (opened.length > 0 && !openWithoutPasswords)
    refuseAny([notAllowed("bind", bind, askedFor)], host.componentName);
  host.deployment.preflight.requireBeforeAnything(
    host.address.apply((address) => {
      for (const problem of exposureProblems(host.hostName, address, openWithoutPasswords))
        throw inputError(problem);
    }),
  );
}

/** A word of `bind`: a `-` in front says that it may be missing. */
function isOwn(word: string, hostName: string): boolean {
  const address = word.replace(/^-/, "");
  return isLoopback(address) || [hostName, "localhost", "::1"].includes(address);
}

/** @returns what the operator should know of hosts that others reach, a line each. */
export function exposureLimitations(
  hosts: readonly Host[],
  hasUsers = false,
): pulumi.Output<string[]> {
  return pulumi
    .all(hosts.map(({ hostName, address }) => pulumi.all([hostName, address])))
    .apply((places) => {
      const list = (some: typeof places) =>
        some.map(([host, address]) => `${host} (${address})`).join(", ");
      const open = places.filter(([, address]) => !isLoopback(address));
      const onInternet = open.filter(([, address]) => isPublic(address));
      return [
        ...(open.length > 0
          ? [
              hasUsers
                ? `no TLS: who is on the way to ${list(open)} reads and changes all that goes there, passwords included`
                : `no passwords and no TLS: who reaches ${list(open)} reads and writes the data and commands the sentinels`,
            ]
          : []),
        ...(onInternet.length > 0
          ? [`public addresses: the Internet may reach ${list(onInternet)}`]
          : []),
      ];
    });
}
