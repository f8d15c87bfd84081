import assert from "node:assert/strict";
import { checkout, type Project } from "./project.ts";

/**
 * Pauses a deployment in which nothing is left to do, has another configuration refused by its
 * first step, and ends the pause.
 *
 * @param changed a configuration that has servers changed.
 * @param same the one that it has.
 * @param meanwhile what else is to be tried while it is paused.
 * @throws AssertionError where something was done, or is left.
 */
export async function holdsBack(
  project: Project,
  changed: Record<string, unknown>,
  same: Record<string, unknown>,
  meanwhile: (refused: (reason: RegExp) => Promise<void>) => Promise<void> = () =>
    Promise.resolve(),
): Promise<void> {
  const command = async (...words: string[]) => {
    const [name = "", ...args] = words;
    const { status, output } = await project.run("node", `${checkout}/cli/${name}.ts`, ...args);
    assert.equal(status, 0, output);
    return output;
  };
  const refused = async (reason: RegExp) => {
    const args = ["up", "--yes", "--skip-preview", "--stack", project.stack];
    const { status, output } = await project.run("pulumi", ...args);
    assert.notEqual(status, 0, output);
    assert.match(output, /paused since \S+Z by \S+@\S+: it's a \$test/);
    assert.match(output, reason);
  };
  assert.doesNotMatch(await command("pause", "it's a $test"), /no mark/);
  try {
    project.configure(changed);
    await refused(/Nothing was done here/);
    await meanwhile(refused);
    project.configure(same);
    assert.match(
      (await project.upChangesNothing()).output,
      /This deployment is paused since .*: it's a \$test/,
    );
    assert.match(await command("status"), /^This deployment is paused since .*: it's a \$test/m);
  } catch (error) {
    // What comes next is not to fail for this.
    project.configure(same);
    await command("resume");
    throw error;
  }
  assert.match(await command("resume"), /It is not any more/);
  assert.doesNotMatch((await project.upChangesNothing()).output, /paused/);
}
