import type * as pulumi from "@pulumi/pulumi";
import type { Deployment } from "../deployment.ts";
import type { SshHostArgs } from "./args.ts";
import type { Logins } from "./login.ts";

/** A machine over SSH, for those who do something on it for its host. */
export interface Machine {
  /** Name of the host's component. */
  readonly name: string;
  readonly hostName: string;
  /** The host, whose children all of its resources are. */
  readonly parent: pulumi.Resource;
  readonly deployment: Deployment;
  /** What it was given, with what it shares with others. */
  readonly args: SshHostArgs;
  /** Of its sshd, as it was given: another one is another machine. */
  readonly sshAddress: pulumi.Input<string>;
  /** Where that was set, below the host. */
  readonly sshAddressField: "address" | "ssh.address";
  readonly logins: Logins;
  /** The host's own, on the machine. */
  readonly directory: pulumi.Output<string>;
}

/** What the stack's own things on a machine that it shares with others are named after. */
export function ownName({ deployment, name }: Machine): pulumi.Output<string> {
  return deployment.namedInStack(name);
}

/** What the host is called in the lists of users and packages that stacks share there. */
export function ownerName({ directory }: Machine): pulumi.Output<string> {
  return directory.apply((at) => at.replaceAll("/", "-"));
}
