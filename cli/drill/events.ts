import type { Redis } from "ioredis";
import { type StackOutputs } from "../stack/outputs.ts";
import { endpointAt, endpointText } from "../../topology/endpoints.ts";
import { connection } from "../../topology/connection.ts";
import type { Timeline } from "./timeline.ts";

/** Milliseconds between two attempts to reach a sentinel again. */
const retry = 250;

type Members = Pick<StackOutputs, "masterName" | "nodes" | "sentinels">;

/** Subscribes to the events of every sentinel. @returns what ends that */
export async function watchEvents(members: Members, timeline: Timeline): Promise<() => void> {
  const subscriptions = members.sentinels.map((sentinel): Redis => {
    // One that a drill ends is listened to again once it is back. Not by ioredis itself, which
    // tells nobody where that fails.
    const redis = connection(sentinel, { retryStrategy: () => retry, autoResubscribe: false });
    redis.on("pmessage", (_pattern: string, event: string, message: string) => {
      const text = eventText(members, event, message);
      if (text !== undefined) timeline.add(text, endpointText(sentinel));
    });
    return redis;
  });
  const end = () => {
    for (const redis of subscriptions) redis.disconnect();
  };
  try {
    await Promise.all(subscriptions.map((redis) => redis.psubscribe("*")));
  } catch (error) {
    end();
    throw error;
  }
  for (const redis of subscriptions)
    redis.on("ready", () => {
      redis.psubscribe("*").catch(() => {
        if (redis.status === "ready") redis.disconnect(true);
      });
    });
  return end;
}

/**
 * @param event such as `+sdown`
 * @param message such as `slave 127.0.0.1:26300 127.0.0.1 26300 @ redis-ha 127.0.0.1 16300`
 * @returns the event with names instead of addresses; undefined if it is about another master
 */
export function eventText(members: Members, event: string, message: string): string | undefined {
  const words = message.split(" ");
  if (event === "+switch-master") {
    const [master, oldHost = "", oldPort = "", newHost = "", newPort = ""] = words;
    if (master !== members.masterName) return undefined;
    return `${event} ${nameAt(members, oldHost, oldPort)} -> ${nameAt(members, newHost, newPort)}`;
  }
  // Only events about an instance have its type, name, host and port in front.
  if (!/^(master|slave|sentinel) \S+ \S+ \d+/.test(message)) return `${event} ${message}`.trim();
  const [type = "", name, host = "", port = "", at, ofMaster, , , ...rest] = words;
  if (at === "@" ? ofMaster !== members.masterName : name !== members.masterName) return undefined;
  const details = at === "@" ? rest : words.slice(4);
  return [event, type === "slave" ? "replica" : type, nameAt(members, host, port), ...details].join(
    " ",
  );
}

function nameAt({ nodes, sentinels }: Members, host: string, port: string): string {
  return (
    endpointAt(nodes, host, Number(port))?.name ??
    endpointText(endpointAt(sentinels, host, Number(port)) ?? { host, port: Number(port) })
  );
}
