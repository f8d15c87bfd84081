/**
 * @returns `text` as one word of a POSIX shell, whatever bytes it holds; plain words stay readable.
 */
export function quote(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Shell assignments, one a line, for a script to read with `eval` or `.`.
 *
 * @param values lists become lines of one value.
 */
export function assignments(
  values: Record<string, string | number | boolean | readonly string[]>,
): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(toText(value))}\n`)
    .join("");
}

/** @returns shell text that puts each file, for the scripts that define `put`. */
export function puts(files: Record<string, string>): string {
  return Object.entries(files)
    .map(([file, content]) => `put ${file} ${quote(content)}\n`)
    .join("");
}

function toText(value: string | number | boolean | readonly string[]): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  return typeof value === "object" ? value.join("\n") : String(value);
}
