import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { refuseProgram } from "../../hosts/answers.ts";
import { quote } from "../../hosts/shell.ts";
import { scriptText } from "../../scripts/bundle.ts";

describe("programs that servers are to run are looked for before anything is touched", () => {
  const scratch = mkdtempSync(join(tmpdir(), "redis-ha-look-"));
  after(() => {
    rmSync(scratch, { recursive: true });
  });
  for (const [name, mode] of [
    ["plain", 0o644],
    ["executable", 0o755],
  ] as const) {
    writeFileSync(join(scratch, name), "#!/bin/sh\n");
    chmodSync(join(scratch, name), mode);
  }
  const field = "sentinel.directives.notification-script";
  const cases = [
    [
      "missing",
      /is not allowed: a program that exists and can be executed: on redis1, there is no such file/,
    ],
    [".", /there is no such file/],
    ["plain", /nobody may execute it/],
    ["executable", undefined],
  ] as const;

  const answered = (stdout: string) =>
    Object.fromEntries(
      stdout
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
    );
  const assertSaid = (stdout: string, program: string, refused: RegExp | undefined) => {
    const check = () => {
      refuseProgram(answered(stdout), "on redis1", field, program);
    };
    if (refused)
      assert.throws(
        check,
        (error: Error) =>
          refused.test(error.message) && error.message.startsWith(`${field}: "${program}"`),
      );
    else check();
  };

  for (const [name, refused] of cases) {
    const program = join(scratch, name);
    it(`on a machine: ${name}`, () => {
      const input = `${scriptText("look.sh")}look_program ${field} ${quote(program)} &\nwait\n`;
      assertSaid(execFileSync("sh", { input, encoding: "utf8" }), program, refused);
    });
    it(`in an image: ${name}`, () => {
      // In place of an engine: its `run` is a shell here, and it has one image.
      const docker = join(scratch, "docker");
      writeFileSync(
        docker,
        '#!/bin/sh\ncase $3 in run) exec sh -s ;; image) echo "redis:8.0.2 sha256:0" ;; esac\n',
      );
      chmodSync(docker, 0o755);
      const input = `engine=${quote(`${docker} -H x`)}\ndeployment=d project=p stack=s component=c network=n\nlook=${quote(scriptText("look.sh"))}\n${scriptText("look-docker.sh")}add_image redis:8.0.2 0\nadd_program redis:8.0.2 ${field} ${quote(program)}\nlook_all\n`;
      const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}` };
      assertSaid(execFileSync("sh", { input, encoding: "utf8", env }), program, refused);
    });
  }
});
