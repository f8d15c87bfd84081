import { remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { refuseAny } from "../../errors.ts";
import type { Deployment, Identity } from "../deployment.ts";
import {
  handOverSeconds,
  type Host,
  type HostArgs,
  type Placement,
  type ProcessArgs,
  type ProcessCommands,
  type ProcessFacts,
} from "../host.ts";
import { rootScripts } from "../installation.ts";
import type { MachineLook, Place } from "../machineLook.ts";
import { ScriptedHost, type Words } from "../scriptedHost.ts";
import { assignments, quote } from "../shell.ts";
import { sshDirectoryProblems, sshFields, type SshHostArgs } from "./args.ts";
import { MachineCommands } from "./commands.ts";
import type { Keys } from "./connection.ts";
import { Door } from "./door.ts";
import { machineEdits } from "./edits.ts";
import { checkedKeys, connectionWith, limitationsOf, loginsOf } from "./login.ts";
import { lookAtMachine } from "./look.ts";
import { type Machine, ownerName, ownName } from "./machine.ts";
import { placeOnMachine } from "./place.ts";
import { ServerPrograms } from "./programs.ts";

/** Programs of the edits that there may be on such a machine only. */
export const possibleEdits: readonly string[] = ["kernel.sh", "services.sh", "firewall.sh"];

const scripts = [...rootScripts, ...possibleEdits];

/**
 * A machine that is reached over SSH: services where systemd runs, else plain processes; a user of
 * their own.
 */
export class SshHost extends ScriptedHost {
  override readonly limitations: pulumi.Output<readonly string[]>;
  override readonly machine: string;
  override readonly group: string;
  override readonly listensOn = this.address;
  override readonly ownAddress = this.address;
  override readonly announcedAddress = this.address;
  protected override readonly directory: pulumi.Output<string>;
  protected override readonly former: pulumi.Output<string>;
  protected override readonly looking: MachineLook;
  readonly #keys: pulumi.Output<Keys>;
  readonly #connection: pulumi.Output<types.input.remote.ConnectionArgs>;
  readonly #door: Door;
  readonly #serviceUser: string;
  readonly #programs: ServerPrograms;
  readonly #commands: MachineCommands;
  /** Of the processes on the machine. */
  readonly #ports: number[] = [];
  /** What has to be done on the machine before a process listens there. */
  readonly #before: pulumi.Resource[] = [];

  /**
   * @param others all hosts of the whole, this one among them: who has to get through.
   * @param deployment what it belongs to. @default one of its own
   */
  constructor(
    name: string,
    hostName: string,
    given: HostArgs & { ssh: SshHostArgs },
    others: () => Iterable<Host>,
    opts?: pulumi.ComponentResourceOptions,
    deployment?: Deployment,
  ) {
    super("redis-ha:index:SshHost", name, hostName, given, opts, deployment);
    const { ssh: args, directory } = given;
    if (directory !== undefined) refuseAny(sshDirectoryProblems("directory", directory), name);
    const sshAddress = args.address ?? given.address ?? "";
    const sshAddressField = args.address === undefined ? "address" : "ssh.address";
    this.machine = `ssh ${typeof sshAddress === "string" ? sshAddress : hostName}`;
    this.group = `ssh ${hostName}`;
    const logins = loginsOf(hostName, args, sshAddress, sshAddressField);
    this.deployment.preflight.requireBeforeAnything(pulumi.all([logins.target, logins.bastion]));
    this.limitations = limitationsOf(hostName, this, logins);
    const ownPlace = ({ project, stack }: Identity) =>
      `/var/lib/redis-ha/${project}.${stack}/${hostName}`;
    this.directory = this.deployment.directory(hostName, directory, ownPlace);
    this.former = this.deployment.former(hostName, directory, ownPlace);
    const doors = [...others()].flatMap((other) => (other instanceof SshHost ? other.#door : []));
    const { bastion } = args;
    this.#door = new Door(bastion ?? { ...args, address: sshAddress }, bastion ?? this).among(
      doors,
    );
    this.#serviceUser = args.serviceUser ?? sshFields.serviceUser.default;
    const machine: Machine = {
      name,
      hostName,
      parent: this,
      deployment: this.deployment,
      args,
      sshAddress,
      sshAddressField,
      logins,
      directory: this.directory,
    };
    this.looking = lookAtMachine(machine);
    this.#keys = checkedKeys(this.looking.answers, logins);
    this.#connection = connectionWith(this.#keys, logins);
    this.#programs = new ServerPrograms(machine, this.#connection, this.#door);
    this.#commands = new MachineCommands(logins, (script) => this.script(script));
    this.#installOn(machine);
    const edits = machineEdits(machine, {
      address: this.address,
      storeOf: (what) => this.storeOf(what),
      ports: () => this.#ports,
      hosts: () => [...others()].map((other) => other.announcedAddress),
    });
    for (const { what, beforeProcesses, ...edit } of edits) {
      const made = this.edit(`${name}-${what}`, edit, { parent: this });
      if (beforeProcesses) this.#before.push(made);
    }
    this.registerOutputs();
  }

  #installOn(machine: Machine): void {
    const script = this.script("machine.sh");
    const uninstall = pulumi.interpolate`if [ -f ${script} ]; then sh ${script} uninstall; fi`;
    const place = placeOnMachine(machine, script, uninstall);
    const conf = pulumi
      .all([ownName(machine), ownerName(machine)])
      .apply(([unit, owner]) => assignments({ user: this.#serviceUser, unit, owner }));
    this.install(
      scripts,
      this.#commands.toInstall(uninstall),
      pulumi.interpolate`put machine.conf ${conf.apply(quote)}\nsh ${script} prepare\n`,
      [place, this.#programs.installed],
    );
  }

  override look(
    process: string,
    wanted: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts> {
    const candidates = pulumi.output(wanted).apply((each) => this.#programs.candidates([...each]));
    return super
      .look(process, candidates)
      .apply((facts) => this.#programs.factsOnceInstalled(facts));
  }

  override keepProcess(
    name: string,
    process: string,
    args: ProcessArgs,
    facts: pulumi.Output<ProcessFacts>,
    placement: Placement,
  ): pulumi.Resource {
    this.#ports.push(args.port);
    return super.keepProcess(name, process, args, facts, {
      ...placement,
      dependsOn: [...this.#before, ...(placement.dependsOn ?? [])],
    });
  }

  override directoryOf(process: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/processes/${process}`;
  }

  protected override placeOf(process: string): pulumi.Output<Place> {
    return pulumi.all([this.directoryOf(process), this.directory]).apply(([directory, here]) => ({
      directory,
      apart: { settings: `${here}/settings/${process}`, user: this.#serviceUser },
    }));
  }

  override commandsFor(process: string): pulumi.Output<ProcessCommands> {
    return this.#commands.byHand(process, this.#keys);
  }

  protected override wordsForProcess(process: string, { stopSeconds }: ProcessArgs): Words {
    return this.#commands.forProcess(process, handOverSeconds + stopSeconds, this.knownBefore);
  }

  protected override wordsForEdit(edit: pulumi.Output<string>): Words {
    return this.#commands.forEdit(edit);
  }

  protected override wordsForMembers(): Words {
    return this.#commands.forMembers();
  }

  protected override wordsToVerify(process: string): Words {
    return this.#commands.toVerify(process);
  }

  protected override command(
    name: string,
    words: Words,
    stdin: pulumi.Input<string>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    const { after } = this.#door;
    const made = new remote.Command(
      name,
      { ...words, stdin, connection: this.#connection, addPreviousOutputInEnv: false },
      pulumi.mergeOptions(opts, after.next()),
    );
    after.take(made);
    return made;
  }
}
