import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { directiveProblems } from "../../components/redis/directives.ts";
import { nodeConf } from "../../components/redis/nodeConf.ts";
import { mastersConf, sentinelConf } from "../../components/redis/sentinelConf.ts";
import { quoteDirective } from "../../components/redis/serverConf.ts";
import { masterNameProblems } from "../../components/redis/topology.ts";
import { parseServerVersion, type ServerVersion } from "../../components/redis/version.ts";
import { wordsOf } from "../../components/redis/words.ts";
import type { Host } from "../../hosts/host.ts";
import { directoryProblems } from "../../hosts/names.ts";
import { newDirectory } from "../support/editShells.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";
import { Reader } from "../support/reader.ts";

const version = parseServerVersion(
  execFileSync("redis-server", ["--version"], { encoding: "utf8" }),
) as ServerVersion;

/** Directives that take any text, and do nothing with it as long as they are not used. */
const free = [
  "syslog-ident",
  "cluster-announce-ip",
  "bind-source-addr",
  ...["cert-file", "key-file", "client-cert-file", "client-key-file", "dh-params-file"],
  ...["ca-cert-file", "ca-cert-dir", "ciphers", "ciphersuites"],
].map((each) => (/^(c|k|d).*(file|dir|ciphers|suites)$/.test(each) ? `tls-${each}` : each));

/** A value of one word, as somebody writes it: quoted well, badly, or not at all. */
const oneWord = text
  .chain((each) =>
    fc.constantFrom(each, quoteDirective(each), `'${each}'`, `"${each}"`, each.trim()),
  )
  .filter((each) => directiveProblems("redis", { x: each }).length === 0)
  .filter((each) => !each.includes("\n") && wordsOf(each)?.length === 1)
  // What is longer, the servers cut where they show it.
  .filter((each) => each.length < 900);

/** A directory's name: anything that the check of a host's directory lets through. */
const directoryName = text.filter(
  (each) =>
    directoryProblems("directory", `/${each}`).length === 0 &&
    !["", ".", ".."].includes(each) &&
    !each.includes("/") &&
    Buffer.byteLength(each) < 200,
);

const place = { host: { hostName: "localhost" } as Host, address: "127.0.0.1", port: 1 };

describe("a node's settings.conf", () => {
  let known: string[];
  before(async () => {
    const reader = await new Reader(newDirectory(), "--save", "").listens();
    const said = (await reader.ask(...free.map((each) => ["CONFIG", "GET", each]))) as string[][];
    known = free.filter((_, index) => said[index]?.length === 2);
    await reader.end();
    assert.ok(known.length > 2, "directives that take any text");
  });

  it("says to the server what was meant: its directory, and every directive", async (t) => {
    // One input is all values of one start.
    const settings = fc.record({
      directory: directoryName,
      values: fc.array(oneWord, { minLength: free.length, maxLength: free.length }),
    });
    const fit = hostileTexts.map((each) => each.replaceAll(/[\r\n]/g, "-").slice(0, 200));
    const names = fit.filter((each) => directoryProblems("", `/${each}`).length === 0);
    const always = Array.from({ length: Math.ceil(fit.length / free.length) }, (_, start) => ({
      directory: names[start * 7]?.replaceAll("/", "-") ?? "x",
      values: free.map((_, index) =>
        quoteDirective(fit[(start * free.length + index) % fit.length] ?? "").replaceAll(
          // What no line of ours may have, the server takes by its number.
          // eslint-disable-next-line no-control-regex
          /[\u0000-\u0008\u000a-\u001f]/g,
          (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
        ),
      ),
    }));
    await forAll(
      t,
      { always, short: 250, together: 10, values: free.length },
      settings,
      async (inputs) => {
        for (const { directory: name, values } of inputs) await readBack(name, values);
      },
    );
  });

  async function readBack(name: string, values: string[]): Promise<void> {
    const here = newDirectory();
    const directory = join(here, name);
    mkdirSync(directory);
    const directives = Object.fromEntries(
      known.map((each, index) => [each, values[index] ?? '""']),
    );
    assert.deepEqual(directiveProblems("redis", directives), []);
    const logFile = join(directory, "log");
    const conf = nodeConf(
      { ...place, name: "node1", bind: "127.0.0.1", directory, logFile, directives },
      version,
    );
    // By the name that a node's file has, in its directory.
    const file = join(directory, "node.conf");
    writeFileSync(file, conf);
    const reader = new Reader(here, file, "--appendonly", "no", "--save", "");
    try {
      await reader.listens().catch((error: unknown) => {
        assert.fail(`${JSON.stringify(name)}: ${String(error)}${readFileSync(logFile, "utf8")}`);
      });
      const wanted = {
        dir: directory,
        logfile: logFile,
        ...Object.fromEntries(known.map((each) => [each, wordsOf(directives[each] ?? "")?.[0]])),
      };
      const said = await reader.ask(...Object.keys(wanted).map((each) => ["CONFIG", "GET", each]));
      assert.deepEqual(Object.fromEntries(said as [string, string][]), wanted);
    } finally {
      await reader.end();
      rmSync(here, { recursive: true });
    }
  }
});

describe("a sentinel's settings.conf and masters.conf", () => {
  const scripts = newDirectory();
  after(() => {
    rmSync(scripts, { recursive: true });
  });

  /** A program's path, as the check of a sentinel's directives lets it through. */
  const script = text
    .map((each) => each.replaceAll("/", "-"))
    .filter(
      (each) =>
        directiveProblems("sentinel", { "notification-script": `/${each}` }).length === 0 &&
        !["", ".", ".."].includes(each) &&
        Buffer.byteLength(each) < 200,
    );
  const masterName = fc
    .oneof(fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,40}$/), fc.constantFrom(...hostileTexts))
    .filter((each) => masterNameProblems(each).length === 0);

  it("say to the sentinel what was meant: its directory, the masters, and their programs", async (t) => {
    const given = fc.record({
      directory: directoryName,
      ident: oneWord,
      masters: fc.uniqueArray(
        fc.record({
          name: masterName,
          script,
          downAfter: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          parallelSyncs: fc.integer({ min: 1, max: 100 }),
        }),
        { minLength: 1, maxLength: 8, selector: ({ name }) => name },
      ),
    });
    await forAll(t, { short: 60, together: 10, values: 8 }, given, async (inputs) => {
      for (const { directory: name, ident, masters } of inputs) {
        const here = newDirectory();
        const directory = join(here, name);
        mkdirSync(directory);
        const logFile = join(directory, "log");
        const parts = [
          sentinelConf(
            {
              ...place,
              name: "sentinel1",
              bind: "127.0.0.1",
              directory,
              logFile,
              directives: { "syslog-ident": ident },
            },
            version,
          ),
        ];
        for (const master of masters) {
          const program = join(scripts, master.script);
          writeFileSync(program, "");
          chmodSync(program, 0o755);
          parts.push(`sentinel monitor ${master.name} 127.0.0.1 1 1\n`);
          const directives = { "notification-script": program };
          assert.deepEqual(directiveProblems("sentinel", directives), []);
          const options = {
            name: master.name,
            initialMaster: "node1",
            quorum: 1,
            downAfterMilliseconds: master.downAfter,
            parallelSyncs: master.parallelSyncs,
            failoverTimeoutMilliseconds: 180_000,
          };
          parts.push(mastersConf([options], directives));
        }
        const file = join(directory, "sentinel.conf");
        writeFileSync(file, parts.join(""));
        const reader = new Reader(here, file, "--sentinel");
        try {
          await reader.listens().catch((error: unknown) => {
            assert.fail(
              `${JSON.stringify(name)}: ${String(error)}${readFileSync(logFile, "utf8")}`,
            );
          });
          const said = await reader.ask(
            ...masters.map((each) => ["SENTINEL", "MASTER", each.name]),
          );
          const read = (said as string[][]).map((list) => {
            const value = (field: string) => list[list.indexOf(field) + 1];
            return {
              name: value("name"),
              script: value("notification-script"),
              downAfter: Number(value("down-after-milliseconds")),
              parallelSyncs: Number(value("parallel-syncs")),
            };
          });
          assert.deepEqual(
            read,
            masters.map((each) => ({ ...each, script: join(scripts, each.script) })),
          );
        } finally {
          await reader.end();
          rmSync(here, { recursive: true });
        }
      }
    });
  });
});
