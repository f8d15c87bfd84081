import type { types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { inputError, InputError, notAllowed } from "../../errors.ts";
import type { Answers } from "../answers.ts";
import {
  type BastionArgs,
  isReachable,
  keyProblems,
  machineRule,
  type SshHostArgs,
  sshProblems,
} from "./args.ts";
import { connectionOf, type Keys, type Login, usableKey } from "./connection.ts";

/**
 * How to log in to a machine, and to its bastion where there is one; each is rejected with an
 * InputError where that can't be.
 */
export interface Logins {
  /** Without the keys: no secret. */
  readonly target: pulumi.Output<Login>;
  readonly bastion: pulumi.Output<Login | undefined>;
  /** The same with the keys. */
  readonly withKeys: pulumi.Output<{ target: Login; bastion: Login | undefined }>;
}

/**
 * @param address of its sshd.
 * @param addressField where that is set, below the host.
 */
export function loginsOf(
  hostName: string,
  args: SshHostArgs,
  address: pulumi.Input<string>,
  addressField: string,
): Logins {
  const path = `hosts.${hostName}.ssh`;
  const bastionPath = `${path}.bastion`;
  const { privateKey, bastion: door } = args;
  const target = checkedLogin(
    withoutKey({ ...args, address }),
    path,
    `hosts.${hostName}.${addressField}`,
  );
  const bastion = door
    ? checkedLogin(withoutKey(door), bastionPath, `${bastionPath}.address`)
    : pulumi.output(undefined);
  const secret = (key: pulumi.Input<string> | undefined) =>
    key === undefined ? undefined : pulumi.secret(key);
  const keys = [secret(privateKey), secret(door?.privateKey)] as const;
  const withKeys = pulumi
    .all([target, bastion, ...keys])
    .apply(([own, through, key, throughKey]) => {
      const problems = [
        ...keyProblems(path, { privateKey: key }),
        ...keyProblems(bastionPath, { privateKey: throughKey }),
      ];
      for (const problem of problems) throw inputError(problem);
      return {
        target: { ...own, privateKey: key },
        bastion: through && { ...through, privateKey: throughKey },
      };
    });
  return { target, bastion, withKeys };
}

/** @returns what the operator should know of them, a line each, which is told at once, too. */
export function limitationsOf(
  hostName: string,
  host: pulumi.Resource,
  { target, bastion }: Logins,
): pulumi.Output<readonly string[]> {
  return pulumi.all([target, bastion]).apply(([own, door]) => {
    const lines = [
      ...(own.hostKey === "unchecked"
        ? [`${hostName}: its key is not checked, so anybody on the way can pass for it`]
        : []),
      ...(door?.hostKey === "unchecked"
        ? [`${hostName}: the key of its bastion is not checked`]
        : []),
    ];
    for (const line of lines) void pulumi.log.warn(line, host);
    return lines;
  });
}

/**
 * @param answers of the look.
 * @returns the keys that it has checked, for those who log in after it.
 */
export function checkedKeys(
  answers: pulumi.Output<Answers>,
  { target }: Logins,
): pulumi.Output<Keys> {
  return pulumi.all([answers, target]).apply(([said, { hostKey }]) => {
    const known = (which: string) => usableKey((said[`keys.${which}`] ?? "").split("\u001f"));
    return {
      target: hostKey === "unchecked" ? undefined : known("target"),
      bastion: known("bastion"),
    };
  });
}

/** @returns what the command plugin is given to log in, a secret. */
export function connectionWith(
  keys: pulumi.Output<Keys>,
  { withKeys }: Logins,
): pulumi.Output<types.input.remote.ConnectionArgs> {
  return pulumi.secret(
    pulumi
      .all([withKeys, keys])
      .apply(([{ target, bastion }, checked]) => connectionOf(target, bastion, checked)),
  );
}

/**
 * @param path of its section.
 * @param addressPath where its address is set.
 * @returns a login once it is known, checked then as one that is known at once was checked before.
 */
function checkedLogin(
  login: Omit<BastionArgs, "privateKey">,
  path: string,
  addressPath: string,
): pulumi.Output<Login> {
  return pulumi.output(login).apply((known) => {
    const problems = isReachable(known.address)
      ? []
      : [notAllowed(addressPath, known.address, machineRule)];
    const [first, ...others] = [
      ...problems,
      ...sshProblems(path, { ...known, address: undefined }),
    ];
    if (first) throw others.length === 0 ? inputError(first) : new InputError([first, ...others]);
    return known;
  });
}

function withoutKey({
  address,
  port,
  user,
  privateKeyFile,
  hostKey,
}: BastionArgs): Omit<BastionArgs, "privateKey"> {
  return { address, port, user, privateKeyFile, hostKey };
}
