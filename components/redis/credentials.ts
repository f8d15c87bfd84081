import { createHmac } from "node:crypto";
import { assignments } from "../../hosts/shell.ts";
import { userNames } from "./users.ts";

/** The passwords of the stack's own users. */
export interface Passwords {
  nodes: { administration: string; replication: string; sentinel: string };
  sentinels: { administration: string; sentinel: string };
}

/** @returns the passwords that come out of one secret: the same as long as that stays. */
export function passwordsFrom(secret: string): Passwords {
  return {
    nodes: {
      administration: passwordFor(secret, "administration of nodes"),
      replication: passwordFor(secret, "replication"),
      sentinel: passwordFor(secret, "sentinels at nodes"),
    },
    sentinels: {
      administration: passwordFor(secret, "administration of sentinels"),
      sentinel: passwordFor(secret, "sentinels at sentinels"),
    },
  };
}

/**
 * @param use tells one password from all others of that secret.
 * @returns 192 bits in letters and digits, which nobody reads as anything else.
 */
export function passwordFor(secret: string, use: string): string {
  return createHmac("sha256", secret).update(use).digest("hex").slice(0, 48);
}

/** @returns the file `credentials` of a node (scripts/lib/client.sh, scripts/redis/access.sh). */
export function nodeCredentials(passwords: Passwords): string {
  return assignments({
    ...administering(passwords),
    replication_user: userNames.replication,
    replication_password: passwords.nodes.replication,
  });
}

/** @returns the same of a sentinel. */
export function sentinelCredentials(passwords: Passwords): string {
  return assignments({
    ...administering(passwords),
    watching_user: userNames.sentinel,
    watching_password: passwords.nodes.sentinel,
    peer_user: userNames.sentinel,
    peer_password: passwords.sentinels.sentinel,
  });
}

function administering({ nodes, sentinels }: Passwords): Record<string, string> {
  return {
    node_user: userNames.administration,
    node_password: nodes.administration,
    sentinel_user: userNames.administration,
    sentinel_password: sentinels.administration,
  };
}
