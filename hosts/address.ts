import { isIPv4 } from "node:net";

/** @returns whether nobody but the machine itself reaches `address`. */
export function isLoopback(address: string): boolean {
  return isIPv4(address) && address.startsWith("127.");
}

/**
 * @returns whether it is an IPv4 address that one machine can have: not 0.0.0.0, no broadcast, no
 * multicast, no leading zeros.
 */
export function isUnicast(address: string): boolean {
  const first = Number(address.split(".")[0]);
  return isIPv4(address) && first >= 1 && first <= 223;
}

/** @returns whether it is an IPv4 address, or a network such as 10.0.0.0/24. */
export function isNetwork(text: string): boolean {
  const [, address = "", bits = "32"] =
    /^([0-9.]+)(?:\/([0-9]|[12][0-9]|3[0-2]))?$/.exec(text) ?? [];
  return isUnicast(address) || (isIPv4(address) && Number(bits) === 0);
}

/**
 * Networks that the Internet does not lead to: RFC 1918, RFC 6598, RFC 3927 and the machine itself.
 */
const notPublic =
  /^(10|127)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;

/**
 * @returns whether the Internet may lead there; names are taken for what they are not known to be.
 */
export function isPublic(address: string): boolean {
  return isIPv4(address) && !notPublic.test(address);
}
