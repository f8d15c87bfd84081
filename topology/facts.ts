import { commaFields, type Fields, infoFields, isList, listFields, numberOf } from "./replies.ts";
import type {
  Answer,
  Known,
  Members,
  NodeFacts,
  Place,
  SentinelFacts,
  Topology,
} from "./topology.ts";

/**
 * What came back for a question: the reply as it was, or what there was instead (an error reply's
 * words, silence).
 */
export type Reply = { said: unknown; silence?: undefined } | { said?: undefined; silence: string };

/** To `INFO`, and to `CONFIG GET` of what wants replicas and of the priority. */
export type NodeReplies = Record<"info" | "minReplicas" | "priority", Reply>;

/**
 * To `INFO`, and of SENTINEL to `GET-MASTER-ADDR-BY-NAME`, `MASTER`, `SLAVES`, `SENTINELS`,
 * `CKQUORUM`.
 */
export type SentinelReplies = Record<
  "info" | "address" | "master" | "replicas" | "peers" | "ckquorum",
  Reply
>;

/** In the order of the members. */
export interface Replies {
  nodes: NodeReplies[];
  sentinels: SentinelReplies[];
}

/** What the replies say, and nothing that none of them says. No I/O. */
export function topologyOf(members: Members, replies: Replies): Topology {
  const { stack, masterName, limitations } = members;
  return {
    stack,
    masterName,
    limitations,
    nodes: members.nodes.map((node, index) => ({
      ...node,
      ...nodeAnswer(replies.nodes[index] as NodeReplies),
    })),
    sentinels: members.sentinels.map((each, index) => {
      const answers = replies.sentinels[index] as SentinelReplies;
      return { ...each, names: namedIn(answers.address), ...sentinelAnswer(answers) };
    }),
  };
}

function nodeAnswer({ info, minReplicas, priority }: NodeReplies): Answer<NodeFacts> {
  const silence = silenceOf(info, isNodeInfo);
  if (silence !== undefined) return { silence };
  return {
    facts: nodeFacts(infoFields(String(info.said)), settingIn(minReplicas), settingIn(priority)),
  };
}

function sentinelAnswer({
  info,
  address,
  master,
  replicas,
  peers,
  ckquorum,
}: SentinelReplies): Answer<SentinelFacts> {
  const silence = silenceOf(master, isMaster);
  if (silence !== undefined) return { silence };
  const fields = listFields(master.said);
  const { host, port, flags } = knownFrom(fields);
  const quorum = quorumIn(ckquorum);
  // Redis before 3.0 does not know the question.
  const owesQuorum =
    quorum === undefined && !/unknown sentinel subcommand/i.test(ckquorum.silence ?? "");
  const infoSaid =
    silenceOf(info, isSentinelInfo) === undefined ? infoFields(String(info.said)) : undefined;
  return {
    facts: {
      server: infoSaid && serverOf(infoSaid),
      host,
      port,
      flags,
      epoch: numberOf(fields, "config-epoch"),
      replicas: knownIn(replicas),
      peers: knownIn(peers),
      replicaCount: numberOf(fields, "num-slaves"),
      peerCount: numberOf(fields, "num-other-sentinels"),
      quorum: numberOf(fields, "quorum"),
      downAfterMilliseconds: numberOf(fields, "down-after-milliseconds"),
      failoverTimeoutMilliseconds: numberOf(fields, "failover-timeout"),
      parallelSyncs: numberOf(fields, "parallel-syncs"),
      ckquorum: quorum,
      tilt: (infoSaid?.get("sentinel_tilt") ?? "0") !== "0",
      unanswered: [
        silenceOf(address, isAddress),
        silenceOf(replicas, isListOfLists),
        silenceOf(peers, isListOfLists),
        owesQuorum ? silenceOf(ckquorum, isQuorum) : undefined,
        silenceOf(info, isSentinelInfo),
      ].find((each) => each !== undefined),
    },
  };
}

/** @returns undefined where the reply is an answer of that form, else what there was instead */
function silenceOf(reply: Reply, isAnswer: (said: unknown) => boolean): string | undefined {
  if (reply.silence !== undefined) return reply.silence;
  return isAnswer(reply.said) ? undefined : `${JSON.stringify(reply.said)} is no answer`;
}

// The forms of scripts/lib/ask.sh.
const isText = (said: unknown): said is string => typeof said === "string";
const isNodeInfo = (said: unknown) =>
  isText(said) && /^role:(master|slave)\r?$[^]*^# Keyspace/m.test(said);
const isSentinelInfo = (said: unknown) => isText(said) && /^sentinel_tilt:\d/m.test(said);
const isQuorum = (said: unknown) => isText(said) && /^OK \d[^]* usable/.test(said);
const isMaster = (said: unknown) => isList(said) && said[0] === "name" && said.length > 1;
const isListOfLists = (said: unknown) => isList(said) && said.every(isMaster);
const isAddress = (said: unknown) =>
  said === null ||
  (isList(said) && said.length === 2 && said[0] !== "" && /^\d+$/.test(String(said[1])));

function namedIn(reply: Reply): Place | undefined {
  if (silenceOf(reply, isAddress) !== undefined || !isList(reply.said)) return undefined;
  const [host, port] = reply.said;
  return { host: String(host), port: Number(port) };
}

/** No quorum is an error, and an answer. */
function quorumIn(reply: Reply): string | undefined {
  if (reply.silence !== undefined)
    return reply.silence.startsWith("NOQUORUM") ? reply.silence : undefined;
  return isQuorum(reply.said) ? String(reply.said) : undefined;
}

/** A server that loads, or whose CONFIG is renamed, does not say. */
function settingIn({ said }: Reply): number | undefined {
  const value = [...listFields(said).values()][0];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** @param priority from the configuration: only a replica has it in INFO. */
export function nodeFacts(info: Fields, wanted?: number, priority?: number): NodeFacts {
  const isMaster = info.get("role") === "master";
  return {
    role: isMaster ? "master" : "replica",
    server: serverOf(info),
    loading: (info.get("loading") ?? "0") !== "0",
    offset: numberOf(info, isMaster ? "master_repl_offset" : "slave_repl_offset"),
    priority: info.has("slave_priority") ? numberOf(info, "slave_priority") : priority,
    keys: valuesLike(info, /^db\d+$/).reduce(
      (sum, text) => sum + numberOf(commaFields(text), "keys"),
      0,
    ),
    ...(!isMaster && {
      link: {
        host: info.get("master_host") ?? "",
        port: numberOf(info, "master_port"),
        up: info.get("master_link_status") === "up",
        syncing: info.get("master_sync_in_progress") !== "0",
      },
    }),
    replicas: valuesLike(info, /^slave\d+$/).map((text) => {
      const fields = commaFields(text);
      return {
        host: fields.get("ip") ?? "",
        port: numberOf(fields, "port"),
        lagSeconds: numberOf(fields, "lag"),
      };
    }),
    wantedReplicas: wanted,
    goodReplicas: info.has("min_slaves_good_slaves")
      ? numberOf(info, "min_slaves_good_slaves")
      : undefined,
    diskTrouble: diskTrouble(info),
  };
}

function diskTrouble(info: Fields): string | undefined {
  if (info.get("aof_last_write_status") === "err") return "it could not write its append-only file";
  if (info.get("rdb_last_bgsave_status") === "err") return "its last background save failed";
  return undefined;
}

function knownIn(reply: Reply): Known[] | undefined {
  return isListOfLists(reply.said)
    ? (reply.said as unknown[]).map((each) => knownFrom(listFields(each)))
    : undefined;
}

function knownFrom(fields: Fields): Known {
  return {
    host: fields.get("ip") ?? "",
    port: numberOf(fields, "port"),
    flags: (fields.get("flags") ?? "").split(","),
    reported: fields.get("role-reported"),
    ...(fields.has("master-host")
      ? { master: { host: fields.get("master-host") ?? "", port: numberOf(fields, "master-port") } }
      : {}),
  };
}

function serverOf(info: Fields): string {
  const valkey = info.get("valkey_version");
  return valkey === undefined
    ? `Redis ${info.get("redis_version") ?? "of unknown version"}`
    : `Valkey ${valkey}`;
}

function valuesLike(fields: Fields, pattern: RegExp): string[] {
  return [...fields].filter(([name]) => pattern.test(name)).map(([, value]) => value);
}
