import * as pulumi from "@pulumi/pulumi";

/**
 * What a look brings home in somebody's unit test (`pulumi.runtime.setMocks`) whose mocks only echo
 * what they are asked: a machine that has a server program of the default image's version, and
 * nothing on it.
 *
 * @param asked the shell text of the look.
 * @throws Error where an engine is there, and so no mocks are: a look that says nothing must not
 * pass for a good one.
 */
export function mockedLook(asked: string): string {
  if (pulumi.runtime.getEngine() !== undefined)
    throw new Error("the command plugin gave no output of a look");
  const processes = [...asked.matchAll(/^(?:look_version|add_container) (\S+)/gm)].map(
    ([, name]) => name ?? "",
  );
  return processes
    .map((name) => `server.${name} redis-server\nversion.${name} Redis server v=8.0.2\n`)
    .join("");
}
