import { members, Project } from "../tests/support/project.ts";
import { onThisMachine } from "./baseline.ts";
import { rolled } from "./changes.ts";
import { againstEmpty } from "./empty.ts";
import { type Figures, report } from "./figures.ts";

/** More nodes than three, with three sentinels. */
async function rollOut(count: number): Promise<Figures> {
  const bare = await onThisMachine(22_100, count);
  const topology = members("bench", 22_300, count);
  const project = new Project(topology);
  try {
    await project.init();
    await project.up();
    return await rolled(
      {
        project,
        sentinels: Object.values(topology.sentinels),
        nodes: Object.values(topology.nodes),
      },
      `a restart of ${count} nodes`,
      { ...topology, redis: { directives: { databases: "17" } } },
      { restarts: bare.roll, empty: (await againstEmpty(project)).empty },
    );
  } finally {
    await project.remove();
  }
}

report({ ...(await rollOut(5)), ...(await rollOut(9)) });
