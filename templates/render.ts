import { readFileSync } from "node:fs";
import Handlebars from "handlebars";
import { packageFile } from "../packageFiles.cjs";

/**
 * Renders a configuration file.
 *
 * @param file name of a Handlebars template in templates/; nothing in it is escaped, values arrive
 * ready to write.
 * @param values every name that the template uses; a missing one is an error.
 */
export function render(file: string, values: object): string {
  return Handlebars.compile(readFileSync(packageFile("templates", file), "utf8"), {
    noEscape: true,
    strict: true,
  })(values);
}
