import { isLater } from "./sdk.ts";

/** Characters of a line that are shown unless told otherwise, and lines of a text. */
const mostCharacters = 1000;
const mostLines = 60;

/**
 * What moves a cursor, hides or reorders text, or ends a line where none should end: control
 * characters (C0, C1, DEL), line separators, marks of no width and of direction, halves of a pair.
 */
const unprintable =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/**
 * The beginning of a private key, whatever the file's format, also where its line ends are written
 * as `\n`.
 */
const privateKey = /(?:-{4,5} ?BEGIN [^\n]*PRIVATE KEY|PuTTY-User-Key-File|b3BlbnNzaC1rZXkt)[^]*/;

/**
 * Text that somebody else wrote (a server's reply, a machine's error, a value given to us), as one
 * line that can be shown on a terminal: unprintable characters as `\xNN` or `\u{NNNN}`, cut after
 * `most` characters, a private key left out. Plain text stays as it is.
 */
export function shown(text: string, most = mostCharacters): string {
  // Cut before it is taken apart: it may have any length.
  const whole = text.slice(0, 8 * most).replace(privateKey, "(a private key, not shown)");
  const plain = whole.replaceAll(unprintable, (each) => {
    const code = each.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
  if (plain.length <= most && text.length <= 8 * most) return plain;
  return `${plain.slice(0, most)}… (cut)`;
}

/** The same for a text of several lines: they stay, 60 at most. */
export function shownLines(text: string, most = mostCharacters): string {
  const lines = text
    .slice(0, 2 * mostLines * most)
    .replace(privateKey, "(a private key, not shown)")
    .split(/\r?\n/);
  const cut = lines.length > mostLines ? ["… (cut)"] : [];
  return [...lines.slice(0, mostLines).map((line) => shown(line, most)), ...cut].join("\n");
}

/**
 * @returns a value as an error message quotes it: as in JSON, cut after 200 characters, a private
 * key left out.
 */
export function quoted(value: unknown): string {
  if (typeof value === "string" && privateKey.test(value)) return "(a private key, not shown)";
  if (isLater(value)) return "(known later)";
  // Undefined for functions and the like.
  const json = JSON.stringify(value) as string | undefined;
  return shown(json ?? String(value), 200);
}
