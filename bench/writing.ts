import { Writers } from "../tests/support/writers.ts";
import { type Figures, seconds } from "./figures.ts";

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
  const { lost, longestGap } = await writers.stop();
  return {
    [what]: took,
    [`${what}: longest gap between writes`]: longestGap / 1000,
    [`${what}: acknowledged writes lost (count)`]: lost.length,
  };
}
