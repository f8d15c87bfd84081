/** Where a process listens: its name for people, the address to connect to. */
export interface Endpoint {
  host: string;
  address: string;
  port: number;
  /** As whom to ask it. */
  login?: Login;
}

/** A user of a server. */
export interface Login {
  username: string;
  password: string;
}

export interface NodeEndpoint extends Endpoint {
  name: string;
  /** Absolute path, on its host. */
  directory: string;
  /** Shell commands for this machine; missing in what an older version brought up. */
  commands?: {
    kill: string;
    stop: string;
    start: string;
    handover?: string;
    mark?: string;
  };
}

/** @returns `HOST:PORT` */
export function endpointText({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}

/**
 * @returns the one of `endpoints` that is reached there; the servers' answers hold host names or
 * addresses
 */
export function endpointAt<E extends Endpoint>(
  endpoints: E[],
  host: string,
  port: number,
): E | undefined {
  return endpoints.find(
    (each) => each.port === port && (each.host === host || each.address === host),
  );
}
