import { isIPv4 } from "node:net";

/** @returns whether nobody but the machine itself reaches `address`. */
export function isLoopback(address: string): boolean {
  return isIPv4(address) && address.startsWith("127.");
}
