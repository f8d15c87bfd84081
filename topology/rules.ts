/** A cell of the status tables. */
export type Column =
  | "answer"
  | "role"
  | "link"
  | "keys"
  | "names"
  | "epoch"
  | "flags"
  | "replicas"
  | "peers"
  | "quorum"
  | "downAfter"
  | "ckquorum"
  | "server";

/**
 * What a broken rule means. `broken`: not healthy; `up` waits for it to pass, and fails where it
 * does not. `settling`: healthy, and it passes within seconds; only the end of an `up` waits for
 * that. `warning`: healthy, and told.
 */
export type Severity = "broken" | "settling" | "warning";

export interface Rule {
  /** What has to hold. */
  requires: string;
  severity: Severity;
  /**
   * What is said where it does not; names, numbers and servers' own words take the place of what is
   * in braces.
   */
  text: string;
  /** Where `npm run status` shows it. */
  column?: Column;
}

const peer =
  "it watches a master of this name. Stop it, or take the master from it (SENTINEL REMOVE), and then put it into the list `forget`";
const replica =
  "it replicates this master. Stop it, or make it follow another one (REPLICAOF), and then put it into the list `forget`";
const gone = "if it is gone for good, put it into the list `forget`";

/** What is to be done about somebody that is not of the deployment. */
export const strays = { replica, peer, gone } as const;

/**
 * What "healthy" means, for `npm run status` and for `pulumi up` alike: topology/judge.ts and
 * scripts/redis/judge.sh judge by these numbers, tests/topology/cases.ts holds both to them, and
 * docs/healthy.md has them for people.
 */
export const rules = {
  1: {
    requires:
      "a strict majority of all sentinels, those that do not answer included, names one master",
    severity: "broken",
    text: "no majority of the sentinels names a master: {votes}",
  },
  2: {
    requires: "the master that they name is a node of the deployment",
    severity: "broken",
    text: "the sentinels name {place} as the master, which is no node of this deployment",
  },
  3: {
    requires: "every sentinel answers every question; an error is no answer",
    severity: "broken",
    text: "{who} gives no answer: {why}",
    column: "answer",
  },
  4: {
    requires:
      "every sentinel names the master that the majority names, to its clients and as the one that it watches",
    severity: "broken",
    text: "{who} names {place}, the majority {master}",
    column: "names",
  },
  5: {
    requires: "every sentinel sees the master as up, and no failover is in progress",
    severity: "broken",
    text: "{who} sees the master as: {flags}",
    column: "flags",
  },
  6: {
    requires: "the sentinels are in the same epoch of the configuration",
    severity: "broken",
    text: "{who} is in epoch {epoch}, others in {newest}",
    column: "epoch",
  },
  7: {
    requires: "the sentinels have the same quorum",
    severity: "broken",
    text: "{who} has quorum {value}, others {usual}",
    column: "quorum",
  },
  8: {
    requires: "the sentinels have the same down-after-milliseconds",
    severity: "broken",
    text: "{who} has down-after-milliseconds {value}, others {usual}",
    column: "downAfter",
  },
  9: {
    requires: "the sentinels have the same failover-timeout",
    severity: "broken",
    text: "{who} has failover-timeout {value}, others {usual}",
  },
  10: {
    requires: "the sentinels have the same parallel-syncs",
    severity: "warning",
    text: "{who} has parallel-syncs {value}, others {usual}",
  },
  11: {
    requires: "every sentinel knows each other node, once",
    severity: "broken",
    text: "{who} knows {count} replicas instead of {wanted}",
    column: "replicas",
  },
  12: {
    requires: "no sentinel knows a replica that is not of the deployment",
    severity: "broken",
    text: "{who} knows a replica that is not of this deployment, {place} ({flags}): {then}",
    column: "replicas",
  },
  13: {
    requires: "every sentinel sees each replica as up and is connected to it",
    severity: "broken",
    text: "{who} sees the replica {place} as: {flags}",
    column: "replicas",
  },
  14: {
    requires:
      "every sentinel has heard of each replica that it is one, and of the master that it names",
    severity: "settling",
    text: "{who} has not heard yet that {place} is a replica of {master}",
    column: "replicas",
  },
  15: {
    requires: "every sentinel knows each other sentinel, once",
    severity: "broken",
    text: "{who} knows {count} other sentinels instead of {wanted}",
    column: "peers",
  },
  16: {
    requires: "no sentinel knows one that is not of the deployment",
    severity: "broken",
    text: "{who} knows a sentinel that is not of this deployment, {place} ({flags}): {then}",
    column: "peers",
  },
  17: {
    requires: "every sentinel sees each other one as up and is connected to it",
    severity: "broken",
    text: "{who} sees the sentinel {place} as: {flags}",
    column: "peers",
  },
  18: {
    requires:
      "every sentinel that can be asked (SENTINEL CKQUORUM, from 3.0 on) says that all of them are usable for a failover",
    severity: "broken",
    text: "{who} says of the quorum: {reply}",
    column: "ckquorum",
  },
  19: {
    requires: "no sentinel is in TILT mode",
    severity: "warning",
    text: "{who} is in TILT mode: it watches, but does not act, because its clock jumped or it was held up",
    column: "flags",
  },
  20: {
    requires: "as many sentinels as the quorum are not in TILT mode",
    severity: "broken",
    text: "{count} of {all} sentinels are in TILT mode: until that ends, after 30 s, nobody would be made the master",
  },
  21: {
    requires: "every node answers; an error is no answer",
    severity: "broken",
    text: "{who} gives no answer: {why}",
    column: "answer",
  },
  22: {
    requires: "the node that is named as the master says that it is one",
    severity: "broken",
    text: "{who} is named as the master but says it is a replica",
    column: "role",
  },
  23: {
    requires: "no other node says that it is a master",
    severity: "broken",
    text: "{who} says it is a master, too",
    column: "role",
  },
  24: {
    requires: "no node waits to be told whom to follow",
    severity: "broken",
    text: "{who} waits to be told who is the master",
    column: "link",
  },
  25: {
    requires: "every other node replicates the master that is named",
    severity: "broken",
    text: "{who} replicates {place} instead of {master}",
    column: "link",
  },
  26: {
    requires: "every other node is linked to the master and has synchronised",
    severity: "broken",
    text: "{who} is not in sync with the master: {why}",
    column: "link",
  },
  27: {
    requires: "no node is still loading its data",
    severity: "broken",
    text: "{who} is still loading its data",
    column: "link",
  },
  28: {
    requires: "every node could write its append-only file and its last snapshot",
    severity: "broken",
    text: "{who} may refuse writes: {why}",
    column: "keys",
  },
  29: {
    requires: "the master has as many good replicas as it wants to have to accept writes",
    severity: "broken",
    text: "{who} refuses writes: {count} good replicas, min-replicas-to-write wants {wanted}",
    column: "role",
  },
  30: {
    requires: "every node runs the version that the master runs",
    severity: "warning",
    text: "{who} runs {server}, the master {other}",
    column: "server",
  },
} as const satisfies Record<number, Rule>;

export type RuleNumber = keyof typeof rules;
