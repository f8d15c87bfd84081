// node write.mjs CLIENT FILE: writes one key after the other; FILE gets a line for each that was
// acknowledged: the key, and when (ms).
import { appendFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const [name = "", file = ""] = process.argv.slice(2);
const { redis } = await import(`./${name}.mjs`);
for (let index = 1; ; index++) {
  const key = `${name}:${index}`;
  try {
    await redis.set(key, key);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    await sleep(50);
    continue;
  }
  appendFileSync(file, `${key} ${Date.now()}\n`);
  await sleep(20);
}
