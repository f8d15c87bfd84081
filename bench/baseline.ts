import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../tests/support/ssh/machine.ts";
import { seconds } from "./figures.ts";

/** Seconds of the same by a plain script: the first start, and a restart of all nodes. */
export interface Bare {
  up: number;
  roll: number;
}

/** @param script is told what to do: `up`, `roll` or `down`. */
export async function measured(script: (action: string) => Promise<unknown>): Promise<Bare> {
  try {
    return { up: await seconds(() => script("up")), roll: await seconds(() => script("roll")) };
  } finally {
    await script("down");
  }
}

/** @param port of the first node; the sentinels are fifty above. */
export async function onThisMachine(port: number, nodes: number): Promise<Bare> {
  const directory = mkdtempSync(join(tmpdir(), "redis-ha-baseline-"));
  const words = [join(directory, "run"), String(port), String(nodes)];
  try {
    return await measured((action) => run("sh", "bench/baseline.sh", action, ...words));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
