import { join } from "node:path";
import { Engine, sandbox } from "../tests/support/engine.ts";
import { busyboxImage } from "../tests/support/images.ts";
import { Project } from "../tests/support/project.ts";
import { run } from "../tests/support/ssh/machine.ts";
import { changes, rolled } from "./changes.ts";
import { againstEmpty } from "./empty.ts";
import { report, seconds } from "./figures.ts";
import { fill, masterOf } from "./servers.ts";

const engine = new Engine("engine");
const image = "redis-ha-test:busybox";
const other = `${image}-other`;
const config = {
  hosts: Object.fromEntries(
    ["redis1", "redis2", "redis3"].map((host) => [host, { docker: { engine: engine.host } }]),
  ),
  docker: { image },
};
const nodes = ["redis1:16300", "redis2:26300", "redis3:36300"];
const project = new Project(config);
const script = (action: string, of = image) =>
  run("sh", "bench/docker-baseline.sh", action, engine.host, of, join(sandbox, "bare"));
try {
  await engine.start();
  const archive = await busyboxImage(sandbox);
  await engine.load(archive);
  await engine.load(archive, "other");
  await project.init();
  const bare = {
    up: await seconds(() => script("up")),
    roll: await seconds(() => script("roll")),
    replace: await seconds(() => script("replace", other)),
  };
  await script("down");
  const first = await seconds(() => project.up());
  const { unchanged, empty } = await againstEmpty(project);
  const sentinels = await project.output<string[]>("sentinels");
  await fill(nodes, await masterOf(sentinels[0] ?? ""), 10_000, 10);
  const deployment = { project, sentinels, nodes };
  const redis = { directives: { databases: "17" } };
  report({
    baseline: bare.up,
    "first up, verified, the image there": first,
    "times the baseline": first / bare.up,
    "up that changes nothing": unchanged,
    "the same, of an empty program": empty,
    "times the empty program": unchanged / empty,
    ...(await rolled(
      deployment,
      "a restart of all",
      { ...config, redis },
      { restarts: bare.roll, empty },
    )),
    ...(await rolled(
      deployment,
      "another image",
      { ...config, redis, docker: { image: other } },
      { restarts: bare.replace, empty },
    )),
    ...(await changes(deployment)),
  });
} finally {
  await project.remove();
  await engine.stop();
}
