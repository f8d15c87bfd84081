import { randomBytes } from "node:crypto";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { inputError } from "../errors.ts";
import type { ProcessFacts } from "../hosts/host.ts";
import type { AuthArgs } from "./redis/authArgs.ts";
import {
  nodeCredentials,
  passwordFor,
  type Passwords,
  passwordsFrom,
  sentinelCredentials,
} from "./redis/credentials.ts";
import type { Topology } from "./redis/topology.ts";
import { type ApplicationUser, nodeUsers, sentinelUsers, userNames } from "./redis/users.ts";
import { atLeast, type ServerVersion } from "./redis/version.ts";

/** A user, for tools that log in. */
export interface LoginOutput {
  /** Its name. */
  username: string;
  /** Its password. */
  password: string;
}

/** As whom the stack itself administers its servers. */
export interface AdministrationOutput {
  /** At nodes. */
  nodes: LoginOutput;
  /** At sentinels. */
  sentinels: LoginOutput;
}

/** All that an application needs to connect. */
export interface ConnectionOutput {
  /** Its user, at nodes; a sentinel is asked without one. */
  username: string;
  /** Its password, at nodes. */
  password: string;
  /** What it asks the sentinels for. */
  masterName: string;
  /** The sentinels, each `HOST:PORT`. */
  sentinels: string[];
  /** All of it in the form of Lettuce: `redis-sentinel://USER:PASSWORD@HOST:PORT,…/0#MASTER`. */
  url: string;
}

/** What belongs to one topology, whose names are in the outputs. */
export interface AccessArgs {
  auth: AuthArgs;
  topology: Pick<Topology, "masterName" | "sentinels">;
}

/**
 * Who may log in at the servers of one deployment, and with what. All of its own passwords come out
 * of one secret, which is the input with which a resource was created, kept in the stack's state
 * from then on, as the deployment's identity is.
 */
export class Access {
  readonly administration: pulumi.Output<AdministrationOutput>;
  readonly connection: pulumi.Output<Record<string, ConnectionOutput>>;
  readonly #passwords: pulumi.Output<Passwords>;
  readonly #applications: pulumi.Output<ApplicationUser[]>;

  /** @param name of the component; the secret's resource has one that begins with this. */
  constructor(name: string, { auth, topology }: AccessArgs, opts: pulumi.CustomResourceOptions) {
    const record = new local.Command(
      `${name}-passwords`,
      {
        create: "cat >/dev/null",
        stdin: pulumi.secret(randomBytes(32).toString("hex")),
        logging: "none",
        addPreviousOutputInEnv: false,
      },
      { ...opts, ignoreChanges: ["create", "stdin", "logging", "addPreviousOutputInEnv"] },
    );
    const secret = pulumi.secret(record.stdin).apply((text) => text ?? "");
    this.#passwords = secret.apply(passwordsFrom);
    this.#applications = pulumi
      .secret(pulumi.all([secret, pulumi.output(auth.applications ?? {})]))
      .apply(([from, applications]) =>
        Object.entries(applications).map(([application, given]) => ({
          ...given,
          name: application,
          password: given.password ?? passwordFor(from, `application ${application}`),
        })),
      );
    this.administration = this.#passwords.apply(({ nodes, sentinels }) => ({
      nodes: { username: userNames.administration, password: nodes.administration },
      sentinels: { username: userNames.administration, password: sentinels.administration },
    }));
    this.connection = this.#applications.apply((applications) =>
      Object.fromEntries(applications.map((each) => [each.name, connectionOf(each, topology)])),
    );
  }

  /** @returns the files of a node besides its settings: name to content. */
  filesOfNode(): Record<string, pulumi.Output<string>> {
    return {
      credentials: this.#passwords.apply(nodeCredentials),
      "users.acl": pulumi
        .all([this.#passwords, this.#applications])
        .apply(([{ nodes }, applications]) => nodeUsers(nodes, applications)),
    };
  }

  /** @returns the same of a sentinel. */
  filesOfSentinel(version: pulumi.Output<ServerVersion>): Record<string, pulumi.Output<string>> {
    return {
      credentials: this.#passwords.apply(sentinelCredentials),
      "users.acl": pulumi
        .all([this.#passwords, version])
        .apply(([{ sentinels }, known]) => sentinelUsers(sentinels, known)),
    };
  }
}

/**
 * @throws InputError where a process was made without users and is to have some, or the other way
 * round, or where its server knows none.
 */
export function checkAccess(
  wanted: boolean,
  name: string,
  host: string,
  { endpoint, auth }: Pick<ProcessFacts, "endpoint" | "auth">,
  version: ServerVersion,
): void {
  const refuse = (reason: string) => inputError({ propertyPath: "auth.enabled", reason });
  if (endpoint && auth !== wanted)
    throw refuse(
      `${wanted} is not allowed: ${name} was created ${auth ? "with" : "without"} users, and changing that is not supported yet; keep ${auth}, or destroy the stack first`,
    );
  if (wanted && !atLeast(version, [6, 2, 0]))
    throw refuse(
      `true is not allowed: ${host} has ${version.label}; allowed is Redis 6.2 or newer, or Valkey: before, sentinels know no users`,
    );
}

function connectionOf(
  { name, password }: ApplicationUser,
  { masterName, sentinels }: AccessArgs["topology"],
): ConnectionOutput {
  const places = sentinels.map(({ host, port }) => `${host}:${port}`);
  const login = `${encodeURIComponent(name)}:${encodeURIComponent(password)}`;
  return {
    username: name,
    password,
    masterName,
    sentinels: places,
    url: `redis-sentinel://${login}@${places.join(",")}/0#${masterName}`,
  };
}
