import { join } from "node:path";
import {
  COMMAND_PLUGIN_VERSION,
  DOCKER_PLUGIN_VERSION,
  ENGINE_VERSION,
  YAML_VERSION,
} from "./pins.mjs";

/**
 * One program that Pulumi consists of.
 * @typedef {object} Piece
 * @property {string} name
 * @property {string} file where it belongs, below PULUMI_HOME
 * @property {string} sources folder of the Go module in this folder that it is built from
 * @property {string} main Go package to build
 * @property {string} [ldflags] further linker flags
 * @property {string[]} [flags] further flags of the build
 * @property {string} takes how long the build takes on two cores with nothing cached
 * @property {{ name: string, version: string }} [plugin] how the engine calls it, if it can fetch
 * it
 * @property {string[]} [onlyFor] the needs that it is for; without any it is always needed
 */

const ENGINE_BIN = join("versions", ENGINE_VERSION, "bin");

/**
 * A further plugin is one more entry here and one more Go module beside the others.
 * @type {Piece[]}
 */
export const PIECES = [
  {
    name: "engine",
    file: join(ENGINE_BIN, "pulumi"),
    sources: "engine",
    main: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${ENGINE_VERSION}`,
    takes: "about 5 minutes",
  },
  {
    name: "language host",
    file: join(ENGINE_BIN, "pulumi-language-nodejs"),
    sources: "language-nodejs",
    main: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    takes: "half a minute",
  },
  {
    name: "command plugin",
    file: join("plugins", `resource-command-v${COMMAND_PLUGIN_VERSION}`, "pulumi-resource-command"),
    sources: "command-provider",
    main: ".",
    takes: "about a minute",
    plugin: { name: "command", version: COMMAND_PLUGIN_VERSION },
  },
  {
    name: "docker plugin",
    file: join("plugins", `resource-docker-v${DOCKER_PLUGIN_VERSION}`, "pulumi-resource-docker"),
    sources: "docker-provider",
    main: ".",
    // Without Terraform's docker_compose resource: fewer packages, and no C on macOS.
    flags: ["-tags", "no_compose"],
    takes: "two to five minutes",
    plugin: { name: "docker", version: DOCKER_PLUGIN_VERSION },
    onlyFor: ["docker", "tests"],
  },
  {
    name: "language host for YAML",
    file: join(ENGINE_BIN, "pulumi-language-yaml"),
    sources: "language-yaml",
    main: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    ldflags: `-X github.com/pulumi/pulumi-yaml/pkg/version.Version=v${YAML_VERSION}`,
    takes: "two to four minutes",
    onlyFor: ["tests"],
  },
];

/**
 * @param {string} pulumiHome
 * @returns {string} the directory of the engine and its language hosts
 */
export function engineDirectory(pulumiHome) {
  return join(pulumiHome, ENGINE_BIN);
}
