import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inShell, shells } from "../../support/shell.ts";

const directory = mkdtempSync(join(tmpdir(), "redis-ha-client-"));
after(() => rmSync(directory, { recursive: true }));

// A client that says what it was given.
const cli = join(directory, "cli");
writeFileSync(cli, '#!/bin/sh\necho "${REDISCLI_AUTH-no password}|$*"\n');
chmodSync(cli, 0o755);
const credentials = join(directory, "credentials");
writeFileSync(
  credentials,
  "node_user=node-admin\nnode_password='of nodes'\nsentinel_user=sentinel-admin\nsentinel_password='of sentinels'\n",
);

/** Who asks, where, and what is used there. */
const cases: readonly [kind: string, at: string, user: "node" | "sentinel"][] = [
  ["node", "10.0.0.1 7000", "node"],
  ["node", "10.0.0.2 7000", "node"],
  ["node", "10.0.0.1 9000", "sentinel"],
  // The last of a list, and one of another host with the port of a node.
  ["node", "10.0.0.3 7000", "sentinel"],
  ["node", "0.0.0.3 7000", "node"],
  ["node", "10.0.0.3 70", "node"],
  ["sentinel", "10.0.0.9 9000", "sentinel"],
  ["sentinel", "10.0.0.2 7000", "node"],
];

for (const shell of shells) {
  const run = (file: string, lines: string, environment = "") =>
    inShell(
      shell,
      ["lib/client.sh"],
      `${environment}
newline='
'
cli=${cli} kind=node address=10.0.0.9 port=9000
sentinels='sentinel1 redis1 10.0.0.1 9000
sentinel2 redis3 10.0.0.3 7000'
read_credentials ${file}
${lines}`,
      "",
    );
  const name = shell.join(" ");

  test(`each is asked as its own user, whose password is no argument, in ${name}`, () => {
    for (const [kind, at, user] of cases)
      assert.deepEqual(
        run(credentials, `kind=${kind}; client 5 ${at} --csv PING`),
        [`of ${user}s|-h ${at.replace(" ", " -p ")} --user ${user}-admin --csv PING`],
        `${kind} ${at}`,
      );
  });

  test(`without credentials nobody logs in, in ${name}`, () => {
    for (const [kind, at] of cases)
      assert.deepEqual(run(join(directory, "none"), `kind=${kind}; client 5 ${at} PING`), [
        `no password|-h ${at.replace(" ", " -p ")} PING`,
      ]);
  });

  test(`nothing else that is started has a password in its environment, in ${name}`, () => {
    const outside = "export node_password=theirs login_password=theirs REDISCLI_AUTH=theirs";
    assert.deepEqual(
      run(
        credentials,
        "client 5 10.0.0.1 7000 PING >/dev/null; client 5 10.0.0.1 9000 PING >/dev/null; env | grep -e password -e 'of nodes' -e 'of sentinels' -e REDISCLI; echo end",
        outside,
      ),
      ["end"],
    );
  });
}
