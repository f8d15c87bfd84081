import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { notAllowed, type Problem } from "../errors.ts";
import { isLoopback } from "../hosts/address.ts";
import { isLater } from "../hosts/sdk.ts";
import { isUser } from "../hosts/ssh/args.ts";
import { hostArgs, type KnownArgs } from "./redisHaArgs.ts";

/**
 * Only root can start servers as another user, who has to get to their directories, which become
 * part of its account.
 */
export function localUserProblems(
  { local, hosts, directory }: KnownArgs,
  used: string[],
): Problem[] {
  const { user } = local ?? {};
  if (user === undefined) return [];
  if (!isUser(user) || user === "root")
    return [notAllowed("local.user", user, "a user's name, and not root")];
  if (process.getuid?.() !== 0)
    return [
      notAllowed(
        "local.user",
        user,
        "nothing, unless Pulumi runs as root: nobody else can start others' servers",
      ),
    ];
  const locals = used.filter((host) => !hosts?.[host]?.ssh && !hosts?.[host]?.docker);
  const places = locals.map((host): [string, string | undefined] => [
    `hosts.${host}.directory`,
    hosts?.[host]?.directory,
  ]);
  if (places.some(([, own]) => own === undefined)) places.push(["directory", directory]);
  const rule =
    "with local.user, an absolute path of letters, digits, '.', '_', '-' and '/', to which that user can get";
  return places.flatMap(([path, place]) => {
    if (place === undefined) return [];
    const closed = closedIn(place);
    if (closed !== undefined)
      return [notAllowed(path, place, `${rule}; ${closed} is closed to others`)];
    return /^\/[A-Za-z0-9._/-]+$/.test(place) ? [] : [notAllowed(path, place, rule)];
  });
}

/**
 * @returns the first directory in the path that others may not enter, and that the stack has not
 * made, which it opens.
 */
function closedIn(path: string): string | undefined {
  const list = join(path, "made");
  const made = existsSync(list) ? readFileSync(list, "utf8").split("\n") : [];
  const closed = (at: string): string | undefined => {
    const stat = statSync(at, { throwIfNoEntry: false });
    const here = stat && (stat.mode & 0o001) === 0 && !made.includes(at) ? at : undefined;
    return (dirname(at) === at ? undefined : closed(dirname(at))) ?? here;
  };
  return closed(path);
}

/** Hosts on several machines reach each other only by addresses that are not everybody's own. */
export function placesProblems(args: KnownArgs, used: string[]): Problem[] {
  if (placesOf(args, used) < 2) return [];
  return used.flatMap((host) => {
    const address = args.hosts?.[host]?.address ?? "127.0.0.1";
    if (typeof address !== "string" || !isLoopback(address)) return [];
    return [
      notAllowed(
        `hosts.${host}.address`,
        address,
        "the hosts are on several machines, and need the address under which the others reach them",
      ),
    ];
  });
}

/** @returns on how many machines the hosts are. */
function placesOf(args: KnownArgs, used: string[]): number {
  const place = (host: string): unknown => {
    const { ssh, docker, address } = hostArgs(args, host);
    if (ssh) return `ssh ${typeof address === "string" ? address : host}`;
    // Hosts with one and the same output are on one engine.
    if (docker) return isLater(docker.engine) ? docker.engine : `docker ${docker.engine}`;
    return "local";
  };
  return new Set(used.map(place)).size;
}
