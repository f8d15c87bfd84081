import { Redis, type RedisOptions } from "ioredis";
import type { Endpoint } from "./endpoints.ts";

/** Milliseconds within which a server has to have answered everything. */
export const answerLimit = 2000;

/**
 * A connection that reports what it is told: no attempt is repeated, and a server that still loads
 * is asked, too. Connects with its first command.
 */
export function connection({ address, port, login }: Endpoint, options: RedisOptions = {}): Redis {
  const redis = new Redis({
    host: address,
    port,
    ...login,
    lazyConnect: true,
    connectTimeout: answerLimit,
    commandTimeout: answerLimit,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    ...options,
  });
  dropSelfConnections(redis);
  // Every command reports its own failure.
  redis.on("error", () => undefined);
  return redis;
}

/**
 * A client on the server's own machine that tries again and again while nobody listens on a port of
 * the ephemeral range (36300 is one) at last gets that very port as its own and is connected to
 * itself: it reads its commands as answers, and the server cannot start any more.
 */
export function dropSelfConnections(redis: Redis): void {
  redis.on("connect", () => {
    const { localAddress, localPort, remoteAddress, remotePort } = redis.stream;
    if (localPort === remotePort && localAddress === remoteAddress) redis.stream.resetAndDestroy();
  });
}

/**
 * Connects, asks and disconnects, all within {@link answerLimit}.
 *
 * @throws Error that says why there was no answer
 */
export async function ask<T>(
  endpoint: Endpoint,
  questions: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = connection(endpoint);
  let reason: Error | undefined;
  redis.on("error", (error) => (reason ??= error));
  let limit: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    limit = setTimeout(() => {
      reject(new Error(`no answer within ${answerLimit / 1000} s`));
    }, answerLimit);
  });
  const answers = redis.connect().then(() => questions(redis));
  try {
    return await Promise.race([answers, tooLate]);
  } catch (error) {
    // What ioredis throws where there is no connection does not say why.
    throw reason ?? error;
  } finally {
    clearTimeout(limit);
    // What is under way when the time is up fails by this, and nobody waits for it.
    answers.catch(() => undefined);
    redis.disconnect();
  }
}
