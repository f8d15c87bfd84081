import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { checkout, members, Project } from "../tests/support/project.ts";
import { onThisMachine } from "./baseline.ts";
import { changes, rolled } from "./changes.ts";
import { againstEmpty } from "./empty.ts";
import { report, seconds } from "./figures.ts";
import { fill, masterOf } from "./servers.ts";

/** What toolchain/run.mjs adds to a command where everything is in place: the best of five. */
async function launch(): Promise<number> {
  const least = async (...args: string[]): Promise<number> => {
    let best = Infinity;
    for (let round = 0; round < 5; round++)
      best = Math.min(
        best,
        await seconds(() =>
          Promise.resolve(execFileSync(process.execPath, args, { stdio: "ignore" })),
        ),
      );
    return best;
  };
  return (
    (await least(join(checkout, "toolchain", "run.mjs"), "--", "true")) - (await least("-e", "0"))
  );
}

const bare = await onThisMachine(22_100, 3);
const topology = members("bench", 22_300);
const nodes = Object.values(topology.nodes);
const sentinels = Object.values(topology.sentinels);
const project = new Project(topology);
const deployment = { project, sentinels, nodes };
try {
  await project.init();
  const first = await seconds(() => project.up());
  const { unchanged, empty } = await againstEmpty(project);
  await fill(nodes, await masterOf(sentinels[0] ?? ""), 10_000, 10);
  report({
    baseline: bare.up,
    "first up, verified": first,
    "over the baseline": first - bare.up,
    "up that changes nothing": unchanged,
    "the same, of an empty program": empty,
    "times the empty program": unchanged / empty,
    ...(await rolled(
      deployment,
      "a restart of all",
      { ...topology, redis: { directives: { databases: "17" } } },
      { restarts: bare.roll, empty },
    )),
    ...(await changes(deployment)),
    "before a command of npm start": await launch(),
  });
} finally {
  await project.remove();
}
