import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { programNames, scriptSource, scriptText, withoutComments } from "../../scripts/bundle.ts";
import { shells } from "../support/shell.ts";

describe("the programs as they are put on a machine", () => {
  it("have no comments but those of their use", () => {
    assert.equal(
      withoutComments("#!/bin/sh\n# its use\n\n# why\n  # more\na=1 # b\n#c\n"),
      "#!/bin/sh\n# its use\n\na=1 # b\n",
    );
    assert.equal(withoutComments("# of a part\na='\n# of awk\nb'\n"), "a='\nb'\n");
    assert.ok(scriptText("lifecycle.sh").length < 0.8 * scriptSource("lifecycle.sh").length);
  });

  it("keep what is written somewhere", () => {
    for (const begin of ["cat <<END", "cat <<-END >x", "x | cat <<'END' | y"])
      assert.equal(
        withoutComments(`${begin}\n# in it\nEND\n# behind it\n`),
        `${begin}\n# in it\nEND\n`,
      );
    const comments = (name: string) =>
      scriptText(name)
        .split("\n")
        .filter((line) => line.startsWith("# ") && !line.startsWith("# Made by"));
    assert.match(scriptText("machine.sh"), /^# Made by Pulumi for \$unit; do not edit\.$/m);
    assert.match(scriptText("firewall.sh"), /^# Made by Pulumi; do not edit\.$/m);
    // Each other comment that a program still has is of its use, or in the unit's text.
    assert.deepEqual(comments("machine.sh").slice(-4), [
      "# A full disk, say, must not make it give up for good.",
      "# Where cloud-init writes /etc/hosts anew at each boot.",
      "# The first process hands over, then ends the server: nobody else gets the signal, and both need",
      "# their time.",
    ]);
  });

  for (const [command = "", ...words] of shells)
    it(`are read by ${command}`, () => {
      for (const name of programNames)
        execFileSync(command, [...words, "-n"], {
          input: scriptText(name),
          stdio: ["pipe", "ignore", "inherit"],
        });
    });
});
