import type { Replies, Reply } from "../../topology/facts.ts";
import type { Members } from "../../topology/topology.ts";

/** No answer: an error reply's words, or undefined where nobody listens. */
export class None {
  readonly words: string | undefined;

  constructor(words?: string) {
    this.words = words;
  }
}

export type Fields = Record<string, string>;
export type Said<T> = T | None;

/** What a node says to INFO and to CONFIG GET min-*-to-write. */
export interface Node {
  info: Said<Fields>;
  wanted: Said<[string, string]>;
}

/**
 * What a sentinel says; `ckquorum` is undefined where nobody asks, as the version does not know it.
 */
export interface Sentinel {
  info: Said<Fields>;
  address: Said<[string, string] | null>;
  master: Said<Fields>;
  replicas: Said<Fields[]>;
  peers: Said<Fields[]>;
  ckquorum: Said<string> | undefined;
}

/** What everybody says, in the order of the members. */
export interface Whole {
  nodes: Node[];
  sentinels: Sentinel[];
}

/** Of {@link members}. */
export interface Three extends Whole {
  nodes: [Node, Node, Node];
  sentinels: [Sentinel, Sentinel, Sentinel];
}

const at = (index: number, port: number) => ({
  host: `redis${index + 1}`,
  address: `10.0.0.${index + 1}`,
  port,
});

/** The seed's topology. */
export const members: Members = {
  stack: "dev",
  masterName: "redis-ha",
  limitations: [],
  nodes: [16300, 26300, 36300].map((port, index) => ({
    name: `node${index + 1}`,
    directory: "/x",
    ...at(index, port),
  })),
  sentinels: [16355, 26355, 36355].map((port, index) => at(index, port)),
};

export const place = (list: "nodes" | "sentinels", index: number): Fields => {
  const { host = "", port = 0 } = members[list][index] ?? {};
  return { name: `${host}:${port}`, ip: host, port: String(port) };
};

function node(index: number): Node {
  const common = {
    redis_version: "7.0.15",
    loading: "0",
    aof_last_write_status: "ok",
    rdb_last_bgsave_status: "ok",
  };
  const linked = [1, 2].map((each): [string, string] => {
    const { ip, port } = place("nodes", each);
    return [`slave${each - 1}`, `ip=${ip},port=${port},state=online,offset=998,lag=${each - 1}`];
  });
  const role: Fields =
    index === 0
      ? {
          role: "master",
          connected_slaves: "2",
          min_slaves_good_slaves: "2",
          ...Object.fromEntries(linked),
          master_repl_offset: "1000",
        }
      : {
          role: "slave",
          master_host: "redis1",
          master_port: "16300",
          master_link_status: "up",
          master_sync_in_progress: "0",
          slave_repl_offset: String(1000 - index),
          slave_priority: "100",
        };
  return {
    info: { ...common, ...role, db0: "keys=3,expires=0,avg_ttl=0" },
    wanted: ["min-replicas-to-write", "1"],
  };
}

function sentinel(index: number): Sentinel {
  return {
    info: { redis_version: "7.0.15", sentinel_masters: "1", sentinel_tilt: "0" },
    address: ["redis1", "16300"],
    master: {
      name: "redis-ha",
      ip: "redis1",
      port: "16300",
      flags: "master",
      "config-epoch": "4",
      "num-slaves": "2",
      "num-other-sentinels": "2",
      quorum: "2",
      "down-after-milliseconds": "10000",
      "failover-timeout": "180000",
      "parallel-syncs": "1",
      "role-reported": "master",
    },
    replicas: [1, 2].map((each) => ({
      ...place("nodes", each),
      runid: "",
      flags: "slave",
      "role-reported": "slave",
      "master-host": "redis1",
      "master-port": "16300",
    })),
    peers: [0, 1, 2]
      .filter((each) => each !== index)
      .map((each) => ({ ...place("sentinels", each), flags: "sentinel" })),
    ckquorum: "OK 3 usable Sentinels. Quorum and failover authorization can be reached",
  };
}

/** All well; node1 is the master. */
export function allWell(): Three {
  return { nodes: [node(0), node(1), node(2)], sentinels: [sentinel(0), sentinel(1), sentinel(2)] };
}

/** As `npm run status` has it from the servers. */
export function repliesOf({ nodes, sentinels }: Whole): Replies {
  const reply = <T>(said: Said<T>, form: (said: T) => unknown): Reply =>
    said instanceof None ? { silence: said.words ?? "connect ECONNREFUSED" } : { said: form(said) };
  const info = (fields: Fields) => {
    const line = (isKeys: boolean) =>
      Object.entries(fields)
        .filter(([name]) => name.startsWith("db") === isKeys)
        .map(([name, value]) => `${name}:${value}\r\n`);
    return ["# Server\r\n", ...line(false), "# Keyspace\r\n", ...line(true)].join("");
  };
  const flat = (fields: Fields) => Object.entries(fields).flat();
  const same = (said: unknown) => said;
  return {
    nodes: nodes.map((each) => ({
      info: reply(each.info, info),
      minReplicas: reply(each.wanted, same),
      priority: { said: ["replica-priority", "100"] },
    })),
    sentinels: sentinels.map((each) => ({
      info: reply(each.info, info),
      address: reply(each.address, same),
      master: reply(each.master, flat),
      replicas: reply(each.replicas, (list) => list.map(flat)),
      peers: reply(each.peers, (list) => list.map(flat)),
      ckquorum: reply(
        each.ckquorum ?? new None("ERR Unknown sentinel subcommand 'ckquorum'"),
        same,
      ),
    })),
  };
}

/** As `gather` and `examine` have it (answers, in scripts/lib/ask.sh). */
export function gathered({ nodes, sentinels }: Whole): string {
  const told = <T>(tag: string, said: Said<T>, form: (said: T) => string[]): string[] => {
    if (said instanceof None)
      return [said.words === undefined ? `${tag} -` : `${tag} ! ${said.words}`];
    return [`${tag} +`, ...form(said).map((line) => `${tag} = ${line}`)];
  };
  const info = (fields: Fields) =>
    Object.entries(fields).map(([name, value]) => `${name}:${value}`);
  const flat = (fields: Fields) => Object.entries(fields).flat();
  // An empty reply is one empty line.
  const list = (entries: Fields[]) => (entries.length === 0 ? [""] : entries.flatMap(flat));
  return [
    ...sentinels.flatMap((each, index) => [
      ...told(`address sentinel${index + 1}`, each.address, (said) => said ?? [""]),
      ...told(`sentinel sentinel${index + 1}`, each.master, flat),
    ]),
    ...nodes.flatMap((each, index) => told(`node node${index + 1}`, each.info, info)),
    ...sentinels.flatMap((each, index) => [
      ...told(`slaves sentinel${index + 1}`, each.replicas, list),
      ...told(`peers sentinel${index + 1}`, each.peers, list),
      ...told(`tilt sentinel${index + 1}`, each.info, info),
      ...(each.ckquorum === undefined
        ? []
        : told(`quorum sentinel${index + 1}`, each.ckquorum, (said) => [said])),
    ]),
    // Only the one that is named is asked: the others' answers must not matter.
    ...nodes.flatMap((each, index) => told(`wanted node${index + 1}`, each.wanted, (said) => said)),
  ].join("\n");
}
