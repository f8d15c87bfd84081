import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { assignments, quote } from "../../../hosts/shell.ts";
import { scriptText } from "../../../scripts/bundle.ts";
import { Engine } from "../../support/engine.ts";

describe("names on a Docker engine", { timeout: 2_400_000 }, () => {
  const engine = new Engine("owners");
  const labels = (id: string, stack = "test") =>
    Object.entries({ deployment: id, project: "shop", stack, name: "cache" }).flatMap(
      ([key, value]) => ["--label", `pulumi-redis-ha.${key}=${value}`],
    );
  before(async () => {
    await engine.start();
    execFileSync("sh", [
      "-c",
      `tar -C / -c etc/hostname | docker -H ${engine.host} import - nothing`,
    ]);
  });
  after(() => engine.stop());

  const look = (adopted: string[] = []) =>
    spawnSync("sh", {
      input:
        assignments({
          engine: `docker -H ${engine.host}`,
          look: scriptText("look.sh"),
          deployment: "one",
          project: "shop",
          stack: "test",
        }) +
        assignments({ component: "cache", network: "cache-net", adopted }) +
        `${scriptText("look-docker.sh")}add_container node1 ${quote("cache-node1")} no/such:image /redis-ha/h/node1 /redis-ha/h/lifecycle.sh redis-server\nlook_all\n`,
      encoding: "utf8",
    }).stdout.replaceAll(/^refused\.image.*\n/gm, "");

  for (const [what, kind, make, adopted, said] of [
    ["nothing", "volume", [], [], /^$/],
    ["our volume", "volume", [...labels("one"), "cache-node1"], [], /^$/],
    [
      "a volume that keepVolumes left",
      "volume",
      [...labels("two"), "cache-node1"],
      [],
      /^kept cache-node1\n$/,
    ],
    [
      "another stack's volume",
      "volume",
      [...labels("two", "other"), "cache-node1"],
      [],
      /^refused\.place volume cache-node1 belongs to another deployment \(cache in the stack other of shop\)/,
    ],
    [
      "another stack's volume, to be adopted",
      "volume",
      [...labels("two", "other"), "cache-node1"],
      ["cache-node1"],
      /^$/,
    ],
    [
      "somebody's volume",
      "volume",
      ["cache-node1"],
      [],
      /^refused\.place volume cache-node1 belongs to nobody that is known here/,
    ],
    ["our network", "network", [...labels("one"), "cache-net"], [], /^$/],
    [
      "another's network",
      "network",
      [...labels("two"), "cache-net"],
      [],
      /^refused\.place network cache-net belongs to another deployment/,
    ],
    [
      "somebody's network",
      "network",
      ["cache-net"],
      [],
      /^refused\.place network cache-net belongs to nobody/,
    ],
    [
      "our container",
      "container",
      [...labels("one"), "--name", "cache-node1", "nothing", "true"],
      [],
      /^$/,
    ],
    [
      "another's container",
      "container",
      [...labels("two"), "--name", "cache-node1", "nothing", "true"],
      [],
      /^refused\.place container cache-node1 belongs to another deployment/,
    ],
    [
      "somebody's container",
      "container",
      ["--name", "cache-node1", "nothing", "true"],
      [],
      /^refused\.place container cache-node1 belongs to nobody/,
    ],
  ] as const) {
    it(`are looked at: ${what}`, async () => {
      if (make.length > 0) await engine.docker(kind, "create", ...make);
      try {
        // Who is there, and not only what stands against it, is told as well.
        assert.match(look([...adopted]).replaceAll(/^members .*\n/gm, ""), said);
      } finally {
        if (make.length > 0)
          await engine.docker(kind, "rm", kind === "network" ? "cache-net" : "cache-node1");
      }
    });
  }
});
