import { notAllowed, type Problem } from "../errors.ts";
import { type FieldsOf, valueProblems } from "../fields.ts";
import { isUnicast } from "../hosts/address.ts";
import { dockerFields } from "../hosts/docker/args.ts";
import type { HostArgs, LocalArgs } from "../hosts/host.ts";
import { directoryProblems } from "../hosts/names.ts";
import { isLater } from "../hosts/sdk.ts";
import {
  isReachable,
  machineRule,
  sshDirectoryProblems,
  sshHostFields,
  sshProblems,
} from "../hosts/ssh/args.ts";

export const hostFields = {
  address: { kind: "text", input: true, default: "127.0.0.1" },
  directory: { kind: "text" },
  ssh: { section: sshHostFields },
  docker: { section: dockerFields },
} as const satisfies FieldsOf<HostArgs>;

export const localFields = { user: { kind: "text" } } as const satisfies FieldsOf<LocalArgs>;

/**
 * @param args with what the host shares with others, which is checked where it was given.
 * @param own what it was given itself.
 * @returns what is wrong with a host by itself, as far as it is known.
 */
export function hostProblems(path: string, args: HostArgs, own: HostArgs = args): Problem[] {
  const problems: Problem[] = [];
  const refuse = (propertyPath: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(propertyPath, value, allowed));
  const { address, directory, ssh, docker } = args;
  if (ssh && docker)
    refuse(`${path}.docker`, own.docker, "nothing where ssh is set: a host is reached in one way");
  // Also where its sshd is reached at another one: the servers listen on this.
  if (ssh && !isReachable(address)) refuse(`${path}.address`, address, machineRule);
  if (own.ssh) problems.push(...sshProblems(`${path}.ssh`, own.ssh));
  if (own.docker) problems.push(...valueProblems(own.docker, dockerFields, `${path}.docker`));
  if (address !== undefined && !isLater(address) && !isUnicast(address))
    refuse(`${path}.address`, address, addressRule);
  if (directory !== undefined)
    problems.push(
      ...(ssh ? sshDirectoryProblems : directoryProblems)(`${path}.directory`, directory),
    );
  return problems;
}

const addressRule =
  "an IPv4 address under which others reach one machine, such as 127.0.0.1 or 10.0.0.5, without leading zeros";
