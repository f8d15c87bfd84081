import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { checkout } from "../tests/support/project.ts";
import { type Figures, medianOf } from "./figures.ts";

/** What a change may cost whoever writes meanwhile. */
const changed = (what: string, gap = 0.1): Figures => ({
  [`${what}: longest gap between writes`]: gap,
  [`${what}: acknowledged writes lost (count)`]: 0,
});

/** … and where nodes restart, how long it may take. */
const rolled = (what: string): Figures => ({
  ...changed(what),
  [`${what}: over an empty program's up and twice the plain restarts`]: 0,
});

const handedOver = (what: string): Figures => ({
  ...changed(what),
  [`${what}: full synchronisations (count)`]: 0,
});

/** On every kind of host. */
const changes: Figures = {
  ...rolled("a restart of all"),
  ...handedOver("a switchover"),
  ...changed("a killed master", 1),
  "a killed master: until a server takes a write": 0.5,
  ...handedOver("a switchover at 1 GB"),
  ...changed("a killed master at 1 GB", 2),
};

/** Each stack's benchmark: how one run of it is started, and what its figures are to be at most. */
const benchmarks: Record<string, { title: string; command: string[]; goals: Figures }> = {
  local: {
    title: "six processes on this machine",
    command: ["sh", "tests/sandbox.sh", "node", "bench/local.ts"],
    goals: {
      "over the baseline": 2,
      "up that changes nothing": 3,
      "times the empty program": 1.25,
      ...changes,
    },
  },
  rollouts: {
    title: "five nodes, then nine, on this machine",
    command: ["sh", "tests/sandbox.sh", "node", "bench/rollouts.ts"],
    goals: { ...rolled("a restart of 5 nodes"), ...rolled("a restart of 9 nodes") },
  },
  docker: {
    title: "six containers on one engine",
    command: ["sh", "tests/sandbox.sh", "node", "bench/docker.ts"],
    goals: {
      "times the baseline": 2,
      "times the empty program": 1.5,
      ...changes,
      ...rolled("another image"),
    },
  },
  ssh: {
    title: "three machines with systemd, over SSH",
    command: [
      "sh",
      "-c",
      "node tests/support/ssh/image.ts >&2 && exec sh tests/sandbox.sh node bench/ssh.ts",
    ],
    goals: {
      "over the baseline": 3,
      "up that changes nothing": 4,
      "times the empty program": 1.5,
      ...changes,
    },
  },
};

interface Row {
  what: string;
  min: number;
  median: number;
  max: number;
  goal: number | undefined;
}

const { values, positionals } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    // Twenty switchovers, and again with a gigabyte.
    long: { type: "boolean", default: false },
    // Each line of a roll-out with its time.
    trace: { type: "boolean", default: false },
    // What else hands over, to be measured beside ours: shell text, which finds the sentinels in
    // SENT, the nodes in NODES (HOST:PORT,… each) and the master's name in NAME.
    demonstration: { type: "string" },
  },
  allowPositionals: true,
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1)
  throw new Error(`--runs: "${values.runs}" is not allowed: a number from 1 on`);
const unknown = positionals.filter((name) => !(name in benchmarks));
if (unknown.length > 0)
  throw new Error(
    `no such benchmark: ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}`,
  );

const results: Record<string, Row[]> = {};
for (const [name, { title, command, goals }] of Object.entries(benchmarks)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run++) {
    process.stderr.write(`${name}: run ${run} of ${runs}\n`);
    const [program = "", ...args] = command;
    const output = execFileSync(program, args, {
      cwd: checkout,
      env: {
        ...process.env,
        ...(values.long ? { BENCH_LONG: "1" } : {}),
        ...(values.trace ? { BENCH_TRACE: "1" } : {}),
        ...(values.demonstration ? { BENCH_DEMONSTRATION: values.demonstration } : {}),
      },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    measured.push(JSON.parse(output.trim().split("\n").at(-1) ?? "") as Figures);
  }
  const rows = Object.keys(measured[0] ?? {}).map((what) => {
    const sorted = measured.map((figures) => figures[what] ?? NaN).toSorted((a, b) => a - b);
    return {
      what,
      min: sorted[0] ?? NaN,
      median: medianOf(sorted),
      max: sorted.at(-1) ?? NaN,
      goal: goals[what],
    };
  });
  results[name] = rows;
  if (values.json) continue;
  console.log(`${name}: ${title}\n${"seconds".padEnd(80)}    min  median     max`);
  for (const { what, min, median, max, goal } of rows) {
    const numbers = [min, median, max].map((each) => each.toFixed(2).padStart(7)).join(" ");
    console.log(
      `${what.padEnd(80)}${numbers}${goal === undefined ? "" : `   goal: at most ${goal}`}`,
    );
  }
}
if (values.json) console.log(JSON.stringify(results, null, 2));
// Times are figures. What was lost, or had to be sent whole again, is a fault.
const faults = Object.entries(results).flatMap(([name, rows]) =>
  rows
    .filter(({ what, max, goal }) => what.endsWith(" (count)") && goal !== undefined && max > goal)
    .map(({ what, max }) => `${name}: ${what}: ${max}`),
);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exitCode = 1;
}
