// What the files of nodes and of sentinels have in common.

/** Where a server listens, and has its files. */
export interface ServerPlace {
  /** The process's name. */
  name: string;
  bind: string;
  port: number;
  /** What it tells others, if it can't tell names. */
  address: string;
  directory: string;
  logFile: string;
}

/** @returns what both templates call these. */
export function placeValues({ name, bind, port, directory, logFile }: ServerPlace): object {
  return {
    name,
    bind,
    port,
    directory: quoteDirective(directory),
    logFile: quoteDirective(logFile),
  };
}

/** @returns `text` as one word of redis.conf. */
export function quoteDirective(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
