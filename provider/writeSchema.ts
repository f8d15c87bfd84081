import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { schemaOf } from "./schemaOf.ts";

// npm run schema: schema.json, which is published; a test compares the two.
const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
writeFileSync(join(checkout, "provider", "schema.json"), `${JSON.stringify(schemaOf(checkout), undefined, 2)}\n`);
