import type * as pulumi from "@pulumi/pulumi";
import type { BastionArgs } from "./args.ts";

/**
 * Logins under way at once at one sshd. By default that refuses some from the eleventh on
 * (MaxStartups 10:30:100), and behind a bastion the command plugin does not try again. A look, or a
 * person, may be there as well.
 */
const mostLogins = 8;

/**
 * The sshd that a connection to a machine meets first, its bastion's or its own. Several hosts may
 * have the same: what they do there is done by a few at a time, in the order in which it was made.
 */
export class Door {
  /** What logs in there to install the servers' programs. */
  readonly installing = new Turns();
  /** What logs in there after that. */
  readonly after = new Turns();
  /** ADDRESS:PORT, or what stands for that. */
  readonly #place: unknown;

  /**
   * @param login how to log in there.
   * @param otherwise what stands for it where its address or its port is known only later.
   */
  constructor({ address, port = 22 }: Pick<BastionArgs, "address" | "port">, otherwise: object) {
    this.#place =
      typeof address === "string" && typeof port === "number" ? `${address}:${port}` : otherwise;
  }

  /** @returns the one of these that is the same, or this one. */
  among(others: readonly Door[]): Door {
    return others.find((other) => other.#place === this.#place) ?? this;
  }
}

/** Resources of which only a few are made at a time. */
class Turns {
  readonly #taken: pulumi.Resource[] = [];

  /** @returns what has to be done before the next one may log in. */
  next(): pulumi.CustomResourceOptions {
    const last = this.#taken.at(-mostLogins);
    return last ? { dependsOn: [last] } : {};
  }

  take(resource: pulumi.Resource): void {
    this.#taken.push(resource);
  }
}
