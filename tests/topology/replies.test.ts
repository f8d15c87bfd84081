import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeFacts, sentinelFacts } from "../../topology/read.ts";
import { infoFields, listFields } from "../../topology/replies.ts";

test("INFO of a master, Valkey", () => {
  const info =
    "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.1\r\nloading:0\r\nrole:master\r\nslave0:ip=redis2,port=26300,state=online,offset=7,lag=1\r\n" +
    "min_slaves_good_slaves:1\r\nmaster_repl_offset:9\r\naof_last_write_status:err\r\ndb0:keys=2,expires=0\r\ndb3:keys=5,expires=0\r\n";
  const facts = nodeFacts(infoFields(info), 1, 70);
  assert.deepEqual(
    { ...facts, link: undefined },
    {
      role: "master",
      server: "Valkey 8.1.1",
      loading: false,
      offset: 9,
      priority: 70,
      keys: 7,
      link: undefined,
      replicas: [{ host: "redis2", port: 26300, lagSeconds: 1 }],
      wantedReplicas: 1,
      goodReplicas: 1,
      diskTrouble: "it could not write its append-only file",
    },
  );
});

test("a replica says itself whether it can be promoted", () => {
  assert.equal(nodeFacts(infoFields("role:slave\r\nslave_priority:0\r\n"), 0, 100).priority, 0);
  assert.equal(nodeFacts(infoFields("role:master\r\n"), 0).priority, undefined);
});

test("INFO of a replica, Redis 2.8", () => {
  const info =
    "redis_version:2.8.19\nrole:slave\nmaster_host:127.0.0.1\nmaster_port:16300\nmaster_link_status:up\nmaster_sync_in_progress:0\nslave_repl_offset:4\n";
  const facts = nodeFacts(infoFields(info), 0);
  assert.deepEqual(
    [facts.role, facts.server, facts.offset, facts.link],
    ["replica", "Redis 2.8.19", 4, { host: "127.0.0.1", port: 16300, up: true, syncing: false }],
  );
});

test("a sentinel without CKQUORUM, and one that says no", () => {
  const master = listFields(["ip", "127.0.0.1", "port", "16300", "flags", "master,s_down", "config-epoch", "2", "num-slaves", "2", "quorum", "2"]);
  const old = sentinelFacts(infoFields("redis_version:2.8.19\nsentinel_tilt:1"), master, [], [], "ERR Unknown sentinel subcommand 'CKQUORUM'");
  assert.deepEqual([old.ckquorum, old.tilt, old.flags, old.epoch, old.port], [undefined, true, ["master", "s_down"], 2, 16300]);
  assert.equal(sentinelFacts(new Map(), master, [], [], "NOQUORUM 1 usable").ckquorum, "NOQUORUM 1 usable");
});
