import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { schemaOf } from "./schemaOf.ts";
import { madeOf, withMade } from "./texts.ts";

// npm run schema: schema.json, which is published, and what people read of it; a test compares all
// of them.
const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const schema = schemaOf(checkout);
writeFileSync(
  join(checkout, "provider", "schema.json"),
  `${JSON.stringify(schema, undefined, 2)}\n`,
);
for (const made of madeOf(schema)) {
  const path = join(checkout, made.file);
  writeFileSync(path, withMade(readFileSync(path, "utf8"), made));
}
