import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { ToolchainError } from "./errors.mjs";
import { cacheDirectory, home, TOOLCHAIN } from "./paths.mjs";
import { GO_MINIMUM, GO_SELF_UPDATING } from "./pins.mjs";
import { which } from "./programs.mjs";
import { say, step } from "./progress.mjs";
import { writeStamp } from "./stamps.mjs";
import { atLeast } from "./versions.mjs";
import { putInPlace } from "./place.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */
/** @typedef {import("./pieces.mjs").Piece} Piece */

/**
 * Builds a piece from the Go module registry and puts it in its place.
 * @param {Piece} piece
 * @param {string} pulumiHome
 * @param {Environment} env
 */
export async function build(piece, pulumiHome, env) {
  const go = findGo(env);
  const target = join(pulumiHome, piece.file);
  const directory = join(cacheDirectory(env), `build-${process.pid}`);
  const result = join(directory, basename(target));
  mkdirSync(directory, { recursive: true });
  say(`Building the ${piece.name} from its Go modules (${piece.takes} the first time)`);
  let packages = 0;
  try {
    const ldflags = ["-s", "-w", piece.ldflags].filter(Boolean).join(" ");
    await step(
      go.program,
      ["build", "-v", ...(piece.flags ?? []), "-ldflags", ldflags, "-o", result, piece.main],
      {
        title: piece.name,
        cwd: join(TOOLCHAIN, piece.sources),
        env: { ...env, ...go.env },
        where: (line) =>
          line.startsWith("go: ") ? line.slice(4) : `${++packages} packages, ${line}`,
      },
    );
    putInPlace(result, target);
    writeStamp(piece, target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {Environment} env
 * @returns {{ program: string, env: Environment }} Go, and the variables to build with
 * @throws {ToolchainError} where there is none that could build or fetch what builds
 */
export function findGo(env) {
  const places = [
    "/usr/local/go/bin",
    join(home(env), "go", "bin"),
    "/usr/lib/go/bin",
    "/opt/homebrew/bin",
    "/snap/bin",
  ];
  const program = which("go", env.PATH, places);
  const version = program && versionOf(program, env);
  if (!program || !version || !atLeast(version, GO_SELF_UPDATING)) {
    throw new ToolchainError(
      noGo(program && version ? `${program} is ${version}` : "there is none here"),
    );
  }
  return {
    program,
    env: {
      PATH: [dirname(program), env.PATH].filter(Boolean).join(delimiter),
      // Complete go.sum files and these flags: nothing is looked up, only fetched.
      GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
      GOWORK: "off",
      GOTOOLCHAIN: atLeast(version, GO_MINIMUM) ? "local" : `go${GO_MINIMUM}+auto`,
    },
  };
}

/**
 * @param {string} program
 * @param {Environment} env
 * @returns {string | undefined} for example "go1.26.8"
 */
function versionOf(program, env) {
  try {
    const text = execFileSync(program, ["version"], {
      encoding: "utf8",
      env: { ...env, GOTOOLCHAIN: "local" },
    });
    return /go\d+(\.\d+)*/.exec(text)?.[0];
  } catch {
    return undefined;
  }
}

/** @param {string} found */
function noGo(found) {
  return [
    `Pulumi's programs could not be downloaded here, and building them takes Go ${GO_SELF_UPDATING} or newer; ${found}.`,
    "Install one of these and start again:",
    "  Debian 13, Ubuntu 24.04 or newer:  apt-get install golang-go",
    "  Debian 12:                         apt-get install -t bookworm-backports golang-go",
    "  Fedora, RHEL:                      dnf install golang",
    "  Alpine:                            apk add go",
    "  macOS:                             brew install go",
    "Or put Pulumi's own programs in place: see toolchain/README.md.",
  ].join("\n");
}
