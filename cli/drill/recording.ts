import type { State, Track } from "./sampler.ts";
import type { Gap } from "./writer.ts";

/** All that a drill has seen, in ms since its beginning; before that, negative. */
export interface Recording {
  title: string;
  /** What came of it, a line each. */
  lines: readonly string[];
  from: number;
  to: number;
  tracks: readonly Track[];
  /** When each acknowledged write was. */
  writes: readonly number[];
  /** The longest time without one. */
  gap: Gap;
  events: readonly { at: number; text: string }[];
}

/** A time in which a process was found in the same state. */
export interface Stretch extends Gap {
  state: State;
}

/** @returns the stretches of a track: what was found counts until the next look. */
export function stretchesOf({ samples }: Track, to: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { at, state } of samples) {
    const last = stretches.at(-1);
    if (last) last.to = at;
    if (last?.state !== state) stretches.push({ from: at, to: at, state });
  }
  const last = stretches.at(-1);
  if (last) last.to = Math.max(last.to, to);
  return stretches;
}

/** How far a replica was behind, at one moment. */
export interface Lag {
  at: number;
  bytes: number;
}

/**
 * @returns the lag of a node wherever it can be told: where it was a linked replica, and looks at
 * the same master lie on both sides. They are not looked at in the same moment: what the master had
 * is taken from these two.
 */
export function lagsOf(track: Track, tracks: readonly Track[]): Lag[] {
  const masters = tracks.map(({ samples }) => samples);
  return track.samples.flatMap(({ at, state, offset }) => {
    if (state !== "replica" || offset === undefined) return [];
    for (const samples of masters) {
      const next = samples.findIndex((each) => each.at >= at);
      const [before, after] = [samples[next - 1], samples[next]];
      if (before?.state !== "master" || after?.state !== "master") continue;
      if (before.offset === undefined || after.offset === undefined) continue;
      const share = after.at === before.at ? 0 : (at - before.at) / (after.at - before.at);
      const had = before.offset + share * (after.offset - before.offset);
      if (!Number.isFinite(had - offset)) return [];
      return [{ at, bytes: Math.max(0, Math.round(had - offset)) }];
    }
    return [];
  });
}
