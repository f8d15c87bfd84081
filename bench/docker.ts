import { Engine, sandbox } from "../tests/support/engine.ts";
import { busyboxImage } from "../tests/support/images.ts";
import { Project } from "../tests/support/project.ts";
import { emptyProgram } from "./empty.ts";
import { report, seconds } from "./figures.ts";
import { whileWriting } from "./writing.ts";

const engine = new Engine("engine");
const config = {
  hosts: Object.fromEntries(
    ["redis1", "redis2", "redis3"].map((host) => [host, { docker: { engine: engine.host } }]),
  ),
  docker: { image: "redis-ha-test:busybox" },
};
const project = new Project(config);
try {
  await engine.start();
  const image = await busyboxImage(sandbox);
  await engine.load(image);
  await engine.load(image, "other");
  await project.init();
  const first = await seconds(() => project.up());
  const unchanged = await seconds(() => project.upChangesNothing());
  const empty = await emptyProgram(project);
  const sentinels = await project.output<string[]>("sentinels");
  project.configure({ ...config, docker: { image: "redis-ha-test:busybox-other" } });
  const rolling = await whileWriting(sentinels, "another image", () => project.up());
  report({
    "first up, verified, the image there": first,
    "up that changes nothing": unchanged,
    "the same, of an empty program": empty,
    "times the empty program": unchanged / empty,
    ...rolling,
  });
} finally {
  await project.remove();
  await engine.stop();
}
