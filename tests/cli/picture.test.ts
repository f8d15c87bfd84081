import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dark, light, type Palette } from "../../cli/drill/palette.ts";
import { drillPicture } from "../../cli/drill/picture.ts";
import { lagsOf, type Recording, stretchesOf } from "../../cli/drill/recording.ts";
import { nodeState, type State, type Track } from "../../cli/drill/sampler.ts";

const node = (
  name: string,
  ...samples: readonly (readonly [at: number, state: State, offset?: number])[]
): Track => ({
  name,
  kind: "node",
  samples: samples.map(([at, state, offset]) => ({ at, state, offset })),
});

const failover: Recording = {
  title: "Drill: the master, node1 (redis1:16300), is killed",
  lines: ["Drill passed", "  writes        4 acknowledged, 0 lost"],
  from: -500,
  to: 10_000,
  tracks: [
    node("node1", [-500, "master", 100], [0, "silent"], [8000, "unlinked"], [9000, "replica", 400]),
    node("node2", [-450, "replica", 90], [4000, "master", 200], [9500, "master", 500]),
    {
      name: "redis1:16355",
      kind: "sentinel",
      samples: [
        { at: -500, state: "watching" },
        { at: 5000, state: "silent" },
      ],
    },
  ],
  writes: [-400, -10, 4100, 9000],
  gap: { from: -10, to: 4100 },
  events: [
    { at: 12, text: "node1 was killed" },
    { at: 3000, text: "+sdown master node1" },
  ],
};

const hostile = `<script>alert("1")</script> & '\u001b[2J\u0000\ud800 ${"x".repeat(5000)}`;

const cases: Record<string, Recording> = {
  "a failover": failover,
  "a drill that was ended before anything was seen": {
    ...failover,
    from: 0,
    to: 0,
    tracks: failover.tracks.map((track) => ({ ...track, samples: [] })),
    writes: [],
    gap: { from: 0, to: 0 },
    events: [],
    lines: [],
  },
  "names and events that servers made up": {
    ...failover,
    title: hostile,
    lines: [hostile],
    tracks: failover.tracks.map((track) => ({ ...track, name: hostile })),
    events: [{ at: 1, text: hostile }],
  },
  "times that are none": {
    ...failover,
    tracks: [node("node1", [0, "master", NaN], [50, "master", 10])],
    writes: [-1e9, 1e9],
    gap: { from: -1e9, to: 1e9 },
  },
  "nine nodes and a hundred events": {
    ...failover,
    tracks: Array.from({ length: 9 }, (_, index) =>
      node(
        `node${index}`,
        [0, index === 0 ? "master" : "replica", 10],
        [5000, index === 0 ? "master" : "loading", 20],
      ),
    ),
    events: Array.from({ length: 100 }, (_, index) => ({
      at: index * 100,
      text: `event ${index}`,
    })),
  },
};

/** @throws AssertionError where it is no well-formed XML. @returns the names of its elements. */
function wellFormed(xml: string): Set<string> {
  const open: string[] = [];
  const names = new Set<string>();
  // eslint-disable-next-line no-control-regex -- these are what XML may not have
  assert.doesNotMatch(xml, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\p{Cs}/u);
  let rest = xml.trim();
  while (rest !== "") {
    const text = /^[^<]+/.exec(rest)?.[0];
    if (text !== undefined) {
      assert.ok(open.length > 0, "text outside of the document");
      assert.doesNotMatch(text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, ""), /[&<>]/);
      rest = rest.slice(text.length);
      continue;
    }
    const [tag, close, name = "", attributes = "", single] =
      /^<(\/?)([a-z]+)((?:\s+[A-Za-z0-9:-]+="[^"<>&]*")*)\s*(\/?)>/.exec(rest) ?? [];
    assert.ok(tag !== undefined, `no tag: ${rest.slice(0, 80)}`);
    const keys = [...attributes.matchAll(/([A-Za-z0-9:-]+)=/g)].map(([, key]) => key);
    assert.equal(new Set(keys).size, keys.length, `an attribute twice: ${tag}`);
    assert.doesNotMatch(attributes, /NaN|Infinity|undefined/, tag);
    names.add(name);
    if (close) assert.equal(open.pop(), name);
    else if (!single) open.push(name);
    rest = rest.slice(tag.length);
    if (open.length === 0) assert.equal(rest, "", "one element only");
  }
  assert.deepEqual(open, []);
  return names;
}

describe("the picture of a drill", () => {
  for (const [what, recording] of Object.entries(cases)) {
    test(`is well-formed XML without a script or anything from elsewhere: ${what}`, () => {
      const picture = drillPicture(recording);
      const elements = wellFormed(picture);
      for (const element of elements)
        assert.ok(
          ["svg", "title", "desc", "style", "rect", "line", "polyline", "text"].includes(element),
          element,
        );
      assert.doesNotMatch(picture, /\bon[a-z]+=|href|url\(|@import/i);
      assert.deepEqual(picture.match(/https?:[^"]*/g), ["http://www.w3.org/2000/svg"]);
    });
  }

  test("shows each state for as long as it was found, the writes, the gap and the events", () => {
    const picture = drillPicture(failover);
    for (const state of ["master", "replica", "unlinked outline", "watching", "silent", "write"])
      assert.match(picture, new RegExp(`<rect class="${state}"`), state);
    assert.match(picture, /no write for 4\.1 s/);
    assert.match(picture, />\+sdown master node1</);
    assert.match(picture, />3000 ms</);
    // The master of the first 500 ms of 10.5 s.
    const [, bar] = /<rect class="master"[^>]* width="([\d.]+)"/.exec(picture) ?? [];
    assert.ok(Math.abs(Number(bar) - (816 * 500) / 10_500) < 1, bar);
    assert.ok(!cases["a failover"] || drillPicture(failover) === picture, "it is a pure function");
  });

  test("says what it has left out", () => {
    const picture = drillPicture(cases["nine nodes and a hundred events"] as Recording);
    assert.match(picture, /… and 60 more/);
    assert.match(picture, />1–\d+</, "events close together share a mark");
  });
});

describe("colours", () => {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const value = parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (a: string, b: string) => {
    const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  test("the measure is WCAG's", () => {
    assert.equal(contrast("#000000", "#ffffff"), 21);
    assert.ok(Math.abs(contrast("#777777", "#ffffff") - 4.48) < 0.01);
  });
  for (const [mode, palette] of Object.entries<Palette>({ light, dark })) {
    test(`stand out in ${mode} mode: text by 4.5, what is drawn by 3`, () => {
      const { background, grid, lags, text, faint, ...drawn } = palette;
      for (const colour of [text, faint, ...lags])
        assert.ok(contrast(colour, background) >= 4.5, `${colour} on ${background}`);
      for (const [name, colour] of Object.entries(drawn))
        assert.ok(contrast(colour, background) >= 3, `${name}: ${colour} on ${background}`);
      assert.ok(contrast(grid, background) < 3, "what guides the eye does not stand out");
    });
    test(`are those of the picture in ${mode} mode`, () => {
      const [first = "", second = ""] = drillPicture(failover).split("@media");
      const style = mode === "light" ? first : second;
      if (mode === "dark") assert.match(style, /^ \(prefers-color-scheme:dark\)\{/);
      for (const colour of [palette.background, palette.master, ...palette.lags])
        assert.ok(style.includes(colour), colour);
    });
  }
});

describe("what was seen", () => {
  test("counts until the next look", () => {
    assert.deepEqual(
      stretchesOf(
        node("a", [0, "master"], [100, "master"], [200, "silent"], [300, "replica"]),
        1000,
      ),
      [
        { from: 0, to: 200, state: "master" },
        { from: 200, to: 300, state: "silent" },
        { from: 300, to: 1000, state: "replica" },
      ],
    );
    assert.deepEqual(stretchesOf(node("a"), 1000), []);
  });

  const lag = (master: Track, replica: Track) => lagsOf(replica, [master, replica]);
  const lags: readonly (readonly [string, Track, Track, readonly (readonly [number, number])[]])[] =
    [
      [
        "what the master had at that moment, between two looks at it",
        node("m", [0, "master", 100], [100, "master", 200]),
        node("r", [50, "replica", 110]),
        [[50, 40]],
      ],
      [
        "none where it seems ahead",
        node("m", [0, "master", 100], [100, "master", 100]),
        node("r", [50, "replica", 110]),
        [[50, 0]],
      ],
      [
        "nobody can tell before the first look at the master, and behind the last",
        node("m", [100, "master", 100], [200, "master", 100]),
        node("r", [50, "replica", 1], [150, "replica", 90], [250, "replica", 90]),
        [[150, 10]],
      ],
      [
        "nobody can tell while there is no master",
        node("m", [0, "master", 100], [100, "silent"], [200, "master", 300]),
        node("r", [50, "replica", 90], [150, "replica", 90]),
        [],
      ],
      [
        "nobody can tell of a replica that is not linked",
        node("m", [0, "master", 100], [100, "master", 100]),
        node("r", [50, "unlinked"]),
        [],
      ],
    ];
  for (const [what, master, replica, expected] of lags)
    test(`lag: ${what}`, () => {
      assert.deepEqual(
        lag(master, replica).map(({ at, bytes }) => [at, bytes]),
        expected,
      );
    });

  const states: readonly (readonly [string, boolean, State, number?])[] = [
    ["role:master\r\nmaster_repl_offset:12\r\n", false, "master", 12],
    ["role:master\r\nmaster_repl_offset:12\r\n", true, "loading"],
    [
      "role:slave\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:7\r\n",
      false,
      "replica",
      7,
    ],
    ["role:slave\r\nmaster_link_status:up\r\nmaster_sync_in_progress:1\r\n", false, "unlinked"],
    ["role:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:0\r\n", false, "unlinked"],
    ["", false, "silent"],
  ];
  for (const [info, isLoading, state, offset] of states)
    test(`${JSON.stringify(info)}${isLoading ? ", loading" : ""} is ${state}`, () => {
      const found = nodeState(info, isLoading);
      assert.deepEqual([found.state, found.offset], [state, offset]);
    });
});
