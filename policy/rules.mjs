import { judgeVersion } from "./versions.mjs";

// The rules, as functions of what a component of pulumi-redis-ha has in the state. What is known
// only later, such as the address of a machine that is yet to be made, is judged once it is known.

/**
 * @typedef {{ type: string, props: Record<string, any> }} Component
 * @typedef {object} Rule
 * @property {string} name
 * @property {string} description
 * @property {"mandatory" | "advisory"} enforcementLevel
 * @property {(component: Component, all: readonly Component[]) => string[]} broken why it is, a
 * line for each reason; `all` is the whole stack
 */

const redisHa = "redis-ha:index:RedisHa";
const redisNode = "redis-ha:index:RedisNode";
const sentinel = "redis-ha:index:Sentinel";

/** @param {unknown} address */
const isLoopback = (address) => typeof address === "string" && address.startsWith("127.");

/**
 * Where members are lost together: at one address; all of loopback is one machine.
 *
 * @param {{ address?: unknown }[]} members
 * @returns {Map<string, number> | undefined} how many are at each; undefined where one is not known
 */
function domains(members) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { address } of members) {
    if (typeof address !== "string") return undefined;
    const at = isLoopback(address) ? "this machine" : address;
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return counts;
}

/** @param {Component} component @returns {Record<string, any>} what it was given */
const given = ({ props }) => props.args ?? {};

/** @param {Record<string, any>} args @returns {[path: string, own: Record<string, any>][]} */
const sshSections = (args) => [
  ["ssh", args.ssh ?? {}],
  ...Object.entries(args.hosts ?? {}).map(
    ([host, own]) =>
      /** @type {[string, Record<string, any>]} */ ([`hosts.${host}.ssh`, own?.ssh ?? {}]),
  ),
];

/**
 * Whether a server's version is its maker's own: that of an image, or of an archive. What a
 * distribution has mended in a package, its version does not say.
 *
 * @param {Component} component @param {readonly Component[]} all @returns {boolean}
 */
function isMakersOwn(component, all) {
  const { nodeName, sentinelName, nodes = [], sentinels = [] } = given(component);
  const self = [...nodes, ...sentinels].find(({ name }) => name === (nodeName ?? sentinelName));
  return all.some((each) => {
    if (each.type !== redisHa || self === undefined) return false;
    const { hosts = {}, ssh = {} } = given(each);
    const own = hosts[self.host] ?? {};
    return own.docker !== undefined || (own.ssh && (own.ssh.redisTarball ?? ssh.redisTarball));
  });
}

/**
 * @param {Component} component
 * @returns {ReturnType<typeof judgeVersion> | undefined} undefined where it is no server, or where
 * it is not known which
 */
const judged = ({ type, props }) =>
  [redisNode, sentinel].includes(type) && typeof props.version === "string"
    ? judgeVersion(props.version)
    : undefined;

/** @type {readonly Rule[]} */
export const rules = [
  {
    name: "quorum-is-a-majority",
    description: "An odd number of sentinels, and a quorum that is a majority of them.",
    enforcementLevel: "mandatory",
    broken(component) {
      if (component.type !== sentinel) return [];
      const { sentinels = [], masters = [] } = given(component);
      const count = sentinels.length;
      return [
        ...(count >= 3 && count % 2 === 1
          ? []
          : [`it is one of ${count} sentinels: three, five or another odd number is needed`]),
        ...masters.flatMap((/** @type {any} */ { name, quorum }) =>
          typeof quorum !== "number" || (quorum * 2 > count && quorum <= count)
            ? []
            : [`the quorum of ${name} is ${quorum}: a majority of ${count} is needed`],
        ),
      ];
    },
  },
  {
    name: "three-failure-domains",
    description: "Sentinels on three machines at least, none with half of them; nodes on two.",
    enforcementLevel: "mandatory",
    broken(component) {
      if (component.type !== sentinel) return [];
      const { sentinels = [], nodes = [] } = given(component);
      const [watching, serving] = [domains(sentinels), domains(nodes)];
      return [
        ...(watching && watching.size < 3
          ? [`the sentinels are on ${watching.size} machine(s): three are needed`]
          : []),
        ...[...(watching ?? [])]
          .filter(([, count]) => count * 2 >= sentinels.length)
          .map(([at]) => `half of the sentinels or more are lost together with ${at}`),
        ...(serving && serving.size < 2 ? ["all nodes are on one machine"] : []),
      ];
    },
  },
  {
    name: "not-open-without-passwords",
    description: "No server beyond loopback without passwords (openWithoutPasswords).",
    enforcementLevel: "mandatory",
    broken(component) {
      if (![redisNode, sentinel].includes(component.type)) return [];
      const { openWithoutPasswords, nodes = [], sentinels = [], bind } = given(component);
      if (openWithoutPasswords !== true) return [];
      const beyond = [...nodes, ...sentinels].filter(
        ({ address }) => typeof address === "string" && !isLoopback(address),
      );
      return beyond.length > 0 || (bind && !isLoopback(bind))
        ? ["others than the machine itself reach it, and it has no passwords"]
        : [];
    },
  },
  {
    name: "host-keys-are-checked",
    description: "No machine, and no bastion, whose SSH key is not checked.",
    enforcementLevel: "mandatory",
    broken(component) {
      if (component.type !== redisHa) return [];
      return sshSections(given(component)).flatMap(([path, own]) => [
        ...(own.hostKey === "unchecked" ? [`${path}.hostKey is unchecked`] : []),
        ...(own.bastion?.hostKey === "unchecked" ? [`${path}.bastion.hostKey is unchecked`] : []),
      ]);
    },
  },
  {
    name: "writes-are-kept",
    description: "Every node keeps its writes in an append-only file.",
    enforcementLevel: "mandatory",
    broken(component) {
      return component.type === redisNode && given(component).appendOnly === false
        ? ["appendOnly is false: what it has acknowledged is lost with its process"]
        : [];
    },
  },
  {
    name: "versions-are-mended",
    description:
      "No server of an image or an archive with a version that has a known fault, or is mended no more.",
    enforcementLevel: "mandatory",
    broken(component, all) {
      const found = judged(component);
      return found && isMakersOwn(component, all) && isRefused(found) ? [found.why] : [];
    },
  },
  {
    name: "versions-are-known",
    description: "Where nothing, or too little, is known of a server's version, that is told.",
    enforcementLevel: "advisory",
    broken(component, all) {
      const found = judged(component);
      if (found?.verdict === "unknown") return [found.why];
      return found && isRefused(found) && !isMakersOwn(component, all)
        ? [`${found.why}, unless its distribution has mended it in the package`]
        : [];
    },
  },
];

/** @param {ReturnType<typeof judgeVersion>} found */
function isRefused({ verdict }) {
  return verdict === "vulnerable" || verdict === "unmaintained";
}
