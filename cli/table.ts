import { shown } from "../hosts/foreignText.ts";

/** Characters of a cell that are shown: a name is a few dozen. */
const mostCharacters = 80;

/** A cell, painted when it is `bad`. */
export interface Cell {
  text: string;
  bad?: boolean;
}

/** Makes a text stand out, or returns it as it is where there are no colours. */
export type Paint = (text: string) => string;

/** @returns the lines of a table, columns two spaces apart, without trailing blanks */
export function table(headings: string[], rows: Cell[][], paint: Paint): string[] {
  // Most of it was said by servers, that is, by anybody who reaches them.
  const printable = rows.map((cells) =>
    cells.map(({ text, bad }) => ({ text: shown(text, mostCharacters), bad })),
  );
  const lines: Cell[][] = [headings.map((text) => ({ text })), ...printable];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.text.length ?? 0)),
  );
  return lines.map((cells) => {
    const last = cells.length - 1;
    const padding = (text: string, column: number): string =>
      column === last ? "" : " ".repeat((widths[column] ?? 0) - text.length + 2);
    // The blanks stay outside the colour, and so out of its width.
    return cells
      .map(({ text, bad }, column) => `${bad ? paint(text) : text}${padding(text, column)}`)
      .join("");
  });
}
