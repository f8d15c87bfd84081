import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { quote } from "../../hosts/shell.ts";
import { scriptText } from "../../scripts/bundle.ts";

/** What a docker program does that is called with the words of a key: shell text. */
type Does = Record<string, string>;

const nothing = (kind: string, name: string) =>
  `echo "Error response from daemon: No such ${kind}: ${name}" >&2; exit 1`;
/** An engine on which nothing of ours is yet, but for the image. */
const fresh: Does = {
  "image inspect": "echo redis:8.0.2 sha256:0",
  "container inspect": nothing("container", "node1"),
  "volume inspect": `echo "Error response from daemon: get c-node1: no such volume" >&2; exit 1`,
  "network ls": ":",
  "container ls": ":",
  "exec -i": "exit 1",
  "run --rm": 'echo "version.node1 Redis server v=8.0.2"',
};
const runs: Does = {
  ...fresh,
  "container inspect": "echo '/c-node1 true sha256:0|d|p|s|c'",
  "volume inspect": "echo 'c-node1|d|p|s|c'",
};
const stopped: Does = { ...runs, "container inspect": "echo '/c-node1 false sha256:0|d|p|s|c'" };
const down = "echo 'Cannot connect to the Docker daemon at tcp://x.' >&2; exit 1";

const cases: [what: string, does: Does, said: string[]][] = [
  ["nothing is there", fresh, ["version.node1 Redis server v=8.0.2"]],
  ...["image inspect", "container inspect", "volume inspect", "network ls", "container ls"].map(
    (call): [string, Does, string[]] => [
      `the engine is gone at ${call}`,
      { ...runs, [call]: down },
      ["refused.engine Cannot connect to the Docker daemon at tcp://x."],
    ],
  ),
  [
    "the engine warns",
    { ...fresh, "network ls": "echo 'Whoever logs in here: this is a banner' >&2" },
    ["version.node1 Redis server v=8.0.2"],
  ],
  [
    "the engine fails and does not say why",
    { ...fresh, "container ls": "exit 3" },
    ["refused.engine no answer, exit status 3"],
  ],
  [
    "a container that has just been made",
    { ...runs, "exec -i": "echo version.node1 v; echo answered.node1 1" },
    ["version.node1 v"],
  ],
  [
    "a container that was ready once",
    {
      ...runs,
      "exec -i": "echo version.node1 v; echo populated.node1 1; echo answered.node1 1",
    },
    ["populated.node1 1", "version.node1 v"],
  ],
  ...(
    [
      ["has nothing in its volume", ":", false],
      ["was ready once", "echo 1", true],
      ["has a volume that cannot be seen", "exit 125", true],
    ] as const
  ).flatMap(([what, volume, isPopulated]): [string, Does, string[]][] => {
    const run = `case $* in *redis-ha:ro*) ${volume} ;; *) echo version.node1 v ;; esac`;
    const said = [...(isPopulated ? ["populated.node1 1"] : []), "version.node1 v"];
    const asked = { ...runs, "run --rm": run };
    return [
      [
        `one that ${what} and does not answer to the end`,
        { ...asked, "exec -i": "echo version.node1 v" },
        said,
      ],
      [
        `one that ${what} and cannot be asked`,
        { ...asked, "exec -i": "echo 'OCI runtime exec failed' >&2; exit 126" },
        said,
      ],
      [
        `one that ${what} and is of another image`,
        { ...asked, "image inspect": "echo redis:8.0.2 sha256:1" },
        said,
      ],
    ];
  }),
  [
    "a stopped one with nothing in its volume",
    { ...stopped, "run --rm": "case $* in *redis-ha:ro*) ;; *) echo version.node1 v ;; esac" },
    ["version.node1 v"],
  ],
  [
    "a stopped one that was ready once",
    {
      ...stopped,
      "run --rm": "case $* in *redis-ha:ro*) echo 1 ;; *) echo version.node1 v ;; esac",
    },
    ["populated.node1 1", "version.node1 v"],
  ],
  [
    "a stopped one whose volume cannot be seen",
    {
      ...stopped,
      "run --rm": "case $* in *redis-ha:ro*) exit 125 ;; *) echo version.node1 v ;; esac",
    },
    ["populated.node1 1", "version.node1 v"],
  ],
];

describe("what a Docker engine does not tell is not taken for something that is not there", () => {
  const scratch = mkdtempSync(join(tmpdir(), "redis-ha-look-"));
  after(() => {
    rmSync(scratch, { recursive: true });
  });
  const docker = join(scratch, "docker");
  const calls = join(scratch, "calls");

  /** @returns what a look says, in order, of `processes` that are to be in containers. */
  const look = (does: Does, ...processes: string[]): string[] => {
    const answers = Object.entries(does).map(([words, text]) => `"${words}") ${text} ;;\n`);
    writeFileSync(
      docker,
      `#!/bin/sh\n[ "$DOCKER_TLS_VERIFY" = 1 ] || exit 9\nshift 2\necho "$*" >>${quote(calls)}\ncase "$1 $2" in\n${answers.join("")}esac\n`,
    );
    chmodSync(docker, 0o755);
    const containers = processes.map(
      (name) =>
        `add_container ${name} c-${name} redis:8.0.2 /redis-ha/h/${name} /redis-ha/h/lifecycle.sh redis-server\n`,
    );
    const input = `engine=${quote(`DOCKER_TLS_VERIFY=1 ${docker} -H x`)}\ndeployment=d project=p stack=s component=c network=n\nlook=${quote(scriptText("look.sh"))}\n${scriptText("look-docker.sh")}add_image redis:8.0.2 0\n${containers.join("")}look_all\n`;
    const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}` };
    return execFileSync("sh", { input, encoding: "utf8", env })
      .replace(/\n$/, "")
      .split("\n")
      .filter((line) => !line.startsWith("members "))
      .sort();
  };

  for (const [what, does, said] of cases)
    it(what, () => {
      assert.deepEqual(look(does, "node1"), said);
    });

  it("the versions in an image are asked for once, and told of all that run it", () => {
    const both: Does = {
      ...runs,
      "container inspect": `printf '/c-node%s true sha256:0|d|p|s|c\\n' 1 2`,
      "exec -i": `name=\${3#c-}; grep -q look_version.$name - && { echo server.$name redis-server; echo version.$name of $name; }; echo answered.$name 1`,
    };
    assert.deepEqual(look(both, "node1", "node2"), [
      "server.node1 redis-server",
      "server.node2 redis-server",
      "version.node1 of node1",
      "version.node2 of node1",
    ]);
    const first: Does = { ...both, "exec -i": "exit 1" };
    first["run --rm"] = "sed -n 's/^look_version \\([^ ]*\\) .*/version.\\1 v/p'";
    first["volume inspect"] = ":";
    rmSync(calls);
    assert.deepEqual(look(first, "node1", "node2"), ["version.node1 v", "version.node2 v"]);
    assert.equal(readFileSync(calls, "utf8").match(/^run --rm /gm)?.length, 1);
  });
});
