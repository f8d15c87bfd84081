import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "./paths.mjs";
import { choosePulumiHome } from "./pulumi.mjs";

/** @typedef {import("./paths.mjs").Environment} Environment */

/**
 * `stack`: all that the stack needs on this machine; `hosts`: only what reaching its hosts takes.
 */
export const STACK_NEEDS = ["stack", "hosts"];

/**
 * Replaces the needs that depend on a stack by what its settings file tells.
 * @param {string[]} needs
 * @param {string[]} command that works on the stack: program, script, and arguments with the
 * stack's name among them
 * @param {Environment} env
 * @param {string} [checkout] directory of the settings files
 * @returns {string[]}
 */
export function resolveNeeds(needs, command, env, checkout = CHECKOUT) {
  if (!needs.some((need) => STACK_NEEDS.includes(need))) return needs;
  const ofStack = stackNames(command, env, checkout).flatMap((name) =>
    settingsNeeds(settings(checkout, name)),
  );
  return [
    ...new Set(
      needs.flatMap((need) => {
        if (need === "stack") return ofStack;
        return need === "hosts" ? ofStack.filter((found) => found !== "redis") : need;
      }),
    ),
  ];
}

/**
 * @param {string[]} command
 * @param {Environment} env
 * @param {string} checkout
 * @returns {string[]} the stack that the command will work on, as far as that can be known without
 * Pulumi
 */
export function stackNames(command, env, checkout) {
  const given = command.slice(2).find((word) => !word.startsWith("-")) ?? env.PULUMI_STACK;
  if (given) return [given.split("/").at(-1) ?? given];
  const selected = selectedStacks(choosePulumiHome(env), checkout);
  return selected.length ? selected : ["dev"];
}

/**
 * @param {string} pulumiHome
 * @param {string} checkout
 * @returns {string[]} what `pulumi stack select` has selected, in each backend
 */
function selectedStacks(pulumiHome, checkout) {
  const project = createHash("sha1").update(join(checkout, "Pulumi.yaml")).digest("hex");
  try {
    const file = join(pulumiHome, "workspaces", `pulumi-redis-ha-${project}-workspace.json`);
    /** @type {{ stack?: string, stacks?: Record<string, string> }} */
    const { stack, stacks } = JSON.parse(readFileSync(file, "utf8"));
    return [stack, ...Object.values(stacks ?? {})].flatMap((name) => name?.split("/").at(-1) ?? []);
  } catch {
    return [];
  }
}

/**
 * @param {string} checkout
 * @param {string} name
 * @returns {string} the stack's settings; none if it has no file, as `dev` has none that matter
 */
function settings(checkout, name) {
  try {
    return readFileSync(join(checkout, `Pulumi.${name}.yaml`), "utf8");
  } catch {
    return "";
  }
}

/**
 * No YAML parser is there before the npm packages are; the hosts are written in few ways.
 * @param {string} yaml content of a stack's settings file
 * @returns {string[]} what the hosts in it need on this machine
 */
export function settingsNeeds(yaml) {
  const lines = yaml.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, ""));
  const hosts = hostsBlock(lines);
  const kinds = eachHost(hosts).map(
    (host) => /(?:^|[\s{,])["']?(docker|ssh)["']?\s*:(?!\/\/)/.exec(host)?.[1] ?? "local",
  );
  const needs = [];
  if (!kinds.length || kinds.includes("local")) needs.push("redis");
  if (kinds.includes("docker")) needs.push("docker");
  if (kinds.includes("ssh") || lines.some((line) => line.includes("ssh://"))) needs.push("ssh");
  return needs;
}

/**
 * @param {string} hosts the value of pulumi-redis-ha:hosts
 * @returns {string[]} what stands after each host's name
 */
function eachHost(hosts) {
  const withoutName = (/** @type {string} */ host) => host.replace(/^[^:]*:/, "");
  if (hosts.trim().startsWith("{")) return topLevel(hosts.trim().slice(1, -1)).map(withoutName);
  const lines = hosts.split("\n").filter((line) => line.trim());
  const indent = lines[0]?.search(/\S/) ?? 0;
  const begins = lines.flatMap((line, index) => (line.search(/\S/) <= indent ? [index] : []));
  return begins.map((begin, index) =>
    withoutName(lines.slice(begin, begins[index + 1]).join("\n")),
  );
}

/**
 * @param {string} text in flow style
 * @returns {string[]} its parts between commas that are in no bracket and no quotes
 */
function topLevel(text) {
  const parts = [""];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|'[^']*'|[^]/g)) {
    if ("{[".includes(token)) depth++;
    if ("}]".includes(token)) depth--;
    if (token === "," && depth === 0) parts.push("");
    else parts.push((parts.pop() ?? "") + token);
  }
  return parts.filter((part) => part.trim());
}

/**
 * @param {string[]} lines without comments
 * @returns {string} the value of pulumi-redis-ha:hosts, in whatever style
 */
function hostsBlock(lines) {
  const key = /^(\s*)["']?pulumi-redis-ha:hosts["']?\s*:(.*)$/;
  const first = lines.findIndex((line) => key.test(line));
  if (first < 0) return "";
  const [, indent = "", value = ""] = key.exec(lines[first] ?? "") ?? [];
  const rest = lines.slice(first + 1);
  // The next key that is not further in ends it; a closing brace may stand there.
  const end = rest.findIndex(
    (line) => /^\s*["'\w]/.test(line) && line.search(/\S/) <= indent.length,
  );
  return [value, ...rest.slice(0, end < 0 ? undefined : end)].join("\n");
}
