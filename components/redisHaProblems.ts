import * as pulumi from "@pulumi/pulumi";
import { notAllowed, type Problem, refuseAny } from "../errors.ts";
import { shapeProblems, valueProblems } from "../fields.ts";
import { isUnicast } from "../hosts/address.ts";
import { dockerFields } from "../hosts/docker/args.ts";
import { directoryProblems, isHostName, lengthProblems, nameProblems } from "../hosts/names.ts";
import type { Preflight } from "../hosts/preflight.ts";
import { sshDirectoryProblems, sshProblems } from "../hosts/ssh/args.ts";
import { exposureProblems } from "./exposure.ts";
import { hostProblems } from "./hostProblems.ts";
import { requireLater } from "./later.ts";
import { localUserProblems, placesProblems } from "./placeProblems.ts";
import { authProblems } from "./redis/authArgs.ts";
import { promotable, redisProblems } from "./redis/args.ts";
import { resolveTopology, type Topology } from "./redis/topology.ts";
import {
  hostArgs,
  type KnownArgs,
  knownArgs,
  type RedisHaArgs,
  redisHaFields,
} from "./redisHaArgs.ts";
import { places } from "./zato/args.ts";
import { zatoPlace } from "./zato/serverConfs.ts";
import { zatoNodeProblems } from "./zato/versions.ts";

/**
 * @param name of the component.
 * @returns the topology, once nothing is wrong with what is known of the arguments.
 * @throws InputError with all that is wrong.
 */
export function checkedTopology(name: string, args: RedisHaArgs): Topology {
  const { unknown, wrong } = shapeProblems(args, redisHaFields);
  if (wrong.length > 0) refuseAny([...unknown, ...wrong], name);
  const known = knownArgs(args);
  const { topology, problems } = resolveTopology(known);
  problems.push(...unknown, ...nameProblems("name", name), ...otherProblems(known, topology));
  for (const { name: member, host } of [...topology.nodes, ...topology.sentinels])
    problems.push(...lengthProblems("name", [name, host, member, pulumi.getStack()]));
  refuseAny(problems, name);
  return topology;
}

/** Has what is known only later of the arguments checked in the same way, before anything. */
export function requireRestLater(
  preflight: Preflight,
  { hosts: places = {}, ...values }: RedisHaArgs,
): void {
  // How to log in over SSH is checked by who logs in.
  const containers = Object.fromEntries(
    Object.entries(places).map(([host, { docker }]) => [host, { docker }]),
  );
  requireLater(preflight, { ...values, hosts: containers }, ({ hosts: known, ...later }) => {
    const all = {
      ...later,
      hosts: Object.fromEntries(
        Object.entries(places).map(([host, each]) => [host, { ...each, ...known[host] }]),
      ),
    };
    const { wrong } = shapeProblems(all, redisHaFields);
    if (wrong.length > 0) return wrong;
    const { topology, problems } = resolveTopology(all);
    return [...problems, ...otherProblems(all, topology)];
  });
}

/** @returns what is wrong with the arguments that are not the topology's. */
function otherProblems(args: KnownArgs, topology: Topology): Problem[] {
  const problems: Problem[] = [];
  const refuse = (propertyPath: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(propertyPath, value, allowed));
  const { hosts = {}, redis = {}, ssh, docker, directory } = args;
  const nodes = topology.nodes.map(({ name }) => name);

  // The rest have checks of their own.
  const { adopt, hostsFile, timeouts } = args;
  problems.push(...valueProblems({ adopt, hostsFile, timeouts }, redisHaFields));
  if (directory !== undefined)
    problems.push(
      ...(Object.values(hosts).some((host) => host.ssh)
        ? sshDirectoryProblems("directory", directory)
        : directoryProblems("directory", directory)),
    );
  problems.push(...forgetProblems(args, topology));
  problems.push(...redisProblems(redis, nodes));
  problems.push(...authProblems(args.auth, withoutUsers(args)));
  if (nodes.length > 0 && promotable(redis, nodes).length === 0)
    refuse(
      "redis.directives.replica-priority",
      0,
      "above 0 for one node at least, or no replica is ever promoted (nodeDirectives sets it for single nodes)",
    );
  if (ssh) problems.push(...sshProblems("ssh", ssh));
  if (docker) problems.push(...valueProblems(docker, dockerFields, "docker"));
  const [firstNode] = topology.nodes;
  if (firstNode)
    problems.push(
      ...zatoNodeProblems(`nodes.${firstNode.name}`, `${firstNode.host}:${firstNode.port}`),
    );
  const confHosts = places.flatMap((list) =>
    (args.zato?.[list] ?? []).flatMap((conf, index) => {
      const { host } = zatoPlace(conf);
      if (host !== undefined && !Object.hasOwn(hosts, host))
        refuse(
          `zato.${list}[${index}]`,
          conf,
          "an absolute path, or HOST:PATH with one of `hosts`",
        );
      return host ?? [];
    }),
  );
  const members = new Set([...topology.nodes, ...topology.sentinels].map(({ host }) => host));
  const used = new Set([...members, ...confHosts]);
  for (const [host, own] of Object.entries(hosts)) {
    const path = `hosts.${host}`;
    if (!isHostName(host)) refuse(path, host, "as a host name, letters, digits, '-', '_' and '.'");
    // One elsewhere may be there for what leaves it: that the look tells.
    else if (!used.has(host) && !own.ssh && !own.docker)
      refuse(
        path,
        host,
        `one of the hosts of \`nodes\` and \`sentinels\`: ${[...used].join(", ")}`,
      );
    // The directory of all is checked where it was given, unless it is wrong for this host.
    problems.push(
      ...hostProblems(path, { ...hostArgs(args, host), directory: own.directory }, own),
    );
    const { address } = own;
    if (typeof address === "string" && isUnicast(address) && members.has(host))
      problems.push(
        ...exposureProblems(host, address, args.openWithoutPasswords || args.auth?.enabled),
      );
  }
  problems.push(...placesProblems(args, [...members]), ...localUserProblems(args, [...used]));
  return problems;
}

/** What can't log in anywhere yet. */
function withoutUsers({ zato }: KnownArgs): string[] {
  return places.filter((list) => zato?.[list]?.length).map((list) => `\`zato.${list}\``);
}

/** What is of the deployment can't be what is gone for good. */
function forgetProblems({ forget, hosts = {} }: KnownArgs, topology: Topology): Problem[] {
  const problems: Problem[] = [];
  const refuse = (propertyPath: string, value: unknown, allowed: string) =>
    problems.push(notAllowed(propertyPath, value, allowed));
  for (const [index, each] of (forget ?? []).entries()) {
    const [, host = "", port = ""] = /^([A-Za-z0-9._-]+):(\d{1,5})$/.exec(each) ?? [];
    const addresses = (member: { host: string }) => [
      member.host,
      hosts[member.host]?.address ?? "127.0.0.1",
    ];
    const ours = [...topology.nodes, ...topology.sentinels].find(
      (member) => String(member.port) === port && addresses(member).includes(host),
    );
    if (!host)
      refuse(
        `forget[${index}]`,
        each,
        "HOST:PORT of a replica or a sentinel, as the verification names it",
      );
    else if (ours)
      refuse(`forget[${index}]`, each, `what is not of this deployment: ${ours.name} is there`);
  }
  return problems;
}
