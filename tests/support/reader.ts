import { type ChildProcess, spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

/** A server that reads what we have written, on a socket of its own. */
export class Reader {
  readonly socket: string;
  readonly #process: ChildProcess;
  #said = "";

  /**
   * @param directory for the socket; its path must be short.
   * @param args of redis-server.
   */
  constructor(directory: string, ...args: string[]) {
    this.socket = join(directory, "s");
    this.#process = spawn(
      "redis-server",
      [...args, "--port", "0", "--unixsocket", this.socket, "--daemonize", "no"],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on("data", (text: Buffer) => (this.#said += text.toString()));
  }

  /** @throws Error with what it says where it does not take what it was given. */
  async listens(): Promise<this> {
    while (!(await accepts(this.socket))) {
      if (this.#process.exitCode !== null) throw new Error(this.#said);
      await sleep(2);
    }
    return this;
  }

  async ask(...commands: string[][]): Promise<unknown[]> {
    const redis = new Redis({ path: this.socket, lazyConnect: true, retryStrategy: () => null });
    try {
      await redis.connect();
      return await Promise.all(commands.map(([name = "", ...words]) => redis.call(name, ...words)));
    } finally {
      redis.disconnect();
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** Its file is there a moment before anybody listens. */
function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });
}

/** What tells its words, each behind its length in bytes. */
const teller = "EVAL \"local s='' for _,a in ipairs(ARGV) do s=s..#a..':'..a end return s\" 0";

/**
 * Has a server split lines by the function with which it reads its configuration: as commands that
 * somebody types.
 *
 * @returns the words of each line, undefined for one that it refuses.
 */
export async function wordsByServer(
  path: string,
  lines: readonly string[],
): Promise<(string[] | undefined)[]> {
  const found: (string[] | undefined)[] = [];
  while (found.length < lines.length) {
    // It hangs up at the first one that it refuses.
    const said = await replies(connect(path), lines.slice(found.length));
    found.push(...said);
    if (found.length < lines.length) found.push(undefined);
  }
  return found;
}

/** What it replies until it hangs up, or to all. */
async function replies(socket: Socket, lines: readonly string[]): Promise<string[][]> {
  let said = Buffer.alloc(0);
  const ended = new Promise<void>((resolve, reject) => {
    socket.on("data", (more) => (said = Buffer.concat([said, more])));
    socket.on("close", () => {
      resolve();
    });
    // It hangs up while more is sent.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (!["EPIPE", "ECONNRESET"].includes(error.code ?? "")) reject(error);
    });
  });
  socket.write(lines.map((line) => `${teller} ${line}\n`).join("") + "QUIT\n");
  await ended;
  const found: string[][] = [];
  for (let at = 0; said[at] === 0x24;) {
    const start = said.indexOf("\r\n", at) + 2;
    const end = start + Number(said.toString("latin1", at + 1, start - 2));
    found.push(parts(said.subarray(start, end)));
    at = end + 2;
  }
  return found;
}

function parts(reply: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < reply.length;) {
    const start = reply.indexOf(":", at) + 1;
    const end = start + Number(reply.toString("latin1", at, start - 1));
    found.push(reply.toString("utf8", start, end));
    at = end;
  }
  return found;
}
