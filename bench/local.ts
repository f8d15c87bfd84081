import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ask,
  checkout,
  eventually,
  isRunning,
  members,
  namedMaster,
  Project,
} from "../tests/support/project.ts";
import { emptyProgram } from "./empty.ts";
import { report, seconds } from "./figures.ts";
import { whileWriting } from "./writing.ts";

/** Six processes by a plain script, polled until the sentinels agree, and ended again. */
async function baseline(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "redis-ha-baseline-"));
  try {
    return await seconds(() =>
      Promise.resolve(
        execFileSync(
          "sh",
          [join(checkout, "bench", "baseline.sh"), join(directory, "run"), "22100"],
          { stdio: "inherit" },
        ),
      ),
    );
  } finally {
    const run = join(directory, "run");
    const pids = readdirSync(run)
      .filter((file) => file.endsWith(".pid"))
      .map((file) => Number(readFileSync(join(run, file), "utf8")));
    for (const pid of pids.filter(isRunning)) process.kill(pid, "SIGKILL");
    await eventually("the baseline's processes have ended", () => !pids.some(isRunning));
    rmSync(directory, { recursive: true });
  }
}

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

const bare = await baseline();
const topology = members("bench", 22_300);
const sentinels = Object.values(topology.sentinels);
const project = new Project(topology);
const master = async () => {
  const place = await namedMaster(sentinels[0] ?? "");
  return Object.entries(topology.nodes).find(([, each]) => each === place)?.[0] ?? "";
};
try {
  await project.init();
  const first = await seconds(() => project.up());
  const unchanged = await seconds(() => project.upChangesNothing());
  const empty = await emptyProgram(project);
  const keys = Array.from({ length: 10_000 }, (_, index) => [`key:${index}`, "value"]).flat();
  await ask(topology.nodes[await master()] ?? "", "MSET", ...keys);
  project.configure({ ...topology, redis: { directives: { databases: "17" } } });
  const rolled = await whileWriting(sentinels, "a restart of all", () => project.up());
  const handedOver = await whileWriting(sentinels, "a switchover", () =>
    project.succeed("node", join(checkout, "cli", "switchover.ts")),
  );
  // Until all of them write again, at 10,000 keys.
  const crashed = await whileWriting(sentinels, "a killed master", async () =>
    project.crash(await master()),
  );
  report({
    baseline: bare,
    "first up, verified": first,
    "over the baseline": first - bare,
    "up that changes nothing": unchanged,
    "the same, of an empty program": empty,
    "times the empty program": unchanged / empty,
    ...rolled,
    ...handedOver,
    ...crashed,
    "before a command of npm start": await launch(),
  });
} finally {
  await project.remove();
}
