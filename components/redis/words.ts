// How the servers read a line of their configuration (sdssplitargs): the one place that says what a
// line means, for what is checked, and for what the stack itself has to know of it.

/** What follows a backslash in double quotes, where that is not itself. */
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

const blank = /[ \t\n\v\f\r]/;

/**
 * The words of a line, as a server reads them. Blanks are those of ASCII alone. A quote opens
 * anywhere in a word, and has to be closed where the word ends. In double quotes a backslash makes
 * a character of what follows (`\n`, `\x41`), in single quotes it only keeps a quote from closing.
 *
 * @returns undefined where the server refuses the line: a quote is not closed, or something follows
 * it.
 */
export function wordsOf(line: string): string[] | undefined {
  // A character for each byte: `\xc3\xa9` is one character of UTF-8.
  const bytes = Buffer.from(line).toString("latin1");
  const words: string[] = [];
  for (let at = skipBlanks(bytes, 0); at < bytes.length; at = skipBlanks(bytes, at)) {
    const word = wordAt(bytes, at);
    if (word === undefined) return undefined;
    words.push(Buffer.from(word.text, "latin1").toString());
    at = word.end;
  }
  return words;
}

/**
 * @returns the first word of a directive's value; as in redis.conf, the last line counts. Empty
 * where there is none.
 */
export function wordOf(value: string): string {
  return wordsOf(value.split("\n").at(-1) ?? "")?.[0] ?? "";
}

function skipBlanks(bytes: string, from: number): number {
  let at = from;
  while (blank.test(bytes[at] ?? "")) at++;
  return at;
}

/** @returns the word that begins there, and where it ends. */
function wordAt(bytes: string, from: number): { text: string; end: number } | undefined {
  let text = "";
  let at = from;
  for (let each = bytes[at]; each !== undefined && !/[ \t\n\r]/.test(each); each = bytes[at]) {
    if (each === '"' || each === "'") {
      const quoted = quotedAt(bytes, at + 1, each);
      if (quoted === undefined) return undefined;
      text += quoted.text;
      at = quoted.end;
      if (at < bytes.length && !blank.test(bytes[at] ?? "")) return undefined;
      break;
    }
    text += each;
    at++;
  }
  return { text, end: at };
}

/** @returns what stands there up to the closing quote, and the place after that. */
function quotedAt(
  bytes: string,
  from: number,
  quote: string,
): { text: string; end: number } | undefined {
  let text = "";
  for (let at = from; at < bytes.length; at++) {
    const each = bytes[at] ?? "";
    const next = bytes[at + 1];
    if (each === quote) return { text, end: at + 1 };
    if (each !== "\\" || next === undefined || (quote === "'" && next !== quote)) {
      text += each;
      continue;
    }
    const [code] = /^x[0-9A-Fa-f]{2}/.exec(bytes.slice(at + 1, at + 4)) ?? [];
    if (quote === '"' && code !== undefined) {
      text += String.fromCharCode(parseInt(code.slice(1), 16));
      at += code.length;
    } else {
      text += quote === '"' ? (escapes[next] ?? next) : next;
      at++;
    }
  }
  return undefined;
}
