import type * as pulumi from "@pulumi/pulumi";
import { notAllowed, type Problem } from "../../errors.ts";
import { type FieldsOf, valueProblems } from "../../fields.ts";
import { channelRule, commandRule, isApplicationName, patternRule } from "./rights.ts";

/** Users with passwords, and what each of them may do. */
export interface AuthArgs {
  /**
   * Nobody gets to the data without a user and a password; anybody may still ask a sentinel who the
   * master is, and nobody without a password may command one. Needs Redis 6.2 or Valkey, and can't
   * be changed later. @default false
   */
  enabled?: boolean;
  /** Name of an application's user to what it may do. @default none */
  applications?: Record<string, ApplicationArgs>;
}

/** What one application may do. It may never administer the servers. */
export interface ApplicationArgs {
  /** Its password, 16 characters at least; kept as a secret. @default a generated one */
  password?: pulumi.Input<string>;
  /**
   * The one that it had before: both let in, until this one is taken out again. Kept as a secret.
   * @default none
   */
  formerPassword?: pulumi.Input<string>;
  /** Patterns of the keys that it may read and write. @default ["*"] */
  keys?: string[];
  /** Patterns of the channels that it may publish and subscribe to. @default none */
  channels?: string[];
  /**
   * What it may call, in the words of an ACL: categories and commands, `+` or `-` in front.
   * Categories never bring what is dangerous (FLUSHALL, KEYS, …); a single command of these, by its
   * name, is possible where it administers nothing.
   * @default reading, writing, transactions, scripts, publishing and subscribing, INFO and WAIT
   */
  commands?: string[];
}

const password = {
  kind: "text",
  input: true,
  secret: true,
  rule: [
    (text: string) => /^[!-~]{16,256}$/.test(text),
    "16 to 256 printable characters of ASCII, without blanks",
  ],
} as const;

const applicationFields = {
  password,
  formerPassword: password,
  keys: { kind: "texts", rule: patternRule },
  channels: { kind: "texts", rule: channelRule },
  commands: { kind: "texts", rule: commandRule },
} as const satisfies FieldsOf<ApplicationArgs>;

export const authFields = {
  enabled: { kind: "switch", default: false },
  applications: { names: { section: applicationFields } },
} as const satisfies FieldsOf<AuthArgs>;

/**
 * @param others what there is besides that nobody could log in from yet, in words.
 * @returns what is wrong with what is known of the section.
 */
export function authProblems(
  auth: pulumi.Unwrap<AuthArgs> = {},
  others: readonly string[] = [],
): Problem[] {
  const { enabled = false, applications = {} } = auth;
  const names = Object.keys(applications);
  const problems = [
    ...valueProblems(auth, authFields, "auth"),
    ...names
      .filter((name) => !isApplicationName(name))
      .map((name) =>
        notAllowed(
          `auth.applications.${name}`,
          name,
          "as a user's name, letters, digits, '.', '_' and '-', up to 64; not default, and not beginning with pulumi-redis-ha, which are the stack's",
        ),
      ),
  ];
  if (!enabled && names.length > 0)
    problems.push(
      notAllowed(
        "auth.enabled",
        enabled,
        "true where there are auth.applications: without it there are no users",
      ),
    );
  if (enabled && others.length > 0)
    problems.push(
      notAllowed("auth.enabled", enabled, `false together with ${others.join(", ")}, for now`),
    );
  return problems;
}
