import { Writers } from "../tests/support/writers.ts";
import { type Figures, medianOf, seconds } from "./figures.ts";

const lost = (what: string) => `${what}: acknowledged writes lost (count)`;

/**
 * @param sentinels each HOST:PORT.
 * @returns s that `work` takes while four writers go on, as `what`; the longest time that one of
 * them waited for an acknowledgement meanwhile, and what was acknowledged and lost.
 */
export async function whileWriting(
  sentinels: readonly string[],
  what: string,
  work: () => Promise<unknown>,
): Promise<Figures> {
  const writers = new Writers(sentinels);
  await writers.more();
  writers.restartClock();
  const took = await seconds(work);
  await writers.more();
  const written = await writers.stop();
  return {
    [what]: took,
    [`${what}: longest gap between writes`]: written.longestGap / 1000,
    [lost(what)]: written.lost.length,
  };
}

/**
 * Has the same four writers go on while the same is done again and again.
 *
 * @param work is told which time it is, and gives what is to be said of that besides the gap.
 * @returns of the longest gaps of each time the median and the longest, and how many of them were
 * longer than `limit` s; what was acknowledged and lost in all.
 */
export async function eachWhileWriting(
  sentinels: readonly string[],
  what: string,
  { times, limit }: { times: number; limit: number },
  work: (time: number) => Promise<string>,
): Promise<Figures> {
  const writers = new Writers(sentinels);
  const gaps: number[] = [];
  for (let time = 1; time <= times; time++) {
    await writers.more();
    writers.restartClock();
    const said = await work(time);
    await writers.more();
    const gap = writers.longestGap / 1000;
    gaps.push(gap);
    process.stderr.write(`${what}, ${time} of ${times}: gap ${gap.toFixed(3)} s; ${said}\n`);
  }
  const written = await writers.stop();
  return {
    [`${what}: gap between writes, the median of ${times}`]: medianOf(gaps),
    [`${what}: longest gap between writes`]: Math.max(...gaps),
    [`${what}: longer than ${limit} s (count)`]: gaps.filter((gap) => gap > limit).length,
    [lost(what)]: written.lost.length,
  };
}
