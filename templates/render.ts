import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";

// The compiled package keeps its modules in dist/ and its templates beside that.
const here = dirname(fileURLToPath(import.meta.url)).replace(/([\\/])dist[\\/]templates$/, "$1templates");

/**
 * Renders a configuration file.
 *
 * @param file name of a Handlebars template in templates/; nothing in it is escaped, values arrive ready to write.
 * @param values every name that the template uses; a missing one is an error.
 */
export function render(file: string, values: object): string {
  return Handlebars.compile(readFileSync(join(here, file), "utf8"), { noEscape: true, strict: true })(values);
}
