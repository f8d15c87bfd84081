/**
 * The exact versions that work together. Nothing else in the toolchain names one, except the go.mod
 * files.
 */

/** Pulumi's engine, its Node.js SDK and the npm package `pulumi`. */
export const ENGINE_VERSION = "3.259.0";

/** The language host for programs in YAML, which the tests run. */
export const YAML_VERSION = "1.25.0";

/** The `command` plugin: the version of the npm package @pulumi/command. */
export const COMMAND_PLUGIN_VERSION = "1.2.1";

/** The `docker` plugin: the version of the npm package @pulumi/docker. */
export const DOCKER_PLUGIN_VERSION = "5.2.0";

/** The oldest Node.js that the SDK supports and that runs TypeScript without a build. */
export const NODE_MINIMUM = "22.18.0";

/** The Node.js that is fetched where the machine's own is older. */
export const NODE_VERSION = "22.23.3";

/** What the go.mod files ask for. */
export const GO_MINIMUM = "1.25.11";

/** The oldest Go that can fetch a newer one by itself. */
export const GO_SELF_UPDATING = "1.21.0";
