// What an application may be given in the words of an ACL. Sources: the servers' ACL documentation
// and acl.c; `stringmatchlen` of util.c for patterns.

/** By which the sentinels tell each other who the master is. */
export const sentinelsChannel = "__sentinel__:hello";

/** What all names of users that are the stack's own begin with. */
export const ownUsers = "pulumi-redis-ha";

/** Categories of commands; from `json` on those of modules that Redis 8 brings along. */
const categories =
  "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub blocking fast slow connection transaction scripting json search timeseries bloom cuckoo cms topk tdigest".split(
    " ",
  );

/** Commands of which some or all are in the category `admin`. */
const administration =
  "acl bgrewriteaof bgsave client cluster config debug failover lastsave latency module monitor pfdebug pfselftest psync replconf replicaof save sentinel shutdown slaveof slowlog sync".split(
    " ",
  );

export function isApplicationName(name: string): boolean {
  return (
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) &&
    name !== "default" &&
    !name.startsWith(ownUsers)
  );
}

/** Blanks and quotes would have to be quoted in two ways: for a file of users, and for a client. */
function isPattern(text: string): boolean {
  return /^[!-~]+$/.test(text) && !/["'\\]|^[~%&]/.test(text);
}

export const patternRule = [
  isPattern,
  "a pattern as for KEYS, such as sessions:*, of ASCII without blanks, quotes and backslashes, and without the ~ or & of an ACL in front",
] as const;

export const channelRule = [
  (text: string) => isPattern(text) && !matches(text, sentinelsChannel),
  `a pattern as for PSUBSCRIBE, such as news:*, of ASCII without blanks, quotes and backslashes, that does not match ${sentinelsChannel}, by which whoever publishes to it makes another node the master`,
] as const;

/**
 * Whether a pattern, without backslashes, matches that text, or may: a set of characters is taken
 * for any of them.
 */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.replaceAll(/\[[^\]]*(\]|$)/g, (set) => (set.endsWith("]") ? "?" : "*"));
  const expression = parts
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

export const commandRule = [
  (rule: string) => {
    const [, category, command] =
      /^[+-](?:@([a-z]+)|([a-z][a-z0-9._-]*)(?:\|[a-z][a-z0-9._-]*)?)$/.exec(rule) ?? [];
    return category === undefined
      ? command !== undefined && !administration.includes(command)
      : categories.includes(category);
  },
  `+ or - and a command, such as +keys, that administers nothing, or a category: ${categories
    .map((category) => `@${category}`)
    .join(" ")}`,
] as const;
