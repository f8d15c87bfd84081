import * as pulumi from "@pulumi/pulumi";
import { inputError, notAllowed } from "../errors.ts";
import { shown } from "../hosts/foreignText.ts";
import type { Found, FoundProcess, Host } from "../hosts/host.ts";
import { assignments } from "../hosts/shell.ts";
import type { Located } from "./redis/lifecycleParameters.ts";
import type { Member, Topology } from "./redis/topology.ts";

/** A topology, and where its members are. */
export interface Placed {
  topology: Topology;
  /** All hosts, also those without a member. */
  hosts: readonly Host[];
  /** Names of those that are in the program for nothing but what leaves them. */
  left: readonly string[];
  hostOf: (host: string) => Host;
}

/**
 * Looks for what of the deployment is there and not in the program; tells who leaves.
 *
 * @param forget `HOST:PORT` of those that are gone for good.
 * @returns fails where that can't be done in one update, before anything is touched.
 */
export function leaversOf(
  { topology, hosts, left, hostOf }: Placed,
  forget: pulumi.Input<readonly string[] | undefined>,
): pulumi.Output<void> {
  const members = [...topology.nodes, ...topology.sentinels];
  const looks = hosts.map((host) => host.found(namesOn(host.hostName, topology)));
  const places = members.map(({ name, host }) => hostOf(host).placeFor(name));
  const addresses = members.map(({ host }) => hostOf(host).address);
  return pulumi
    .all([pulumi.all(looks), pulumi.all(places), pulumi.all(addresses), forget])
    .apply(([found, at, addressed, gone]) => {
      const wanted = members.map((member, index) => ({
        ...member,
        address: addressed[index] ?? "",
        place: at[index] ?? "",
        isNode: index < topology.nodes.length,
      }));
      const groups = hosts.flatMap(({ hostName, group }) =>
        left.includes(hostName) ? [] : [group],
      );
      // Where others are of the same group, it is not needed for what leaves.
      for (const [index, { hostName, group }] of hosts.entries())
        if (left.includes(hostName) && (!found[index]?.isThere || groups.includes(group)))
          refuseStranger(hostName, topology);
      const leavers = leaving(found, wanted);
      refuseUnknown(found, leavers, wanted, gone ?? []);
      refuseInTheWay(leavers, wanted);
      refuseAllSentinels(found, topology);
      for (const { name, host, port } of leavers)
        void pulumi.log.info(
          `${shown(`${name} (${host}:${port})`)} is not in the program any more: before the verification it hands over, if it is the master, is stopped, and the sentinels forget it; then it is deleted`,
        );
    });
}

/** @returns who is to stay, in the words of the lifecycle script. */
export function stayingText(
  nodes: readonly Located[],
  sentinels: readonly Located[],
): pulumi.Output<string> {
  const lines = (members: readonly Located[]) =>
    pulumi.all(
      members.map(
        ({ name, host, address, port }) => pulumi.interpolate`${name} ${host} ${address} ${port}`,
      ),
    );
  return pulumi
    .all([lines(nodes), lines(sentinels)])
    .apply(([staying_nodes, staying_sentinels]) =>
      assignments({ staying_nodes, staying_sentinels }),
    );
}

/** @returns the names of the members on a host. */
export function namesOn(hostName: string, topology: Topology): string[] {
  return [...topology.nodes, ...topology.sentinels]
    .filter(({ host }) => host === hostName)
    .map(({ name }) => name);
}

type Wanted = Member & { address: string; place: string; isNode: boolean };

const sameMember = (one: Omit<Member, "address">, other: Omit<Member, "address">) =>
  one.name === other.name && one.host === other.host && one.port === other.port;

/** Each once: several hosts see what is beside them, or on the same engine. */
function leaving(found: readonly Found[], wanted: readonly Wanted[]): FoundProcess[] {
  const all = found.flatMap(({ processes }) => processes);
  return all.filter(
    (each, index) =>
      all.findIndex(({ name, place }) => name === each.name && place === each.place) === index &&
      !wanted.some(({ name, place }) => name === each.name && place === each.place),
  );
}

/** A host on which nothing of the deployment ever was, and is to be: a slip of the pen. */
function refuseStranger(hostName: string, { nodes, sentinels }: Topology): never {
  const members = new Set([...nodes, ...sentinels].map(({ host }) => host));
  throw inputError(
    notAllowed(
      `hosts.${hostName}`,
      hostName,
      `one of the hosts of \`nodes\` and \`sentinels\`: ${[...members].join(", ")}`,
    ),
  );
}

/** Whom others know, and no look has found: somewhere where the program does not look. */
function refuseUnknown(
  found: readonly Found[],
  leavers: readonly FoundProcess[],
  wanted: readonly Wanted[],
  forget: readonly string[],
): void {
  const lost = found
    .flatMap(({ known }) => known)
    .find(
      (each) =>
        !wanted.some((member) => sameMember(member, each)) &&
        !leavers.some((leaver) => sameMember(leaver, each)) &&
        // A member with another port, on the same host, is told of its new one.
        !wanted.some(({ name, host }) => name === each.name && host === each.host) &&
        !forget.includes(`${each.host}:${each.port}`) &&
        !forget.includes(`${each.address}:${each.port}`),
    );
  if (!lost) return;
  const [list, place] = [`${lost.kind}s`, `${lost.host}:${lost.port}`];
  throw inputError({
    propertyPath: `${list}.${lost.name}`,
    reason: `${shown(lost.name)}, at ${shown(place)}, is known to the others, and is neither in the program nor on a host that it has: nothing was touched. Keep ${shown(`hosts.${lost.host}`)} (with its ssh or docker) until that has left, and remove the host in a second update; or, if it is gone for good, forget: [${JSON.stringify(shown(place))}]`,
  });
}

/** A node that comes has to be linked before the one that leaves may end. */
function refuseInTheWay(leavers: readonly FoundProcess[], wanted: readonly Wanted[]): void {
  for (const leaver of leavers) {
    const comes = wanted.find(
      ({ host, address, port, isNode }) =>
        isNode &&
        port === leaver.port &&
        (host === leaver.host || (leaver.kind !== inContainer && address === leaver.address)),
    );
    const moved = wanted.find(({ name }) => name === leaver.name);
    if (leaver.kind === inContainer && moved)
      throw inputError(
        notAllowed(
          `${moved.isNode ? "nodes" : "sentinels"}.${moved.name}`,
          `${moved.host}:${moved.port}`,
          `on ${leaver.host}, where it is: a container can't take what it holds to another host. Add one of another name there, and remove ${moved.name} then, or in the same update`,
        ),
      );
    if (comes)
      throw inputError(
        notAllowed(
          `nodes.${comes.name}`,
          `${comes.host}:${comes.port}`,
          `a port that nobody has as long as it comes: ${shown(leaver.name)} has this one, and may leave only once ${comes.name} has all of the data. Set another port, or remove ${shown(leaver.name)} first and add ${comes.name} in a second update`,
        ),
      );
  }
}

/** What a look at containers calls everything. */
const inContainer = "process";

/** They know the master, and who took over from whom. */
function refuseAllSentinels(found: readonly Found[], { sentinels }: Topology): void {
  const known = found.flatMap((each) => each.known).filter(({ kind }) => kind === "sentinel");
  if (known.length === 0 || known.some((each) => sentinels.some((one) => sameMember(one, each))))
    return;
  throw inputError(
    notAllowed(
      "sentinels",
      sentinels.map(({ name }) => name).join(", "),
      `one, at least, of those that there are: ${[...new Set(known.map(({ name }) => shown(name)))].join(", ")}; the others can be replaced in one update, and this one in the next`,
    ),
  );
}
