/** Colours of one mode of the picture, `#rrggbb`. */
export interface Palette {
  background: string;
  text: string;
  /** Of what is beside the matter: axes, notes. */
  faint: string;
  /** Lines that only guide the eye. */
  grid: string;
  master: string;
  replica: string;
  unlinked: string;
  loading: string;
  watching: string;
  silent: string;
  /** Acknowledged writes, and the time without. */
  write: string;
  gap: string;
  /** One after the other for the nodes' lag; with more nodes, the dashes tell them apart. */
  lags: readonly [string, string, string, string, string];
}

export const light: Palette = {
  background: "#ffffff",
  text: "#1f2328",
  faint: "#59636e",
  grid: "#d1d9e0",
  master: "#0550ae",
  replica: "#1a7f37",
  unlinked: "#bc4c00",
  loading: "#8250df",
  watching: "#59636e",
  silent: "#cf222e",
  write: "#1a7f37",
  gap: "#cf222e",
  lags: ["#0550ae", "#bc4c00", "#8250df", "#1a7f37", "#bf3989"],
};

export const dark: Palette = {
  background: "#0d1117",
  text: "#f0f6fc",
  faint: "#9198a1",
  grid: "#3d444d",
  master: "#58a6ff",
  replica: "#3fb950",
  unlinked: "#f0883e",
  loading: "#bc8cff",
  watching: "#9198a1",
  silent: "#ff7b72",
  write: "#3fb950",
  gap: "#ff7b72",
  lags: ["#58a6ff", "#f0883e", "#bc8cff", "#3fb950", "#f778ba"],
};

/** @returns the rules of one mode: of classes, as some programs know no variables. */
export function rulesOf(palette: Palette): string {
  const { background, text, faint, grid, lags, ...states } = palette;
  return [
    `.background{fill:${background}}`,
    `text{fill:${text}}`,
    `.faint{fill:${faint}}`,
    `.grid{stroke:${grid}}`,
    `.mark{stroke:${faint}}`,
    ...Object.entries(states).map(([name, colour]) => `.${name}{fill:${colour};stroke:${colour}}`),
    ...lags.map((colour, index) => `.lag${index}{stroke:${colour}}`),
    ...lags.map((colour, index) => `.name${index}{fill:${colour}}`),
  ].join("");
}
