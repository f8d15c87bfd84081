import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { compareWithConfigObj, type Comparison } from "../../support/configobj.ts";
import {
  asBytes,
  bytes,
  gawkShells,
  identity,
  inPairs,
  newDirectory,
  run,
  shells,
} from "../../support/editShells.ts";

interface Variation {
  readonly name: string;
  /** `⟦before|after⟧` where the edit is; all else has to stay. */
  readonly text: string;
  readonly wanted?: string;
  readonly stanza?: string;
}

const bom = "\ufeff";
const crlf = (text: string): string => text.replaceAll("\n", "\r\n");

const zato3 = `[main]
gunicorn_bind=localhost:17010
gunicorn_workers=2
deployment_lock_expires=1073741824 # 2 ** 30 seconds =~ 34 years
work_dir=../../work

[hot_deploy]
pickup_dir=../../pickup/incoming/services
max_batch_size=1000 # In kilobytes, default is 1 megabyte

[crypto]
well_known_data=zato+secret://zato.server_conf.well_known_data # Pi number

[odb]
db_name=zato
engine=postgresql+pg8000
extra=
host=localhost

[ibm_mq]
ipc_tcp_start_port=34567

[kvdb]
host=⟦|redis1⟧
port=⟦|16300⟧
unix_socket_path=
password=⟦zato+secret://zato.server_conf.kvdb.password|⟧
db=0
socket_timeout=⟦|0.5⟧
charset=
errors=
use_redis_sentinels=⟦False|True⟧
redis_sentinels=⟦|redis1:16355, redis2:26355, redis3:36355⟧
redis_sentinels_master=⟦|redis-ha⟧
shadow_password_in_logs=True
log_connection_info_sleep_time=5 # In seconds

[startup_services_first_worker]
zato.helpers.input-logger=Sample payload for a startup service (first worker)
pub.zato.cleanup={"a": 1}

[url_prefix]
*=x
/zato=y
/zato/{name}/*=z
`;

const zatoWanted = `host?=redis1
port?=16300
password!=
socket_timeout?=0.5
use_redis_sentinels=True
redis_sentinels=redis1:16355, redis2:26355, redis3:36355
redis_sentinels_master=redis-ha`;

const variations: readonly Variation[] = [
  { name: "the stanza of a new 3.x server", text: zato3, wanted: zatoWanted },
  { name: "the same, CRLF", text: crlf(zato3), wanted: zatoWanted },
  { name: "the same, BOM and CRLF", text: bom + crlf(zato3), wanted: zatoWanted },
  {
    name: "a 3.1 stanza without the sentinel keys",
    text: `[kvdb]\nhost=⟦|redis1⟧\nport=⟦|16300⟧\ndb=0\nsocket_timeout=⟦|0.5\nuse_redis_sentinels=True\nredis_sentinels=redis1:16355, redis2:26355, redis3:36355\nredis_sentinels_master=redis-ha⟧\n\n# next\n[x]\n`,
    wanted: zatoWanted,
  },
  { name: "k=v", text: "[kvdb]\nhost=⟦a|redis1⟧\n" },
  { name: "k = v", text: "[kvdb]\nhost = ⟦a|redis1⟧\n" },
  { name: "aligned", text: "[kvdb]\nhost        =    ⟦a|redis1⟧   \ndb          =    0\n" },
  { name: "tabs", text: "[kvdb]\n\thost\t=\t⟦a|redis1⟧\t# c\n\tdb\t=\t0\n" },
  { name: "no-break spaces around =", text: "[kvdb]\nhost\u00a0=\u00a0⟦a|redis1⟧\u2003# c\n" },
  { name: "empty, host=", text: "[kvdb]\nhost=⟦|redis1⟧\nport=\n" },
  { name: "empty, host =", text: "[kvdb]\nhost =⟦| redis1⟧\nport =\n" },
  { name: "empty, a space after =", text: "[kvdb]\nhost = ⟦|redis1⟧\n" },
  { name: "empty with comment", text: "[kvdb]\nhost=⟦|redis1⟧ # c\n" },
  { name: "empty with comment, spaced", text: '[kvdb]\nhost =⟦| redis1⟧  # c, "d"\n' },
  { name: "empty with adjacent comment", text: "[kvdb]\nhost=⟦|redis1⟧#c\n" },
  { name: "comment after the value", text: '[kvdb]\nhost = ⟦a|redis1⟧    # = "why", [x]\n' },
  { name: "adjacent comment", text: "[kvdb]\nhost=⟦a|redis1⟧#c\n" },
  { name: "double quotes with # inside", text: '[kvdb]\nhost=⟦"a # b, c"|redis1⟧ # d "e"\n' },
  { name: "single quotes with ] and =", text: "[kvdb]\nhost=⟦'a]=#'|redis1⟧ # it's\n" },
  { name: "quotes within quotes", text: '[kvdb]\nhost=⟦"a"b"|redis1⟧ # c\n' },
  {
    name: "empty quotes count as empty",
    text: '[kvdb]\nhost=⟦""|redis1⟧\n',
    wanted: "host?=redis1",
  },
  {
    name: "what is set stays with ?",
    text: "[kvdb]\nhost=mine\nport=⟦|1⟧\n",
    wanted: "host?=redis1\nport?=1",
  },
  {
    name: "triple quotes on one line",
    text: "[kvdb]\nhost='''⟦|⟧'''\nport=⟦0|1⟧\n",
    wanted: "port=1",
  },
  {
    name: "a list becomes a list",
    text: '[kvdb]\nredis_sentinels = ⟦a:1, "b:2",|x:1, y:2⟧ # c, d\n',
    wanted: "redis_sentinels=x:1, y:2",
  },
  {
    name: "one sentinel",
    text: "[kvdb]\nredis_sentinels=⟦|redis1:16355,⟧ # c\n",
    wanted: "redis_sentinels=redis1:16355,",
  },
  {
    name: "value with # in quotes",
    text: '[kvdb]\npassword=⟦x|"a#b, c"⟧ # c\n',
    wanted: 'password="a#b, c"',
  },
  {
    name: "value of shell characters",
    text: "[kvdb]\npassword=⟦x|$(id)`id`\\n\\\\&%s$HOME'⟧\n",
    wanted: "password=$(id)`id`\\n\\\\&%s$HOME'",
  },
  { name: "back to empty", text: "[kvdb]\nsocket_timeout = ⟦5|⟧ # c\n", wanted: "socket_timeout=" },
  {
    name: "non-ASCII",
    text: "# Größe 🚀 \u0085\n[kvdb]\nname=ⅷé\u2028x\nhost=⟦Zürich|Łódź⟧ # ü\n[é]\nñ=日本\n",
    wanted: "host=Łódź",
  },
  { name: "[ kvdb ]  # x", text: "[a]\nhost=1\n[ kvdb ]  # x]\nhost=⟦a|redis1⟧\n" },
  { name: '["kvdb"]', text: '["kvdb"]\nhost=⟦a|redis1⟧\n' },
  { name: "[ 'kvdb' ]# x", text: "[ 'kvdb' ]# x\nhost=⟦a|redis1⟧\n" },
  { name: "indented header and keys", text: "  [kvdb]\n    db = 0⟦|\n    host = redis1⟧\n  [x]\n" },
  { name: "quoted key", text: "[kvdb]\n\"host\"=⟦a|redis1⟧\n'db' = 0\n" },
  {
    name: "quoted keys with = in them",
    text: "[kvdb]\n\"host=x\" = 1\n'host = y'=2\nhost=⟦a|redis1⟧\n",
  },
  { name: "only section", text: "[kvdb]\nhost=⟦a|redis1⟧\n" },
  { name: "first section", text: "[kvdb]\nhost=⟦a|redis1⟧\n[b]\nhost=b\n" },
  { name: "last section", text: "host=0\n[b]\nhost=b\n[kvdb]\nhost=⟦a|redis1⟧\n" },
  { name: "empty stanza", text: "[kvdb]⟦|\nhost=redis1⟧\n\n# of b\n[b]\nx=1\n" },
  {
    name: "empty stanza, the rest of the file spaced",
    text: "[b]\nx = 1\n[kvdb]⟦|\nhost = redis1⟧\n",
  },
  { name: "empty stanza, only a comment in it", text: "[kvdb]⟦|\nhost=redis1⟧\n# host=x\n[b]\n" },
  { name: "empty stanza at the end, no newline", text: "[b]\n[kvdb]⟦|\nhost=redis1⟧" },
  { name: "no final newline", text: "[kvdb]\nhost=⟦a|redis1⟧" },
  { name: "no final newline, value empty", text: "[kvdb]\nerrors=1\nhost=⟦|redis1⟧" },
  { name: "no final newline, key missing", text: "[kvdb]\nerrors = 1⟦|\nhost = redis1⟧" },
  { name: "no final newline, key missing, CRLF", text: "[kvdb]\r\nerrors = 1⟦|\r\nhost = redis1⟧" },
  { name: "no final newline, comment last", text: "[kvdb]\nerrors=1⟦|\nhost=redis1⟧\n# end" },
  {
    name: "CRLF",
    text: "[kvdb]\r\nhost=⟦a|redis1⟧ # c\r\nerrors=1⟦|\r\nport=2⟧\r\n\r\n[b]\r\n",
    wanted: "host=redis1\nport=2",
  },
  {
    name: "mixed line ends",
    text: "[a]\nx=1\r\n[kvdb]\nhost=⟦a|redis1⟧\r\nerrors=1⟦|\nport=2⟧\n\r\n",
    wanted: "host=redis1\nport=2",
  },
  { name: "BOM before the stanza itself", text: bom + "[kvdb]\nhost=⟦a|redis1⟧\n" },
  { name: "BOM before a key", text: bom + "host=1\n[kvdb]\nhost=⟦a|redis1⟧\n" },
  {
    name: "nested sections",
    text: "[a]\n[[kvdb]]\nhost=1\n[[[kvdb]]]\nhost=2\n[kvdb]\nhost=⟦a|redis1⟧\nerrors=1⟦|\nport=2⟧\n\n[[sub]]\nhost=3\nport=3\n[[[subsub]]]\nport=4\n[b]\nhost=4\n",
    wanted: "host=redis1\nport=2",
  },
  {
    name: "a sub-section right at the start",
    text: "[kvdb]⟦|\nhost = redis1⟧\n  [[sub]]\n  host = 3\n",
  },
  {
    name: "look-alikes",
    text: "#[kvdb]\n#host=x\n[kvdb2]\nhost=1\n[KVDB]\nhost=2\n[ kv db ]\nhost=3\n[kvdb]\n# host=4\nHost=5\nhosts=6\nxhost=7\nhost.=8\nhost=⟦a|redis1⟧\n#host=9\n[x]\nredis_sentinels=10\nhost=11\n",
  },
  {
    name: "triple quotes with look-alikes",
    text: "[a]\nx = \"\"\"\n[kvdb]\nhost=1\n'''\n\"\"\" # c\ny = '''one line'''\nz='''\n# \"\"\"\n[kvdb]\nhost=2'''\n[kvdb]\nmulti=\"\"\"a\nhost=3\nport=4\n\"\"\"\nhost=⟦a|redis1⟧⟦|\nport=2⟧\n",
    wanted: "host=redis1\nport=2",
  },
  {
    name: "multi-line value is the last key",
    text: '[kvdb]\nerrors=1\nmulti="""a\n[x]\n"""⟦|\nhost=redis1⟧\n[x]\n',
  },
  {
    name: "keys and sections of all kinds",
    text: "[url]\n*=1\n/path/{x}?y=2\n{a} b = 3\n%(x)s=4\n[zato.x-y/z]\nk=[1, 2]\nj=a]\n[a=b]\n[kvdb]\nhost=⟦a|redis1⟧\n/host=1\n* = 2\n",
  },
  {
    name: "a section name with = and quotes",
    text: '["a]b"] # = c\nhost=1\n[it\'s]\nhost=2\n[kvdb]\nhost=⟦a|redis1⟧\n',
  },
  {
    name: "blank lines with blanks",
    text: "  \n\t\n[kvdb]\n  \n  host=⟦a|redis1⟧\n \t \n   # c\n",
  },
  {
    name: "dollars, backslashes and ampersands elsewhere",
    text: "[a]\nx=$HOME `id` \\1 & \\\\ \\n %s %%\n[kvdb]\nhost=⟦\\&$x|redis1⟧\n",
  },
  {
    name: "a line of 40000 bytes",
    text: `[a]\nx=${"y".repeat(40_000)}\n[kvdb]\nhost=⟦a|redis1⟧\n`,
  },
  { name: "another stanza", text: "[kvdb]\nhost=1\n[broker]\nhost=⟦a|redis1⟧\n", stanza: "broker" },
  { name: "nothing to do", text: "[kvdb]\nhost=redis1\n" },
];

function side(text: string, which: 1 | 2): string {
  return asBytes(text.replaceAll(/⟦([^|]*)\|([^⟧]*)⟧/g, which === 1 ? "$1" : "$2"));
}

for (const shell of [...shells, ...gawkShells]) {
  // What a third awk could do differently is the edit itself.
  const thorough = shells.includes(shell);
  test(`variations of server.conf, ${shell.name}`, async (t) => {
    const comparisons: Comparison[] = [];
    await inPairs(variations, async (variation) => {
      const { name, text, wanted = "host=redis1", stanza = "kvdb" } = variation;
      const directory = newDirectory();
      const file = join(directory, "server.conf");
      const before = side(text, 1);
      const after = side(text, 2);
      writeFileSync(file, before, "latin1");
      const untouched = identity(file);
      const parameters = {
        FILE: file,
        STANZA: stanza,
        STORE: join(directory, "store"),
        WANTED: wanted,
      };

      await t.test(name, async () => {
        if (thorough && variations.indexOf(variation) % 4 === 0) {
          const check = await run(shell, "kvdb.sh", "check", parameters);
          assert.deepEqual([check.status, check.err], [3, ""]);
          assert.equal(identity(file), untouched);
          assert.deepEqual(readdirSync(directory), ["server.conf"]);
        }

        const apply = await run(shell, "kvdb.sh", "apply", parameters);
        assert.deepEqual([apply.status, apply.err], [0, ""]);
        assert.equal(bytes(file), after);
        const copy = join(directory, "edited");
        const original = join(directory, "original");
        writeFileSync(copy, after, "latin1");
        writeFileSync(original, before, "latin1");
        comparisons.push({
          name,
          before: original,
          after: copy,
          stanza,
          wanted: expected(wanted, before),
        });

        if (!thorough) return;

        const applied = identity(file);
        const check = await run(shell, "kvdb.sh", "check", parameters);
        assert.deepEqual([check.status, check.err], [0, ""]);
        const again = await run(shell, "kvdb.sh", "apply", parameters);
        assert.deepEqual([again.status, again.out, again.err], [0, `${file}: unchanged\n`, ""]);
        assert.equal(identity(file), applied);

        const remove = await run(shell, "kvdb.sh", "remove", parameters);
        assert.deepEqual([remove.status, remove.err], [0, ""]);
        assert.equal(bytes(file), before);
        assert.deepEqual(readdirSync(directory).sort(), ["edited", "original", "server.conf"]);
      });
    });
    assert.deepEqual(compareWithConfigObj(comparisons), []);
  });
}

/** Only the soft keys that are not set already are expected to change. */
function expected(wanted: string, before: string): Record<string, string> {
  const pairs = wanted.split("\n").map((line) => /^([^=?!]+)([?!]?)=(.*)$/.exec(line) ?? []);
  return Object.fromEntries(
    pairs.flatMap(([, key = "", soft, raw = ""]) =>
      (soft === "?" && before.includes(`${key}=mine`)) ||
      (soft === "!" && !before.includes(`${key}=`))
        ? []
        : [[key, raw]],
    ),
  );
}
