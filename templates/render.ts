import { readFileSync } from "node:fs";
import Handlebars from "handlebars";
import { packageFile } from "../packageFiles.cjs";

const compiled = new Map<string, HandlebarsTemplateDelegate>();

/**
 * Renders a configuration file.
 *
 * @param file name of a Handlebars template in templates/; nothing in it is escaped, values arrive
 * ready to write.
 * @param values every name that the template uses; a missing one is an error.
 */
export function render(file: string, values: object): string {
  let template = compiled.get(file);
  if (!template) {
    const text = readFileSync(packageFile("templates", file), "utf8");
    template = Handlebars.compile(text, { noEscape: true, strict: true });
    compiled.set(file, template);
  }
  return template(values);
}
