import type * as Docker from "@pulumi/docker";
import { refuseAny } from "../../errors.ts";
import { load } from "../../packageFiles.cjs";

/**
 * The package `@pulumi/docker`, loaded where a host is a container: only programs with such a host
 * have to have it.
 *
 * @param field the setting that asks for a container.
 * @throws InputError where it is not installed, with what to do.
 */
export function docker(field = "hosts"): typeof Docker {
  try {
    return load("@pulumi/docker") as typeof Docker;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "MODULE_NOT_FOUND" || !message.includes("@pulumi/docker")) throw error;
    const reason =
      "it needs the npm package @pulumi/docker, which is not installed. npm install --save-exact @pulumi/docker@5.2.0";
    refuseAny([{ propertyPath: field, reason }]);
    throw error;
  }
}
