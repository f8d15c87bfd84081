import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { test } from "node:test";
import { stanzas, versionsNamed, type ZatoFile } from "../../components/zato/versions.ts";
import { environmentOf, versionLines, wantedLines } from "../../components/zato/wishes.ts";
import { eventually, inTurn, masterName, portsFrom } from "../support/cluster.ts";
import { newDirectory, run, type Shell, shells } from "../support/editShells.ts";
import { schedulerConfs, serverConfs, zatoProgram } from "../support/zatoConfs.ts";
import { built, missingTool } from "./builds.ts";

// What each version of Zato reads in its own files once they are edited, and how it then calls
// redis-py, against real sentinels: a key is written, the master is killed, the key is read.

portsFrom(59_000);

interface Case {
  version: string;
  file?: ZatoFile;
  /** Whether somebody says the version. */
  told?: boolean;
  /** Where the redis-py is that it uses: that of Zato's own time, or today's. */
  library: "lib" | "lib-zato";
  /** The file stays as it is, and environment variables override it. */
  environment?: boolean;
}

const cases: readonly Case[] = [
  { version: "2.0", library: "lib-zato" },
  { version: "3.0", library: "lib-zato" },
  { version: "3.0", file: "scheduler", library: "lib-zato" },
  { version: "3.1", library: "lib-zato" },
  { version: "3.1", file: "scheduler", library: "lib-zato" },
  { version: "3.1", file: "scheduler", told: true, library: "lib-zato" },
  { version: "3.2", library: "lib-zato" },
  { version: "3.3", library: "lib-zato" },
  { version: "3.3", library: "lib" },
  { version: "3.3", library: "lib", environment: true },
];

/** A process that has read the file as Zato does at its start. */
class Client {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  #said = "";

  constructor({ version, file = "server" }: Case, path: string, env: Record<string, string>) {
    this.#process = spawn("/usr/bin/python3", [zatoProgram, "use", version, path, stanzas[file]], {
      env: { PATH: process.env.PATH, ...env },
    });
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    this.#process.stderr?.on("data", (text: Buffer) => (this.#said += text.toString()));
  }

  async ask(command: string): Promise<string> {
    this.#process.stdin?.write(`${command}\n`);
    const answer: IteratorResult<string, undefined> = await this.#answers.next();
    if (answer.done) throw new Error(`${command}: no answer: ${this.#said.slice(-2000)}`);
    return answer.value;
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("close", resolve));
    if (this.#process.exitCode === null) {
      this.#process.kill("SIGKILL");
      await ended;
    }
    this.#lines.close();
  }
}

const missing = missingTool("python");
if (missing) test(`Zato's clients: ${missing} is not on this machine`, { skip: true });
else
  inTurn(
    "a client of each version, by its own file: set, the master is killed, get",
    { failoverTimeout: 6000 },
    async (cluster, t) => {
      const [directory] = await Promise.all([built("python", console.log), cluster.up()]);
      const deployed = {
        sentinels: cluster.sentinels.map(({ host, port }) => `${host}:${port}`),
        masterName,
        node: `localhost:${cluster.nodes[0]?.port}`,
        socketTimeoutSeconds: 0.5,
      };
      const started: { name: string; client: Client; putBack: () => Promise<void> }[] = [];
      try {
        for (const [index, each] of cases.entries()) {
          const { version, file = "server", told, library, environment } = each;
          const name = `${version} ${file} ${index}`;
          const text = (file === "server" ? serverConfs : schedulerConfs)[version] as string;
          const path = join(newDirectory(), `${file}.conf`);
          writeFileSync(path, text);
          const said = told ? version : undefined;
          const parameters = {
            FILE: path,
            STANZA: stanzas[file],
            STORE: join(newDirectory(), "store"),
            VERSIONS: versionLines(file, deployed, said, true).join("\n"),
            WANTED: wantedLines(deployed).join("\n"),
          };
          const edit = async (action: "apply" | "remove") => {
            const shell = shells[index % shells.length] as Shell;
            const { status, err } = await run(shell, "kvdb.sh", action, parameters);
            assert.deepEqual([status, err], [0, ""], name);
          };
          if (!environment) await edit("apply");
          const client = new Client(each, path, {
            PYTHONPATH: join(directory, library),
            ...(environment ? environmentOf(deployed, versionsNamed(version)) : {}),
          });
          const putBack = async () => {
            if (!environment) await edit("remove");
            assert.equal(readFileSync(path, "utf8"), text, name);
          };
          started.push({ name: name.replaceAll(" ", "-"), client, putBack });
        }
        for (const { name, client } of started)
          assert.match(await client.ask(`set ${name} before`), /^(True|OK)$/, name);
        const replicas = ["node2", "node3"];
        await eventually("the replicas have all of it", async () => {
          const sizes = await Promise.all(replicas.map((each) => cluster.ask(each, "DBSIZE")));
          return sizes.every((size) => Number(size) >= started.length);
        });
        const began = Date.now();
        await cluster.kill("node1");
        await Promise.all(
          started.map(async ({ name, client }) => {
            assert.equal(await client.ask(`get ${name}`), "before", name);
            t.diagnostic(`${name}: read after ${Date.now() - began} ms`);
            assert.match(await client.ask(`set ${name} after`), /^(True|OK)$/, name);
          }),
        );
        const master = await cluster.named();
        assert.notEqual(master, "node1");
        for (const { name } of started)
          assert.equal(await cluster.ask(master, "GET", name), "after", name);
        for (const { putBack } of started) await putBack();
      } finally {
        await Promise.all(started.map(({ client }) => client.end()));
      }
    },
  );
