import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkout, eventually, isRunning, members, Project } from "../tests/e2e/project.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "5" }, json: { type: "boolean", default: false } } });
const runs = Number(values.runs);

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};

/** Six processes by a plain script, polled until the sentinels agree, and ended again. */
async function baseline(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "redis-ha-baseline-"));
  try {
    return await seconds(() =>
      Promise.resolve(execFileSync("sh", [join(checkout, "bench", "baseline.sh"), join(directory, "run"), "22100"], { stdio: "inherit" })),
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

/** From an empty directory to a verified topology, and then an `up` that changes nothing. */
async function stack(): Promise<{ first: number; unchanged: number }> {
  const project = new Project(members("bench", 22_300));
  try {
    await project.init();
    const first = await seconds(() => project.up());
    const unchanged = await seconds(() => project.upChangesNothing());
    return { first, unchanged };
  } finally {
    await project.remove();
  }
}

const figures: Record<string, number[]> = { baseline: [], "first up, verified": [], "over the baseline": [], "up that changes nothing": [] };
for (let run = 1; run <= runs; run++) {
  process.stderr.write(`run ${run} of ${runs}\n`);
  const bare = await baseline();
  const { first, unchanged } = await stack();
  figures.baseline?.push(bare);
  figures["first up, verified"]?.push(first);
  figures["over the baseline"]?.push(first - bare);
  figures["up that changes nothing"]?.push(unchanged);
}

const goals: Record<string, number> = { "over the baseline": 6, "up that changes nothing": 3 };
const rows = Object.entries(figures).map(([what, list]) => {
  const sorted = list.toSorted((a, b) => a - b);
  return { what, min: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0, goal: goals[what] };
});
if (values.json) {
  console.log(JSON.stringify(rows, null, 2));
} else {
  console.log(`${"seconds".padEnd(26)}    min  median     max`);
  for (const { what, min, median, max, goal } of rows) {
    const numbers = [min, median, max].map((each) => each.toFixed(2).padStart(7)).join(" ");
    console.log(`${what.padEnd(26)}${numbers}${goal === undefined ? "" : `   goal: at most ${goal}`}`);
  }
}
