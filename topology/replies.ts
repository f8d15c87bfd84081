/** Fields of a section of INFO, or of one of Sentinel's lists. */
export type Fields = ReadonlyMap<string, string>;

export function isList(reply: unknown): reply is unknown[] {
  return Array.isArray(reply);
}

/** @param info reply to INFO */
export function infoFields(info: string): Fields {
  return new Map(
    info
      .split(/\r?\n/)
      .flatMap((line): [string, string][] => (/^[^#:]+:/.test(line) ? [halves(line, ":")] : [])),
  );
}

/** @param reply `name, value, name, value…` */
export function listFields(reply: unknown): Fields {
  const words = isList(reply) ? reply.map(String) : [];
  return new Map(
    words.flatMap((word, index): [string, string][] =>
      index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : [],
    ),
  );
}

/** @param text such as `ip=redis2,port=26300,state=online` */
export function commaFields(text: string): Fields {
  return new Map(text.split(",").map((pair) => halves(pair, "=")));
}

/** @returns the number, NaN if the field is missing or empty */
export function numberOf(fields: Fields, name: string): number {
  return Number(fields.get(name) || NaN);
}

function halves(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
