import { shown } from "../../hosts/foreignText.ts";
import { seconds } from "../wait.ts";
import { dark, light, rulesOf } from "./palette.ts";
import { type Lag, lagsOf, type Recording, type Stretch, stretchesOf } from "./recording.ts";
import type { State } from "./sampler.ts";

/** Pixels. */
const width = 960;
const left = 120;
const right = 24;
const plot = width - left - right;
const rowHeight = 20;
const chartHeight = 64;
const lineHeight = 17;

/** Events that are listed; the terminal has all of them. */
const mostEvents = 40;

/** How a state is drawn, besides its colour: by the height of its bar, or as an outline. */
const shapes: Record<State, { height: number; text: string; outline?: boolean }> = {
  master: { height: 14, text: "master" },
  replica: { height: 7, text: "replica, linked" },
  unlinked: { height: 7, text: "replica, not linked", outline: true },
  loading: { height: 12, text: "loads its data", outline: true },
  watching: { height: 5, text: "sentinel" },
  silent: { height: 2, text: "no answer" },
};

/**
 * Draws what a drill has seen: the role of each node, acknowledged writes and replication lag over
 * time, with its events. Light or dark as the reader's screen; no script, nothing from elsewhere.
 *
 * @returns a whole SVG document.
 */
export function drillPicture(recording: Recording): string {
  const { title, lines, tracks, events } = recording;
  const parts: string[] = [text(16, 26, title, "title")];
  let y = 46;
  for (const line of lines) {
    parts.push(text(16, y, line, "faint"));
    y += lineHeight;
  }
  const scale = scaleOf(recording);
  const listed = events.slice(0, mostEvents);
  const top = y + 12;
  y = top + 16;
  for (const track of tracks) {
    parts.push(text(left - 8, y + 12, track.name, "end"));
    for (const stretch of stretchesOf(track, recording.to)) parts.push(bar(stretch, y, scale));
    y += rowHeight;
  }
  y += 14;
  parts.push(...writesChart(recording, y, scale));
  y += chartHeight + 26;
  const lag = lagChart(recording, y, scale);
  parts.push(...lag.parts);
  y = lag.bottom;
  const axis = timeAxis(recording, top, y, scale);
  const marks = eventMarks(
    listed.map(({ at }) => scale(at)),
    top,
    y,
  );
  y += 34;
  const legend = legendAt(
    tracks.flatMap(({ samples }) => samples.map(({ state }) => state)),
    y,
  );
  y += 26;
  const list = listed.flatMap(({ at, text: what }, index) => {
    const row = y + index * lineHeight;
    return [
      text(40, row, String(index + 1), "end event"),
      text(left - 8, row, `${Math.round(at)} ms`, "end event"),
      text(left + 8, row, what, "event"),
    ];
  });
  y += listed.length * lineHeight;
  if (events.length > listed.length) {
    list.push(text(16, y, `… and ${events.length - listed.length} more`, "faint"));
    y += lineHeight;
  }
  const height = Math.ceil(y + 8);
  // The grid lies below what is drawn over it.
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title>`,
    `<desc id="d">${escaped(lines.join("; "))}</desc>`,
    `<style>${style}</style>`,
    `<rect class="background" width="${width}" height="${height}"/>`,
    ...axis,
    ...marks,
    ...parts,
    ...legend,
    ...list,
    "</svg>",
    "",
  ].join("\n");
}

const style = [
  "text{font:12px ui-sans-serif,system-ui,sans-serif}",
  ".title{font-size:16px;font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}",
  ".event{font:12px ui-monospace,monospace}.line{fill:none;stroke-width:1.5}",
  ".outline{fill-opacity:0;stroke-width:1.5}.mark{stroke-dasharray:2 3}",
  rulesOf(light),
  `@media (prefers-color-scheme:dark){${rulesOf(dark)}}`,
].join("");

type Scale = (at: number) => number;

/** @returns pixels from the left of a time, one of before or after at the edge. */
function scaleOf({ from, to }: Recording): Scale {
  const span = Math.max(1, to - from);
  return (at) => left + (Math.min(Math.max(at, from), to) - from) * (plot / span);
}

function bar({ from, to, state }: Stretch, y: number, scale: Scale): string {
  const { height, outline } = shapes[state];
  const x = scale(from);
  return rect(x, y + (14 - height) / 2, Math.max(1, scale(to) - x), height, state, outline);
}

function rect(x: number, y: number, w: number, h: number, name: string, outline?: boolean): string {
  const edge = outline ? ` class="${name} outline"` : ` class="${name}" stroke-width="0"`;
  return `<rect${edge} x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}"/>`;
}

/** Writes a second, in bars of four pixels, and the longest time without any. */
function writesChart({ writes, gap, from, to }: Recording, y: number, scale: Scale): string[] {
  const bins = Math.floor(plot / 4);
  const span = Math.max(1, to - from) / bins;
  const counts = Array.from({ length: bins }, () => 0);
  for (const at of writes) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((at - from) / span)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts);
  const bottom = y + chartHeight;
  const bars = counts.flatMap((count, bin) => {
    const height = (count / most) * chartHeight;
    return count === 0
      ? []
      : [rect(left + bin * (plot / bins), bottom - height, plot / bins - 0.5, height, "write")];
  });
  const [begin, end] = [scale(gap.from), scale(gap.to)];
  const length = gap.to - gap.from;
  const middle = Math.min(Math.max((begin + end) / 2, left + 90), width - right - 90);
  return [
    text(left - 8, y + 12, "writes", "end"),
    text(
      left - 8,
      y + 12 + lineHeight,
      `${Math.round((most / span) * 1000)}/s at most`,
      "end faint",
    ),
    line(left, bottom, width - right, bottom, "grid"),
    ...bars,
    ...(length > 0
      ? [
          rect(begin, bottom + 3, Math.max(1, end - begin), 3, "gap"),
          text(middle, bottom + 18, `no write for ${duration(length)}`, "middle"),
        ]
      : []),
  ];
}

/** A line for each node that was a replica at some time; broken where nobody can tell. */
function lagChart(
  { tracks, to }: Recording,
  y: number,
  scale: Scale,
): { parts: string[]; bottom: number } {
  const nodes = tracks.filter(({ kind }) => kind === "node");
  const lags = nodes.map((track) => lagsOf(track, nodes));
  const most = Math.max(1, ...lags.flat().map(({ bytes }) => bytes));
  const bottom = y + chartHeight;
  const parts = [
    text(left - 8, y + 12, "lag", "end"),
    text(left - 8, y + 12 + lineHeight, `${bytesText(most)} at most`, "end faint"),
    line(left, bottom, width - right, bottom, "grid"),
  ];
  let x = left;
  for (const [index, node] of nodes.entries()) {
    const colour = index % light.lags.length;
    const dashes = index < light.lags.length ? "" : ` stroke-dasharray="${index} 3"`;
    const points = thinned(lags[index] ?? [], scale);
    for (const piece of piecesOf(points, to))
      parts.push(
        `<polyline class="line lag${colour}"${dashes} points="${piece
          .map(
            ({ at, bytes }) =>
              `${round(scale(at))},${round(bottom - (bytes / most) * chartHeight)}`,
          )
          .join(" ")}"/>`,
      );
    if (points.length === 0) continue;
    parts.push(text(x, bottom + 16, `— ${node.name}`, `name${colour}`));
    x += 40 + 7 * node.name.length;
  }
  return { parts, bottom: bottom + 22 };
}

/** @returns of the values that fall on one pixel the largest. */
function thinned(lags: readonly Lag[], scale: Scale): Lag[] {
  const kept: Lag[] = [];
  for (const lag of lags) {
    const last = kept.at(-1);
    if (last && Math.floor(scale(last.at)) === Math.floor(scale(lag.at))) {
      if (lag.bytes > last.bytes) kept[kept.length - 1] = lag;
    } else kept.push(lag);
  }
  return kept;
}

/** @returns the values in pieces: where they are far apart, nobody can tell what is between. */
function piecesOf(lags: readonly Lag[], to: number): Lag[][] {
  const pieces: Lag[][] = [];
  const apart = Math.max(500, to / 50);
  for (const lag of lags) {
    const last = pieces.at(-1);
    const before = last?.at(-1);
    if (last && before && lag.at - before.at < apart) last.push(lag);
    else pieces.push([lag]);
  }
  return pieces;
}

function timeAxis({ from, to }: Recording, top: number, bottom: number, scale: Scale): string[] {
  const step = stepFor(to - from);
  const parts: string[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const x = scale(at);
    parts.push(line(x, top + 12, x, bottom, "grid"));
    parts.push(text(x, bottom + 14, `${at / 1000} s`, "middle faint"));
  }
  return parts;
}

/** @returns ms between two ticks: ten or so of them. */
function stepFor(span: number): number {
  const steps = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000];
  return steps.find((step) => span / step <= 12) ?? 600_000;
}

/** Pixels between two events that share a number: `5–9`. */
const together = 14;

/** @param xs of the events, in order. */
function eventMarks(xs: readonly number[], top: number, bottom: number): string[] {
  const groups: { first: number; last: number; x: number }[] = [];
  for (const [index, x] of xs.entries()) {
    const group = groups.at(-1);
    if (group && x - group.x < together) group.last = index + 1;
    else groups.push({ first: index + 1, last: index + 1, x });
  }
  const labels = groups.map(({ first, last, x }, index) =>
    // Those that come close together stand in two rows.
    text(
      x,
      top + (index % 2 === 0 ? 0 : 11),
      first === last ? `${first}` : `${first}–${last}`,
      "middle faint",
    ),
  );
  const places = [...new Set(xs.map(round))];
  return [...places.map((x) => line(x, top + 14, x, bottom, "mark")), ...labels];
}

function legendAt(states: readonly State[], y: number): string[] {
  let x = left;
  return (Object.keys(shapes) as State[])
    .filter((state) => states.includes(state))
    .flatMap((state) => {
      const { height, text: what, outline } = shapes[state];
      const at = x;
      x += 44 + 7 * what.length;
      return [
        rect(at, y - 4 - height / 2, 18, height, state, outline),
        text(at + 24, y, what, "faint"),
      ];
    });
}

function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line class="${name}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function text(x: number, y: number, content: string, name: string): string {
  return `<text class="${name}" x="${round(x)}" y="${round(y)}">${escaped(content)}</text>`;
}

/** Some of it was said by servers. */
function escaped(content: string): string {
  return shown(content, 200)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : seconds(milliseconds);
}

function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
