/**
 * What one run of a stack's benchmark measured, in the order it is to be shown: seconds, or ms
 * where the name says so.
 */
export type Figures = Record<string, number>;

export const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};

export const medianOf = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN;

/** Hands the figures to the program that asked for them. */
export function report(figures: Figures): void {
  console.log(JSON.stringify(figures));
}
