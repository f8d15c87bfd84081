import type { RuleNumber } from "../../topology/rules.ts";
import {
  type Fields,
  members,
  None,
  place,
  type Said,
  type Sentinel,
  type Three,
} from "../support/said.ts";

/** What is done to {@link allWell}, and the rules that are broken then. */
export type Case = readonly [
  name: string,
  spoil: (said: Three) => unknown,
  broken: readonly RuleNumber[],
];

/** Sets fields of a reply that is one. */
const set = (said: Said<Fields> | undefined, fields: Fields): Fields => {
  if (said === undefined || said instanceof None) throw new Error("nothing is said");
  return Object.assign(said, fields);
};
const listed = (said: Said<Fields[]>): Fields[] => (said instanceof None ? [] : said);
const entry = (said: Said<Fields[]>, index: number) => listed(said)[index];
const silent = (one: Sentinel, none: None) =>
  Object.assign(one, {
    info: none,
    address: none,
    master: none,
    replicas: none,
    peers: none,
    ckquorum: none,
  });
const names = (one: Sentinel, host: string, port: string) => {
  one.address = [host, port];
  for (const each of listed(one.replicas)) set(each, { "master-host": host, "master-port": port });
  return set(one.master, { ip: host, port });
};
const tilt = (...those: Sentinel[]) => those.map(({ info }) => set(info, { sentinel_tilt: "1" }));
/** In a failover to node2, as its sentinels say at the same moment. */
const failedOver = ({ nodes, sentinels }: Three) => {
  const follows = {
    redis_version: "7.0.15",
    role: "slave",
    master_link_status: "up",
    master_sync_in_progress: "0",
    master_host: "redis2",
    master_port: "26300",
  };
  nodes[1].info = { ...(nodes[0].info as Fields) };
  nodes[0].info = { ...follows, loading: "0", db0: "keys=3" };
  set(nodes[2].info, follows);
  for (const each of sentinels) {
    names(each, "redis2", "26300");
    set(entry(each.replicas, 0), place("nodes", 0));
  }
};
const refused = new None();
const hangs = new None("no answer within 2 s");
const full = new None("ERR max number of clients reached");

export const cases: readonly Case[] = [
  ["all is well", () => undefined, []],
  [
    "addresses in place of names, as before Redis 6.2",
    ({ nodes, sentinels }) => {
      for (const each of sentinels) {
        names(each, "10.0.0.1", "16300");
        for (const known of [...listed(each.replicas), ...listed(each.peers)])
          known.ip = (known.ip ?? "").replace("redis", "10.0.0.");
      }
      for (const each of nodes.slice(1)) set(each.info, { master_host: "10.0.0.1" });
    },
    [],
  ],
  [
    "one sentinel says the address, the others the name",
    ({ sentinels }) => names(sentinels[1], "10.0.0.1", "16300"),
    [],
  ],
  [
    "no CKQUORUM, as before Redis 3.0",
    ({ sentinels }) => sentinels.forEach((each) => (each.ckquorum = undefined)),
    [],
  ],
  [
    "CKQUORUM asked of one that does not know it",
    ({ sentinels: [one] }) =>
      (one.ckquorum = new None("ERR Unknown sentinel subcommand 'CKQUORUM'")),
    [],
  ],
  ["another node is the master after a failover", failedOver, []],
  [
    "the master wants no replicas",
    ({ nodes: [one] }) => (
      (one.wanted = ["min-replicas-to-write", "0"]),
      delete (one.info as Fields).min_slaves_good_slaves
    ),
    [],
  ],
  [
    "the master wants one replica, and has one",
    ({ nodes: [one] }) => set(one.info, { min_slaves_good_slaves: "1" }),
    [],
  ],
  [
    "CONFIG is renamed",
    ({ nodes }) =>
      nodes.forEach((each) => (each.wanted = new None("ERR unknown command 'CONFIG'"))),
    [],
  ],
  [
    "a replica wants more replicas than it has",
    ({ nodes: [, two] }) => (
      (two.wanted = ["min-replicas-to-write", "5"]),
      set(two.info, { min_slaves_good_slaves: "0" })
    ),
    [],
  ],
  [
    "an epoch of ten digits",
    ({ sentinels }) =>
      sentinels.forEach(({ master }) => set(master, { "config-epoch": "4294967296" })),
    [],
  ],

  [
    "each sentinel names another",
    ({ sentinels: [, two, three] }) => (
      names(two, "redis2", "26300"),
      names(three, "10.0.0.3", "36300")
    ),
    [1, 11],
  ],
  [
    "all know no such master",
    ({ sentinels }) =>
      sentinels.forEach((each) => silent(each, new None("ERR No such master with that name"))),
    [1, 3],
  ],
  [
    "clients are told nothing",
    ({ sentinels }) => sentinels.forEach((each) => (each.address = null)),
    [1],
  ],
  [
    "two of three sentinels are gone",
    ({ sentinels: [one, two] }) => (silent(one, refused), silent(two, refused)),
    [1, 3],
  ],
  [
    "two of three sentinels hang",
    ({ sentinels: [one, two] }) => (silent(one, hangs), silent(two, hangs)),
    [1, 3],
  ],
  [
    "no sentinel answers",
    ({ sentinels }) => sentinels.forEach((each) => silent(each, refused)),
    [1, 3],
  ],
  [
    "all of them name a stranger, which all nodes follow",
    ({ nodes, sentinels }) => {
      for (const each of sentinels) names(each, "10.9.9.9", "1");
      const stranger = {
        role: "slave",
        master_host: "10.9.9.9",
        master_port: "1",
        master_link_status: "up",
        master_sync_in_progress: "0",
      };
      for (const each of nodes) set(each.info, stranger);
    },
    [2],
  ],
  [
    "all of them name a stranger, and the nodes are left as they were",
    ({ sentinels }) => sentinels.forEach((each) => names(each, "10.9.9.9", "1")),
    [2, 23, 25],
  ],

  ["a sentinel is gone", ({ sentinels: [, , three] }) => silent(three, refused), [3]],
  ["a sentinel hangs", ({ sentinels: [, , three] }) => silent(three, hangs), [3]],
  ["a sentinel has no place for clients", ({ sentinels: [, , three] }) => silent(three, full), [3]],
  [
    "a sentinel wants a password",
    ({ sentinels: [one] }) => silent(one, new None("NOAUTH Authentication required.")),
    [3],
  ],
  [
    "a sentinel does not know the master",
    ({ sentinels: [one] }) => (
      (one.address = null),
      (one.master = new None("ERR No such master with that name"))
    ),
    [3],
  ],
  ["a sentinel does not say whom it names", ({ sentinels: [one] }) => (one.address = hangs), [3]],
  [
    "a sentinel does not say which replicas it knows",
    ({ sentinels: [one] }) => (one.replicas = hangs),
    [3],
  ],
  [
    "a sentinel does not say which others it knows",
    ({ sentinels: [, two] }) => (two.peers = full),
    [3],
  ],
  [
    "a sentinel does not say whether there is a quorum",
    ({ sentinels: [, , three] }) => (three.ckquorum = hangs),
    [3],
  ],
  [
    "a sentinel does not say whether it is in TILT",
    ({ sentinels: [one] }) => (one.info = new None("NOPERM this user has no permissions")),
    [3],
  ],
  [
    "INFO of a sentinel cannot be had, and it sees the master as down",
    ({ sentinels: [one] }) => ((one.info = hangs), set(one.master, { flags: "s_down,master" })),
    [3, 5],
  ],

  [
    "one sentinel names another",
    ({ sentinels: [, two] }) => {
      names(two, "redis3", "36300");
      set(entry(two.replicas, 1), place("nodes", 0));
    },
    [4],
  ],
  [
    "one sentinel sends clients to another",
    ({ sentinels: [, two] }) => (two.address = ["redis3", "36300"]),
    [4],
  ],
  [
    "one sentinel names a stranger",
    ({ sentinels: [, , three] }) => names(three, "10.9.9.9", "16300"),
    [4],
  ],
  [
    "the master is seen as down by one",
    ({ sentinels: [one] }) => set(one.master, { flags: "s_down,master" }),
    [5],
  ],
  [
    "the master is seen as down by all",
    ({ sentinels }) =>
      sentinels.forEach(({ master }) => set(master, { flags: "master,s_down,o_down" })),
    [5],
  ],
  [
    "a failover in progress",
    ({ sentinels: [, , three] }) => set(three.master, { flags: "master,failover_in_progress" }),
    [5],
  ],
  [
    "a sentinel is not connected to the master",
    ({ sentinels: [, two] }) => set(two.master, { flags: "master,disconnected" }),
    [5],
  ],
  ["an older epoch", ({ sentinels: [one] }) => set(one.master, { "config-epoch": "3" }), [6]],
  [
    "epochs as numbers, not as text",
    ({ sentinels: [one, two] }) => (
      set(one.master, { "config-epoch": "9" }),
      set(two.master, { "config-epoch": "10" })
    ),
    [6],
  ],
  [
    "an epoch that is not said",
    ({ sentinels: [, two] }) => set(two.master, { "config-epoch": "" }),
    [6],
  ],
  ["another quorum", ({ sentinels: [, two] }) => set(two.master, { quorum: "3" }), [7]],
  ["a quorum that is not said", ({ sentinels: [, two] }) => set(two.master, { quorum: "" }), [7]],
  [
    "three quorums",
    ({ sentinels: [, two, three] }) => (
      set(two.master, { quorum: "3" }),
      set(three.master, { quorum: "1" })
    ),
    [7],
  ],
  [
    "another down-after",
    ({ sentinels: [one] }) => set(one.master, { "down-after-milliseconds": "5000" }),
    [8],
  ],
  [
    "another failover-timeout",
    ({ sentinels: [, , three] }) => set(three.master, { "failover-timeout": "5" }),
    [9],
  ],
  [
    "another parallel-syncs",
    ({ sentinels: [one] }) => set(one.master, { "parallel-syncs": "2" }),
    [10],
  ],

  [
    "too few replicas",
    ({ sentinels: [one] }) => (
      set(one.master, { "num-slaves": "1" }),
      listed(one.replicas).splice(1, 1)
    ),
    [11],
  ],
  [
    "no replicas",
    ({ sentinels: [one] }) => (set(one.master, { "num-slaves": "0" }), (one.replicas = [])),
    [11],
  ],
  [
    "a replica twice, by name and by address, and another not at all",
    ({ sentinels: [one] }) => set(entry(one.replicas, 1), { ip: "10.0.0.2", port: "26300" }),
    [11],
  ],
  [
    "the master among its own replicas",
    ({ sentinels: [one] }) => (
      set(one.master, { "num-slaves": "3" }),
      listed(one.replicas).push({ ...place("nodes", 0), flags: "slave" })
    ),
    [11],
  ],
  [
    "a stray replica",
    ({ sentinels: [one] }) => (
      set(one.master, { "num-slaves": "3" }),
      listed(one.replicas).push({ name: "x", ip: "10.9.9.9", port: "1", flags: "slave" })
    ),
    [12],
  ],
  [
    "a stray replica that is gone, in place of ours",
    ({ sentinels: [one] }) =>
      set(entry(one.replicas, 0), { ip: "10.9.9.9", flags: "s_down,slave,disconnected" }),
    [12],
  ],
  [
    "a replica at another port",
    ({ sentinels: [, two] }) => set(entry(two.replicas, 0), { port: "5" }),
    [12],
  ],
  [
    "a replica seen as down",
    ({ sentinels: [one] }) => set(entry(one.replicas, 0), { flags: "s_down,slave" }),
    [13],
  ],
  [
    "a replica that a sentinel is not connected to",
    ({ sentinels: [one] }) => set(entry(one.replicas, 0), { flags: "slave,disconnected" }),
    [13],
  ],
  [
    "a replica that is being told of another master",
    ({ sentinels: [one] }) => set(entry(one.replicas, 1), { flags: "slave,reconf_sent" }),
    [13],
  ],
  [
    "a former master that a sentinel has yet to meet as a replica",
    ({ sentinels: [, , three] }) => set(entry(three.replicas, 0), { "role-reported": "master" }),
    [14],
  ],
  [
    "a replica of which a sentinel has heard last that it follows the former master",
    ({ sentinels: [, , three] }) =>
      set(entry(three.replicas, 0), { "master-host": "redis3", "master-port": "36300" }),
    [14],
  ],
  [
    "a replica that a sentinel has yet to ask",
    ({ sentinels: [one] }) =>
      set(entry(one.replicas, 1), { "master-host": "?", "master-port": "0" }),
    [14],
  ],
  [
    "a version that does not say whom a replica follows",
    ({ sentinels }) =>
      sentinels.forEach(
        ({ replicas }) => (
          delete entry(replicas, 0)?.["master-host"],
          delete entry(replicas, 0)?.["master-port"]
        ),
      ),
    [],
  ],
  [
    "a version that does not say what role was reported",
    ({ sentinels }) =>
      sentinels.forEach(({ replicas }) => delete entry(replicas, 0)?.["role-reported"]),
    [],
  ],

  [
    "too few other sentinels",
    ({ sentinels: [one] }) => (
      set(one.master, { "num-other-sentinels": "1" }),
      listed(one.peers).splice(0, 1)
    ),
    [15],
  ],
  [
    "a removed sentinel is still counted",
    ({ sentinels: [one] }) => set(one.master, { "num-other-sentinels": "3" }),
    [15],
  ],
  [
    "a sentinel knows itself in place of another",
    ({ sentinels: [one] }) => set(entry(one.peers, 0), place("sentinels", 0)),
    [15],
  ],
  [
    "a stray sentinel",
    ({ sentinels: [one] }) => (
      set(one.master, { "num-other-sentinels": "3" }),
      listed(one.peers).push({ name: "x", ip: "10.9.9.9", port: "1", flags: "sentinel" })
    ),
    [16],
  ],
  [
    "a stray sentinel that is gone",
    ({ sentinels: [one] }) =>
      listed(one.peers).push({ name: "x", ip: "redis2", port: "5", flags: "s_down,sentinel" }),
    [16],
  ],
  [
    "another sentinel seen as down",
    ({ sentinels: [one] }) => set(entry(one.peers, 1), { flags: "s_down,sentinel" }),
    [17],
  ],
  [
    "a sentinel that once said that the master is down, as Valkey 9.1 keeps it",
    ({ sentinels: [one] }) => set(entry(one.peers, 1), { flags: "sentinel,master_down" }),
    [],
  ],
  [
    "… and is down",
    ({ sentinels: [one] }) => set(entry(one.peers, 1), { flags: "s_down,sentinel,master_down" }),
    [17],
  ],
  [
    "no quorum",
    ({ sentinels: [one] }) =>
      (one.ckquorum = new None(
        "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum",
      )),
    [18],
  ],
  [
    "a quorum, but not with all of them",
    ({ sentinels: [one] }) =>
      (one.ckquorum = "OK 2 usable Sentinels. Quorum and failover authorization can be reached"),
    [18],
  ],
  ["TILT", ({ sentinels: [one] }) => tilt(one), [19]],
  ["TILT of two of three", ({ sentinels: [one, two] }) => tilt(one, two), [19, 20]],
  ["TILT of all of them", ({ sentinels }) => tilt(...sentinels), [19, 20]],
  [
    "TILT of one where the quorum wants all",
    ({ sentinels }) => {
      for (const { master } of sentinels) set(master, { quorum: "3" });
      tilt(sentinels[1]);
    },
    [19, 20],
  ],

  ["a replica is gone", ({ nodes: [, two] }) => (two.info = refused), [21]],
  ["a replica has no place for clients", ({ nodes: [, two] }) => (two.info = full), [21]],
  ["the master hangs", ({ nodes: [one] }) => ((one.info = hangs), (one.wanted = hangs)), [21]],
  [
    "the master is busy with a script",
    ({ nodes: [one] }) => (one.info = new None("BUSY Redis is busy running a script.")),
    [21],
  ],
  ["no node answers", ({ nodes }) => nodes.forEach((each) => (each.info = refused)), [21]],
  [
    "the master became a replica",
    ({ nodes: [one, two] }) => {
      one.info = {
        ...(two.info as Fields),
        master_host: "redis2",
        master_port: "26300",
        master_link_status: "down",
      };
    },
    [22],
  ],
  [
    "the master waits to be told its role",
    ({ nodes: [one, two] }) => (one.info = { ...(two.info as Fields), master_host: "redis1" }),
    [22],
  ],
  [
    "a second master",
    ({ nodes: [one, , three] }) => (three.info = { ...(one.info as Fields) }),
    [23],
  ],
  [
    "a second master, empty and loading",
    ({ nodes: [, two] }) => (two.info = { role: "master", loading: "1", db0: "keys=0" }),
    [23, 27],
  ],
  [
    "a node that waits, as its own replica",
    ({ nodes: [, two] }) =>
      set(two.info, { master_host: "redis2", master_port: "26300", master_link_status: "down" }),
    [24],
  ],
  [
    "the same by its address",
    ({ nodes: [, two] }) =>
      set(two.info, { master_host: "10.0.0.2", master_port: "26300", master_link_status: "down" }),
    [24],
  ],
  [
    "all wait, and no majority names a master",
    ({ nodes, sentinels }) => {
      for (const each of sentinels) silent(each, refused);
      nodes.forEach((each, index) => {
        each.info = {
          ...(nodes[1].info as Fields),
          master_host: `redis${index + 1}`,
          master_port: String(members.nodes[index]?.port),
        };
      });
    },
    [1, 3, 24],
  ],
  [
    "a replica of a replica",
    ({ nodes: [, two] }) => set(two.info, { master_host: "redis3", master_port: "36300" }),
    [25],
  ],
  [
    "a replica of a stranger, its link down",
    ({ nodes: [, two] }) => set(two.info, { master_host: "10.9.9.9", master_link_status: "down" }),
    [25],
  ],
  [
    "a link that is down",
    ({ nodes: [, two] }) => set(two.info, { master_link_status: "down" }),
    [26],
  ],
  [
    "a synchronisation",
    ({ nodes: [, two] }) =>
      set(two.info, { master_link_status: "down", master_sync_in_progress: "1" }),
    [26],
  ],
  [
    "a replica that does not say whether it synchronises",
    ({ nodes: [, two] }) =>
      (two.info = {
        role: "slave",
        master_host: "redis1",
        master_port: "16300",
        master_link_status: "up",
      }),
    [26],
  ],
  [
    "a link that is down, and no majority",
    ({ nodes: [, two], sentinels }) => (
      set(two.info, { master_link_status: "down" }),
      sentinels.map((each) => silent(each, refused))
    ),
    [1, 3, 26],
  ],
  ["the master loads", ({ nodes: [one] }) => set(one.info, { loading: "1" }), [27]],
  [
    "a replica loads",
    ({ nodes: [, two] }) => set(two.info, { loading: "1", master_link_status: "down" }),
    [26, 27],
  ],
  [
    "a full disk, at the append-only file",
    ({ nodes: [one] }) => set(one.info, { aof_last_write_status: "err" }),
    [28],
  ],
  [
    "a full disk, at a replica's snapshot",
    ({ nodes: [, , three] }) => set(three.info, { rdb_last_bgsave_status: "err" }),
    [28],
  ],
  [
    "a replica of another version",
    ({ nodes: [, two] }) => set(two.info, { redis_version: "8.0.2" }),
    [30],
  ],
  [
    "a master of another product, which tells a version of Redis, too",
    ({ nodes: [one] }) => set(one.info, { valkey_version: "8.1.1" }),
    [30],
  ],
  [
    "a replica that does not say which version it is",
    ({ nodes: [, two] }) => delete (two.info as Fields).redis_version,
    [],
  ],
  [
    "too few good replicas for min-replicas-to-write",
    ({ nodes: [one] }) => (one.wanted = ["min-replicas-to-write", "3"]),
    [29],
  ],
  [
    "the same by its name before Redis 5",
    ({ nodes: [one] }) => (one.wanted = ["min-slaves-to-write", "3"]),
    [29],
  ],
  [
    "no good replica, and CONFIG is renamed",
    ({ nodes: [one] }) => (
      (one.wanted = new None("ERR unknown command 'CONFIG'")),
      set(one.info, { min_slaves_good_slaves: "0" })
    ),
    [29],
  ],
  [
    "the master's machine is cut off: its sentinel sees nobody, the others see it as down",
    ({ nodes: [one], sentinels: [first, ...others] }) => {
      one.info = hangs;
      silent(first, hangs);
      for (const each of others) {
        set(each.master, { flags: "s_down,o_down,master" });
        set(entry(each.peers, 0), { flags: "s_down,sentinel" });
        each.ckquorum = "OK 2 usable Sentinels. Quorum and failover authorization can be reached";
      }
    },
    [3, 5, 17, 18, 21],
  ],
];
