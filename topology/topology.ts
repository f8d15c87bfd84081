import type { Endpoint, NodeEndpoint, StackOutputs } from "../cli/stack/outputs.ts";

/** What a node said of itself. */
export interface NodeFacts {
  role: "master" | "replica";
  /** Product and version, such as `Redis 7.0.15`. */
  server: string;
  /** Still reading its data from disk: refuses most commands. */
  loading: boolean;
  /** Bytes of the replication stream that it wrote or has received. */
  offset: number;
  /** With which Sentinel promotes it, the lowest first; 0: never; undefined where it does not say. */
  priority: number | undefined;
  /** Keys in all databases. */
  keys: number;
  /** As a replica: whom it follows, and the state of the link. */
  link?: { host: string; port: number; up: boolean; syncing: boolean };
  /** As a master: the replicas that are linked, with the seconds since each of them was heard of. */
  replicas: { host: string; port: number; lagSeconds: number }[];
  /** Replicas it wants to see to accept writes (`min-replicas-to-write`, 0: none) and those that are good enough. */
  wantedReplicas: number;
  goodReplicas: number;
  /** Why it refuses writes because of its disk. */
  diskTrouble?: string;
}

/** Somebody a sentinel knows, with Sentinel's flags such as `s_down`. */
export interface Known {
  host: string;
  port: number;
  flags: string[];
}

/** What a sentinel said of the master. */
export interface SentinelFacts {
  server: string;
  /** Whom it names as the master. */
  host: string;
  port: number;
  epoch: number;
  flags: string[];
  replicas: Known[];
  peers: Known[];
  /** Its own counts, which include those that are down. */
  replicaCount: number;
  peerCount: number;
  quorum: number;
  downAfterMilliseconds: number;
  failoverTimeoutMilliseconds: number;
  parallelSyncs: number;
  /** Answer to CKQUORUM; undefined where the version does not have the command. */
  ckquorum?: string;
  /** In TILT a sentinel watches but does not act. */
  tilt: boolean;
}

/** Somebody who was asked: the facts, or why there are none. */
export type Answer<Facts> = { facts: Facts; silence?: undefined } | { facts?: undefined; silence: string };

export type NodeView = NodeEndpoint & Answer<NodeFacts>;
export type SentinelView = Endpoint & Answer<SentinelFacts>;

/** The topology as everybody in it sees it, at one moment. */
export interface Topology extends Pick<StackOutputs, "stack" | "masterName" | "limitations"> {
  nodes: NodeView[];
  sentinels: SentinelView[];
}
