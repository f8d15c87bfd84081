import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { EditArgs } from "../host.ts";
import { onceBuilt } from "../preflight.ts";
import { assignments } from "../shell.ts";
import { kernelSettings } from "./args.ts";
import { type Machine, ownName } from "./machine.ts";

/** What is changed on a machine besides the stack's own directories, and put back with it. */
export interface MachineEdit extends EditArgs {
  /** The end of its resource's name. */
  what: "kernel" | "services" | "firewall";
  /** Whether it has to be done before a process listens there. */
  beforeProcesses: boolean;
}

/** What else the edits have to know. */
export interface MachineEditsArgs {
  /** Where the servers listen. */
  address: pulumi.Output<string>;
  /** @returns the directory in which an edit remembers what it has to put back. */
  storeOf: (what: string) => pulumi.Output<string>;
  /** TCP ports of the processes there; called once the program has built all of them. */
  ports: () => readonly number[];
  /** Addresses of all hosts of the whole; called then, too. */
  hosts: () => pulumi.Output<string>[];
}

/** @returns the edits that the machine's arguments ask for, in their order. */
export function machineEdits(machine: Machine, args: MachineEditsArgs): MachineEdit[] {
  const wanted = machine.args.kernelSettings ?? kernelSettings;
  const clients = machine.args.firewallClients ?? [];
  return [
    ...(wanted.length > 0 ? [kernelEdit(machine, args, wanted)] : []),
    servicesEdit(machine, args),
    ...(clients.length > 0 ? [firewallEdit(machine, args, clients)] : []),
  ];
}

function kernelEdit(
  machine: Machine,
  { storeOf }: MachineEditsArgs,
  wanted: readonly string[],
): MachineEdit {
  const settings = pulumi
    .all([storeOf("kernel"), ownName(machine)])
    .apply(([store, owner]) => assignments({ STORE: store, OWNER: owner, WANTED: wanted }));
  const field = "ssh.kernelSettings";
  return { what: "kernel", field, script: "kernel.sh", settings, beforeProcesses: false };
}

/** Keeps the distribution's own servers off the ports of the stack's. */
function servicesEdit(
  { hostName }: Machine,
  { address, storeOf, ports }: MachineEditsArgs,
): MachineEdit {
  const settings = onceBuilt(() =>
    pulumi
      .all([storeOf("services"), address])
      .apply(([store, own]) =>
        assignments({ PORTS: ports().map(String), ADDRESS: own, STORE: store }),
      ),
  );
  const field = `hosts.${hostName}`;
  return { what: "services", field, script: "services.sh", settings, beforeProcesses: true };
}

/** Lets nobody but the hosts and the clients get to the servers' ports. */
function firewallEdit(
  machine: Machine,
  { storeOf, ports, hosts }: MachineEditsArgs,
  clients: pulumi.Input<string>[],
): MachineEdit {
  const table = ownName(machine).apply(tableOf);
  const settings = onceBuilt(() =>
    pulumi
      .all([table, storeOf("firewall"), pulumi.all(hosts()), pulumi.all(clients)])
      .apply(([named, store, addresses, allowed]) =>
        assignments({
          TABLE: named,
          PORTS: ports().map(String),
          ALLOWED: [...addresses, ...allowed],
          STORE: store,
        }),
      ),
  );
  const field = "ssh.firewallClients";
  return { what: "firewall", field, script: "firewall.sh", settings, beforeProcesses: true };
}

/**
 * @returns the name of the table of what has that name, and nobody else's. nftables takes a letter
 * first, and neither dots nor hyphens; what differs only by what stands in their place gets a table
 * of its own all the same.
 */
export function tableOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9]/g, "_");
  if (/^[A-Za-z][A-Za-z0-9-]*$/.test(name)) return plain;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `t_${plain.slice(0, 200)}_${digest}`;
}
