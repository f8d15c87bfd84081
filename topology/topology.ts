import type { Endpoint, NodeEndpoint } from "./endpoints.ts";

/** What a node said of itself. */
export interface NodeFacts {
  role: "master" | "replica";
  /** Product and version, such as `Redis 7.0.15`. */
  server: string;
  /** Still reading its data from disk: refuses most commands. */
  loading: boolean;
  /** Bytes of the replication stream that it wrote or has received. */
  offset: number;
  /**
   * With which Sentinel promotes it, the lowest first; 0: never; undefined where it does not say.
   */
  priority: number | undefined;
  /** Keys in all databases. */
  keys: number;
  /** As a replica: whom it follows, and the state of the link. */
  link?: { host: string; port: number; up: boolean; syncing: boolean };
  /**
   * As a master: the replicas that are linked, with the seconds since each of them was heard of.
   */
  replicas: { host: string; port: number; lagSeconds: number }[];
  /**
   * Replicas it wants to see to accept writes (`min-replicas-to-write`); undefined where it does
   * not say.
   */
  wantedReplicas: number | undefined;
  /** Those that are good enough; undefined where it wants none. */
  goodReplicas: number | undefined;
  /** Why it refuses writes because of its disk. */
  diskTrouble?: string;
}

/** An address that a server told: by name or by number, as it knows it. */
export interface Place {
  host: string;
  port: number;
}

/** Somebody a sentinel knows, with Sentinel's flags such as `s_down`. */
export interface Known extends Place {
  flags: string[];
  /** Of a replica: the role that it had when it was last asked. */
  reported?: string;
  /** Of a replica: the master that it had then; `?` where it was not asked yet. */
  master?: Place;
}

/** What a sentinel said of the master; first, which one it watches. */
export interface SentinelFacts extends Place {
  /** Product and version; undefined where it did not say. */
  server: string | undefined;
  epoch: number;
  flags: string[];
  /** Undefined where it did not answer that. */
  replicas: Known[] | undefined;
  peers: Known[] | undefined;
  /** Its own counts, which include those that are down. */
  replicaCount: number;
  peerCount: number;
  quorum: number;
  downAfterMilliseconds: number;
  failoverTimeoutMilliseconds: number;
  parallelSyncs: number;
  /**
   * Answer to CKQUORUM; undefined where the version does not have the command, or did not answer.
   */
  ckquorum?: string;
  /** In TILT a sentinel watches but does not act. */
  tilt: boolean;
  /** What it said in place of one of its answers. */
  unanswered?: string;
}

/** Somebody who was asked: the facts, or why there are none. */
export type Answer<Facts> =
  { facts: Facts; silence?: undefined } | { facts?: undefined; silence: string };

export type NodeView = NodeEndpoint & Answer<NodeFacts>;
/** `names` is whom it sends clients to, undefined where it did not say. */
export type SentinelView = Endpoint & { names?: Place } & Answer<SentinelFacts>;

/** Those who are asked, and what is known of the whole without asking. */
export interface Members {
  stack: string;
  masterName: string;
  /** What the servers' versions lack, a line each. */
  limitations: string[];
  nodes: NodeEndpoint[];
  sentinels: Endpoint[];
}

/** The topology as everybody in it sees it, at one moment. */
export interface Topology extends Members {
  nodes: NodeView[];
  sentinels: SentinelView[];
}
