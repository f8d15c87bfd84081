import type { TestContext } from "node:test";
import fc from "fast-check";
import { hostileTexts } from "./hostile.ts";

/** As `npm run soak` sets it: how many inputs each renderer and parser gets. */
const wanted = process.env.INPUTS === undefined ? undefined : Number(process.env.INPUTS);

/** The same inputs again: SEED=… npm test -- input. The short form has the same ones each time. */
const seed = Number(process.env.SEED ?? (wanted === undefined ? 1 : Date.now() % 2 ** 31));

/** Which inputs a test gets, and how many of them at once. */
export interface Inputs<T> {
  /** These in any case. @default none */
  always?: readonly T[];
  /** Where nobody has set INPUTS. */
  short: number;
  /** Inputs that one process reads, at most; what is wrong is narrowed down to one. */
  together: number;
  /** Values in an input, each of which counts. @default 1 */
  values?: number;
}

/**
 * Tries what has to hold on generated inputs, at least as many as are wanted.
 *
 * @param holds throws where it does not hold for one of them.
 */
export async function forAll<T>(
  t: TestContext,
  { always = [], short, together, values = 1 }: Inputs<T>,
  given: fc.Arbitrary<T>,
  holds: (inputs: T[]) => void | Promise<void>,
): Promise<void> {
  const least = wanted ?? short;
  let seen = 0;
  const property = fc.asyncProperty(
    fc.array(given, { minLength: 1, maxLength: together, size: "max" }),
    async (inputs) => {
      seen += inputs.length * values;
      await holds(inputs);
    },
  );
  const numRuns = Math.ceil(least / together / values);
  if (always.length > 0) await narrowed(always, holds);
  seen += always.length * values;
  for (let round = 0; seen < least; round++)
    await fc.assert(property, { seed: seed + round, numRuns, includeErrorInReport: true });
  t.diagnostic(`${seen} inputs, SEED=${seed}`);
}

/** All at once; where it does not hold for one of them, the error names it. */
async function narrowed<T>(
  inputs: readonly T[],
  holds: (inputs: T[]) => void | Promise<void>,
): Promise<void> {
  try {
    await holds([...inputs]);
  } catch (error) {
    for (const each of inputs)
      try {
        await holds([each]);
      } catch (reason) {
        throw new Error(`${JSON.stringify(each).slice(0, 2000)}: ${String(reason)}`, {
          cause: reason,
        });
      }
    throw error;
  }
}

/** Of what means something to one reader or the other. */
const pieces = [
  ...Array.from("'\"\\$`\n\r\t #;&|*?~%!()[]{}<>=,:.-/+@^_a1xZ\u000b\u000c\u001b\u001f\u007f"),
  ...Array.from("\u0001\u0002\u0085\u00a0\u2028\ufeffé🔑"),
  "\\x41",
  "\\n",
  "$(id)",
  "${a}",
  "\n\n",
  '"""',
  "'''",
  "%(a)s",
  "%n",
  "EOF",
];

/**
 * Any text without NUL: hostile ones, what is put together of their pieces, and what nobody has
 * thought of.
 */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((each) => each.join("")),
  fc.string({ unit: "binary", maxLength: 40 }).map((each) => each.replaceAll("\0", "")),
);
