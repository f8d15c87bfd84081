import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  refusalOf,
  supportedVersions,
  versionsNamed,
  versionsOf,
} from "../../components/zato/versions.ts";
import { environmentOf, versionLines } from "../../components/zato/wishes.ts";

const deployed = {
  sentinels: ["redis1:16355"],
  masterName: "redis-ha",
  node: "redis1:16300",
  socketTimeoutSeconds: 2,
};

describe("the versions of Zato", () => {
  it("are those from 2.0 to 3.3, each with what its row has", () => {
    assert.deepEqual(supportedVersions, ["2.0", "3.0", "3.1", "3.2", "3.3"]);
    assert.deepEqual(
      supportedVersions.map((version) => {
        const { timeout, host, scheduler, environment } = versionsNamed(version);
        return [version, timeout, host, scheduler, environment];
      }),
      [
        ["2.0", false, false, false, false],
        ["3.0", false, false, true, false],
        ["3.1", true, false, true, false],
        ["3.2", true, true, false, true],
        ["3.3", true, true, false, true],
      ],
    );
    for (const version of ["1.1", "4.1", "", "3.4", "__proto__", "constructor"])
      assert.match(refusalOf(version) ?? "", /^one of 2\.0, 3\.0, 3\.1, 3\.2, 3\.3/);
  });

  it("that no file tells apart are written in the same way", () => {
    assert.deepEqual(
      versionsOf("server").map(({ name }) => name),
      ["4.1", "1.1", "2.0", "3.0", "3.1", "after 3.3 and before 4.1", "3.2 or 3.3"],
    );
    const [either, ...more] = versionsOf("scheduler");
    assert.deepEqual(more, []);
    assert.deepEqual([either?.name, either?.timeout], ["3.0 or 3.1", false]);
    assert.deepEqual(
      versionsOf("scheduler", "3.1").map(({ name, timeout }) => [name, timeout]),
      [["3.1", true]],
    );
    assert.deepEqual(versionsOf("scheduler", "3.3"), []);
  });

  it("are sent as rows in which nothing can be another line", () => {
    for (const told of [undefined, ...supportedVersions])
      for (const file of ["server", "scheduler"] as const) {
        const lines = versionLines(file, deployed, told, false);
        for (const line of lines)
          assert.match(
            line,
            /^(version|mark|refuse|want|warn|remind) [ -~]+$|^(told|unmarked|environment)$/,
          );
        assert.equal(
          lines.filter((line) => line === "told").length,
          told === undefined || versionsOf(file, told).length === 0 ? 0 : 1,
        );
      }
  });

  it("that read the environment have the stanza in it, and the others nothing", () => {
    const prefix = "Zato_Config_Server_server__conf_kvdb_";
    assert.deepEqual(environmentOf(deployed, versionsNamed()), {
      [`${prefix}host`]: "redis1",
      [`${prefix}port`]: "16300",
      [`${prefix}socket_timeout`]: "2",
      [`${prefix}use_redis_sentinels`]: "True",
      [`${prefix}redis_sentinels`]: "redis1:16355,",
      [`${prefix}redis_sentinels_master`]: "redis-ha",
      [`${prefix}password`]: "",
    });
    assert.deepEqual(environmentOf(deployed, versionsNamed("3.1")), {});
  });
});
