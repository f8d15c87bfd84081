import type * as pulumi from "@pulumi/pulumi";
import { notAllowed, type Problem } from "../errors.ts";
import { valueProblems } from "../fields.ts";
import { isLater } from "../hosts/sdk.ts";
import { isHostName, nameProblems } from "../hosts/names.ts";
import { isReachable } from "../hosts/ssh/args.ts";
import { redisFields } from "./redis/args.ts";
import { isPort, masterNameProblems } from "./redis/topology.ts";
import type { ServerArgs } from "./serverProcess.ts";

// What RedisHa has checked of a topology as a whole, components that stand on their own are given
// piece by piece: all of it becomes part of configuration files, of lists in shell text and of
// commands.

/** @returns what is wrong with what a node and a sentinel have in common. */
export function serverProblems(
  args: Pick<ServerArgs, "port" | "bind" | "nodes" | "sentinels" | "serverBinary" | "cliBinary">,
): Problem[] {
  const { port, bind, nodes, sentinels, serverBinary, cliBinary } = args;
  return [
    ...portProblems("port", port),
    ...(bind === undefined || bind.split(" ").every((word) => /^-?[A-Za-z0-9_.:*%-]+$/.test(word))
      ? []
      : [notAllowed("bind", bind, "addresses or names, a blank between them")]),
    ...nodes.flatMap((node, index) => memberProblems(`nodes[${index}]`, node)),
    ...sentinels.flatMap((sentinel, index) => memberProblems(`sentinels[${index}]`, sentinel)),
    ...valueProblems({ serverBinary, cliBinary }, redisFields),
  ];
}

/** @returns what is wrong with a master, as nodes and sentinels are told of it. */
export function masterProblems(masterName: string, initialMaster: string): Problem[] {
  return [...masterNameProblems(masterName), ...nameProblems("initialMaster", initialMaster)];
}

function memberProblems(
  path: string,
  member: { name: string; host: string; port: number; address: pulumi.Input<string> },
): Problem[] {
  const { name, host, port, address } = member;
  const problems = [...nameProblems(`${path}.name`, name), ...portProblems(`${path}.port`, port)];
  // An address will do where the servers can't use names.
  if (!isHostName(host) && !isReachable(host))
    problems.push(notAllowed(`${path}.host`, host, "a host's name or address"));
  if (!isLater(address) && !isReachable(address))
    problems.push(notAllowed(`${path}.address`, address, "a host's address"));
  return problems;
}

function portProblems(path: string, port: unknown): Problem[] {
  return isPort(port) ? [] : [notAllowed(path, port, "a port from 1 to 65535")];
}

/** @returns what is wrong with `HOST:PORT` of a process. */
export function placeProblems(path: string, place: unknown): Problem[] {
  const [, host = "", port = ""] = /^([^:\s]+):(\d{1,5})$/.exec(String(place)) ?? [];
  return (isHostName(host) || isReachable(host)) && isPort(Number(port))
    ? []
    : [notAllowed(path, place, "HOST:PORT, such as redis1:16355")];
}
