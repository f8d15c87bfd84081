import { after, before, describe } from "node:test";
import { Engine, sandbox } from "../../support/engine.ts";
import { busyboxImage } from "../../support/images.ts";
import { Project } from "../../support/project.ts";
import { tryUsers, withUsers } from "../../support/users.ts";
import { Writers } from "../../support/writers.ts";

describe("users with passwords, in containers", { timeout: 1_200_000 }, () => {
  const engine = new Engine("engine");
  const hosts = ["redis1", "redis2", "redis3"];
  const project = new Project({
    hosts: Object.fromEntries(hosts.map((host) => [host, { docker: { engine: engine.host } }])),
    docker: { image: "redis-ha-test:busybox" },
    sentinel: { downAfterMilliseconds: 3000, failoverTimeoutMilliseconds: 20_000 },
    ...withUsers,
  });
  const containers = async () =>
    (await engine.docker("ps", "-a", "-q", "--no-trunc")).split("\n").filter(Boolean);

  before(async () => {
    await engine.start();
    await engine.load(await busyboxImage(sandbox));
    await project.init();
  });
  after(async () => {
    Writers.endAll();
    await project.remove();
    await engine.stop();
  });

  tryUsers(project, {
    sentinels: ["redis1:16355", "redis2:26355", "redis3:36355"],
    addressOf: () => "127.0.0.1",
    shown: async () => {
      const all = await containers();
      const logs = await Promise.all(all.map((each) => engine.docker("logs", each)));
      return (await engine.docker("inspect", ...all)) + logs.join("");
    },
    holding: async (texts) => {
      const words = texts.flatMap((text) => ["-e", text]).join(" ");
      const find = `find /redis-ha -type f -exec grep -l -F ${words} {} + | while read -r each; do stat -c '%a %n' "$each"; done`;
      const found = await Promise.all(
        (await containers()).map((each) => engine.docker("exec", each, "sh", "-c", find)),
      );
      return found.join("\n").split("\n").filter(Boolean);
    },
  });
});
