import { accessSync, constants, existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError, ExitStatus, messageOf } from "../program.ts";
import type { DrillRequest } from "./arguments.ts";

/**
 * @param stack by name, be it with organization and project in front.
 * @returns the path of the picture.
 * @throws CliError with exit status 2 where there is such a file, or where none can be written.
 */
export function pictureFile(
  { picture, kind, name }: Pick<DrillRequest, "picture" | "kind" | "name">,
  stack: string,
  now = new Date(),
): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const own = ["drill", stack.split("/").at(-1) ?? stack, kind, name, time]
    .filter((part) => part !== "")
    .join("-");
  const file = resolve(picture ?? `${own}.svg`);
  const refuse = (why: string): never => {
    throw new CliError(
      `The picture cannot be written to ${file}: ${why}`,
      "Nothing was touched. --picture FILE sets another one.",
      ExitStatus.couldNotLook,
    );
  };
  if (existsSync(file)) refuse("there is such a file");
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    refuse(messageOf(error));
  }
  return file;
}

/** @returns a line that says where it is, or why it is not. */
export function writePicture(file: string, picture: string): string {
  try {
    writeFileSync(file, picture, { flag: "wx" });
    return `The picture of it: ${file}`;
  } catch (error) {
    return `The picture could not be written: ${messageOf(error)}`;
  }
}
