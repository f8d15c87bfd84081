import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programNames, scriptSource } from "../scripts/bundle.ts";

// shellcheck reads whole programs: a part alone uses what others define. What a program reads as
// data it has no other way to know of (SC2034).
const directory = mkdtempSync(join(tmpdir(), "redis-ha-shellcheck-"));
try {
  const files = programNames.map((name) => {
    const file = join(directory, name);
    writeFileSync(file, scriptSource(name));
    return file;
  });
  execFileSync("shellcheck", ["-s", "sh", "-e", "SC2034", ...files], { stdio: "inherit" });
} finally {
  rmSync(directory, { recursive: true });
}
