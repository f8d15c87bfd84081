import * as pulumi from "@pulumi/pulumi";

// What the SDK has, and leaves out of its types.

/** Whether a preview knows it; rejected with what the output is rejected with. */
export function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as { isKnown: Promise<boolean> }).isKnown;
}

/** Whether a value is known only later. */
export function isLater(value: unknown): value is pulumi.Output<unknown> | Promise<unknown> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** Keeps the program from being taken for ended. @returns what is to be called when it may be. */
export function keepAlive(): () => void {
  return (pulumi.runtime as unknown as { rpcKeepAlive: () => () => void }).rpcKeepAlive();
}
