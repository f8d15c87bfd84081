import { setTimeout as sleep } from "node:timers/promises";
import { local, remote, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { inputError, InputError, notAllowed } from "../../errors.ts";
import { scriptText } from "../../scripts/bundle.ts";
import type { Deployment, Identity } from "../deployment.ts";
import { quoted, shown } from "../foreignText.ts";
import { onceBuilt } from "../preflight.ts";
import {
  handOverSeconds,
  type Host,
  type HostArgs,
  type Placement,
  type ProcessArgs,
  type ProcessCommands,
  type ProcessFacts,
} from "../host.ts";
import { type Answers, Look, type Place, refusalIn, refuseOthersPlace } from "../look.ts";
import { isLater, valueToLookWith } from "../sdk.ts";
import { ScriptedHost, type Words } from "../scriptedHost.ts";
import { assignments, quote } from "../shell.ts";
import {
  type BastionArgs,
  isReachable,
  kernelSettings,
  keyProblems,
  machineRule,
  servers,
  type SshArgs,
  sshFields,
  type SshHostArgs,
  sshProblems,
} from "./args.ts";
import {
  become,
  connectionOf,
  type Keys,
  type Login,
  overSsh,
  sshWords,
  usableKey,
} from "./connection.ts";

const scripts = ["host.sh", "lifecycle.sh", "machine.sh", "shared.sh"];
const edits = ["hosts-entries.sh", "kvdb.sh", "kernel.sh", "services.sh", "firewall.sh"];

/** Assignments in front of a script. */
type Settings = Record<string, pulumi.Input<string | boolean>>;

/**
 * A machine that is reached over SSH: services where systemd runs, else plain processes; a user of
 * their own.
 */
export class SshHost extends ScriptedHost {
  override readonly limitations: pulumi.Output<readonly string[]>;
  override readonly machine: string;
  override readonly listensOn: pulumi.Output<string>;
  override readonly ownAddress: pulumi.Output<string>;
  override readonly announcedAddress: pulumi.Output<string>;
  protected override readonly directory: pulumi.Output<string>;
  protected override readonly former: pulumi.Output<string>;
  protected override readonly looking: Look;
  /** How to log in, without the keys: no secret. */
  readonly #target: pulumi.Output<Login>;
  readonly #bastion: pulumi.Output<Login | undefined>;
  /** The same with the keys. */
  readonly #logIn: pulumi.Output<{ target: Login; bastion: Login | undefined }>;
  readonly #keys: pulumi.Output<Keys>;
  readonly #connection: pulumi.Output<types.input.remote.ConnectionArgs>;

  /**
   * The sshd that a connection to the machine meets first, its bastion's or its own: ADDRESS:PORT,
   * or what stands for that.
   */
  readonly #door: unknown;
  /**
   * What logs in there, in the order in which it was made, from all hosts with the same door: the
   * servers' programs, and all that follows.
   */
  readonly #logins: { installing: pulumi.Resource[]; after: pulumi.Resource[] };
  readonly #reachedAt: "address" | "ssh.address";
  readonly #version: string | undefined;
  readonly #serviceUser: string;
  readonly #packages: remote.Command;
  readonly #processes: { process: string; port: number; stopSeconds: number }[] = [];
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
    const sshAddress = args.address ?? given.address ?? "";
    this.machine = `ssh ${typeof sshAddress === "string" ? sshAddress : hostName}`;
    const { privateKey, bastion } = args;
    const target = withoutKey({ ...args, address: sshAddress });
    this.#reachedAt = args.address === undefined ? "address" : "ssh.address";
    this.#target = checkedLogin(
      target,
      `hosts.${hostName}.ssh`,
      `hosts.${hostName}.${this.#reachedAt}`,
    );
    const bastionPath = `hosts.${hostName}.ssh.bastion`;
    this.#bastion = bastion
      ? checkedLogin(withoutKey(bastion), bastionPath, `${bastionPath}.address`)
      : pulumi.output(undefined);
    const secret = (key: pulumi.Input<string> | undefined) =>
      key === undefined ? undefined : pulumi.secret(key);
    const keys = [secret(privateKey), secret(bastion?.privateKey)] as const;
    this.#logIn = pulumi
      .all([this.#target, this.#bastion, ...keys])
      .apply(([own, through, key, throughKey]) => {
        const problems = [
          ...keyProblems(`hosts.${hostName}.ssh`, { privateKey: key }),
          ...keyProblems(bastionPath, { privateKey: throughKey }),
        ];
        for (const problem of problems) throw inputError(problem);
        return {
          target: { ...own, privateKey: key },
          bastion: through && { ...through, privateKey: throughKey },
        };
      });
    this.deployment.preflight.requireBeforeAnything(pulumi.all([this.#target, this.#bastion]));
    this.limitations = pulumi.all([this.#target, this.#bastion]).apply(([own, door]) => {
      const lines = [
        ...(own.hostKey === "unchecked"
          ? [`${hostName}: its key is not checked, so anybody on the way can pass for it`]
          : []),
        ...(door?.hostKey === "unchecked"
          ? [`${hostName}: the key of its bastion is not checked`]
          : []),
      ];
      for (const line of lines) void pulumi.log.warn(line, this);
      return lines;
    });
    this.listensOn = this.address;
    this.ownAddress = this.address;
    this.announcedAddress = this.address;
    const ownPlace = ({ project, stack }: Identity) =>
      `/var/lib/redis-ha/${project}.${stack}/${hostName}`;
    this.directory = this.deployment.directory(hostName, directory, ownPlace);
    this.former = this.deployment.former(hostName, directory, ownPlace);
    const doorAddress = (bastion ?? target).address;
    const doorPort = (bastion ?? target).port ?? 22;
    this.#door =
      typeof doorAddress === "string" && typeof doorPort === "number"
        ? `${doorAddress}:${doorPort}`
        : (bastion ?? this);
    const beside = [...others()].find(
      (other): other is SshHost => other instanceof SshHost && other.#door === this.#door,
    );
    this.#logins = beside ? beside.#logins : { installing: [], after: [] };
    this.#version = args.redisVersion;
    this.#serviceUser = args.serviceUser ?? sshFields.serviceUser.default;
    this.looking = new Look({
      what: hostName,
      preflight: this.deployment.preflight,
      run: (text, opts) => {
        const wrapped = pulumi
          .all([text, this.#logIn])
          .apply(([look, { target, bastion }]) => overSsh(target, bastion, look));
        const once = () =>
          local.runOutput(
            { command: "sh", stdin: valueToLookWith(wrapped), logging: "none" },
            { parent: this, ...opts },
          ).stdout;
        // What the same update has made a moment ago may still be booting.
        const isNew =
          !pulumi.runtime.isDryRun() && (isLater(sshAddress) || opts.dependsOn !== undefined);
        return isNew
          ? this.#onceUp(
              once,
              Date.now() + (args.bootTimeoutSeconds ?? sshFields.bootTimeoutSeconds.default) * 1000,
            )
          : once();
      },
      opening: pulumi.interpolate`${this.deployment.opening}look_machine ${this.directory.apply(quote)}\n`,
      closing: "wait\n",
      check: (answers) =>
        pulumi.all([this.#target, this.#bastion]).apply(([own, door]) => {
          this.#refuse(answers, own, door);
          return true;
        }),
    });
    this.#keys = pulumi.all([this.looking.answers, this.#target]).apply(([said, { hostKey }]) => {
      const known = (which: string) => usableKey((said[`keys.${which}`] ?? "").split("\u001f"));
      return {
        target: hostKey === "unchecked" ? undefined : known("target"),
        bastion: known("bastion"),
      };
    });
    this.#connection = pulumi.secret(
      pulumi
        .all([this.#logIn, this.#keys])
        .apply(([{ target, bastion }, keys]) => connectionOf(target, bastion, keys)),
    );
    const owner = this.directory.apply((directory) => directory.replaceAll("/", "-"));
    const opened = this.deployment.namedInStack(name);
    const conf = pulumi
      .all([opened, owner])
      .apply(([unit, owned]) => assignments({ user: this.#serviceUser, unit, owner: owned }));
    const machine = this.script("machine.sh");
    const uninstall = pulumi.interpolate`if [ -f ${machine} ]; then sh ${machine} uninstall; fi`;
    const packages = (settings: Settings) =>
      pulumi
        .all([pulumi.all(settings), owner])
        .apply(
          ([known, owned]) =>
            `${assignments({ ...known, owner: owned })}${scriptText("shared.sh")}${scriptText("packages.sh")}`,
        );
    this.#packages = this.#installRedis(args, packages);
    // A remote command whose machine has changed is never undone on the old one.
    const place = pulumi.interpolate`${hostName} (${sshAddress})`;
    const left = pulumi.interpolate`could not be reached: what is left there has to be ended by hand (sh ${machine} uninstall)`;
    const moved = new local.Command(
      `${name}-place`,
      {
        create: "true",
        delete: pulumi
          .all([left, place])
          .apply(
            ([said, at]) =>
              `case $(sh) in *refused.*) echo ${quote(`${at} ${said}`)} >&2 ;; *) echo ${quote(`${at} is cleaned up`)} ;; esac`,
          ),
        stdin: pulumi
          .all([uninstall, packages({ action: "remove" }), this.#logIn])
          .apply(
            ([ended, removed, { target, bastion }]) =>
              `limit=200\n${overSsh(target, bastion, `(${ended})\n${removed}`)}`,
          ),
        triggers: [sshAddress],
        addPreviousOutputInEnv: false,
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.install(
      scripts,
      edits,
      {
        create: pulumi.interpolate`${this.#become}sh`,
        delete: pulumi.interpolate`${this.#become}sh -c ${uninstall.apply(quote)}`,
      },
      pulumi.interpolate`put machine.conf ${conf.apply(quote)}\nsh ${machine} prepare\n`,
      [moved, this.#packages],
    );
    const wanted = args.kernelSettings ?? kernelSettings;
    if (wanted.length > 0) {
      const settings = pulumi
        .all([this.storeOf("kernel"), opened])
        .apply(([store, owned]) => assignments({ STORE: store, OWNER: owned, WANTED: wanted }));
      this.edit(
        `${name}-kernel`,
        { field: "ssh.kernelSettings", script: "kernel.sh", settings },
        { parent: this },
      );
    }
    const ports = () => this.#processes.map(({ port }) => String(port));
    const services = onceBuilt(() =>
      pulumi
        .all([this.storeOf("services"), this.address])
        .apply(([store, address]) =>
          assignments({ PORTS: ports(), ADDRESS: address, STORE: store }),
        ),
    );
    this.#before.push(
      this.edit(
        `${name}-services`,
        { field: `hosts.${hostName}`, script: "services.sh", settings: services },
        { parent: this },
      ),
    );
    const clients = args.firewallClients;
    if (clients && clients.length > 0) {
      const table = opened.apply((text) => text.replaceAll(/[^A-Za-z0-9_]/g, "_"));
      const settings = onceBuilt(() =>
        pulumi
          .all([
            table,
            this.storeOf("firewall"),
            pulumi.all([...others()].map((other) => other.announcedAddress)),
            pulumi.all(clients),
          ])
          .apply(([named, store, addresses, allowed]) =>
            assignments({
              TABLE: named,
              PORTS: ports(),
              ALLOWED: [...addresses, ...allowed],
              STORE: store,
            }),
          ),
      );
      this.#before.push(
        this.edit(
          `${name}-firewall`,
          { field: "ssh.firewallClients", script: "firewall.sh", settings },
          { parent: this },
        ),
      );
    }
    this.registerOutputs();
  }

  override look(
    process: string,
    wanted: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts> {
    return super
      .look(
        process,
        pulumi.output(wanted).apply((each) => this.#candidates([...each])),
      )
      .apply((facts) => {
        if (/ v=\d/.test(facts.version)) return pulumi.output(facts);
        return this.#packages.stdout.apply((said) => {
          const value = (key: string) => new RegExp(`^${key} (.*)$`, "m").exec(said)?.[1];
          return {
            ...facts,
            server: value("server") ?? facts.server,
            version: value("version") ?? facts.version,
          };
        });
      });
  }

  override keepProcess(
    name: string,
    process: string,
    args: ProcessArgs,
    facts: pulumi.Output<ProcessFacts>,
    placement: Placement,
  ): pulumi.Resource {
    this.#processes.push({ process, port: args.port, stopSeconds: args.stopSeconds });
    return super.keepProcess(name, process, args, facts, {
      ...placement,
      dependsOn: [...this.#before, ...(placement.dependsOn ?? [])],
    });
  }

  override addressOf(other: Host): pulumi.Output<string> {
    return other.announcedAddress;
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

  override storeOf(name: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/${name}`;
  }

  override logFileOf(process: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.directoryOf(process)}/log`;
  }

  override commandsFor(process: string): pulumi.Output<ProcessCommands> {
    return pulumi
      .all([this.#keys, this.script("machine.sh"), this.#target, this.#bastion])
      .apply(([keys, machine, target, bastion]) => {
        const ssh = sshWords(target, bastion, keys);
        const what = (action: string) =>
          `${ssh} ${quote(`${become(target)}sh ${machine} ${action} ${quote(process)}`)}`;
        return {
          kill: what("kill"),
          stop: what("stop"),
          start: what("start"),
          handover: what("handover"),
        };
      });
  }

  protected override wordsForProcess(process: string): Words {
    const stopSeconds =
      handOverSeconds +
      (this.#processes.find((each) => each.process === process)?.stopSeconds ?? 0);
    return {
      create: this.#asRoot(
        "machine.sh",
        pulumi.interpolate`create ${process} ${stopSeconds}${this.knownBefore}`,
      ),
      update: this.#asRoot("machine.sh", `update ${process} ${stopSeconds}`),
      delete: this.#ifThere("machine.sh", `delete ${process}`),
    };
  }

  protected override wordsForEdit(edit: pulumi.Output<string>): Words {
    return {
      create: this.#asRoot("host.sh", pulumi.interpolate`apply ${edit}`),
      delete: this.#ifThere("host.sh", pulumi.interpolate`remove ${edit}`),
    };
  }

  protected override wordsToVerify(process: string): Words {
    return { create: this.#asRoot("machine.sh", `verify ${process}`) };
  }

  #asRoot(script: string, words: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi.interpolate`${this.#become}sh ${this.script(script)} ${words}`;
  }

  get #become(): pulumi.Output<string> {
    return this.#target.apply(become);
  }

  /** Looks until its sshd answers, or the time (ms since 1970) has come. */
  #onceUp(look: () => pulumi.Output<string>, until: number, tries = 0): pulumi.Output<string> {
    return look().apply((said) => {
      const [, reason] = /^refused\.connection (.*)$/m.exec(said) ?? [];
      if (reason === undefined || Date.now() > until) return pulumi.output(said);
      const left = Math.ceil((until - Date.now()) / 1000);
      if (tries % 10 === 0)
        void pulumi.log.info(
          `${this.hostName} can't be worked on yet, trying again for up to ${left} s: ${shown(reason, 200)}`,
          this,
        );
      return pulumi.output(sleep(2000, true)).apply(() => this.#onceUp(look, until, tries + 1));
    });
  }

  /** Whatever shell the user may have, and also where somebody removed the directory by hand. */
  #ifThere(script: string, words: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi.all([this.script(script), words, this.#become]).apply(([path, said, become]) => {
      const text = `if [ -f ${path} ]; then sh ${path} ${said}; else echo ${path} is gone: nothing was undone with it; fi`;
      return `${become}sh -c ${quote(text)}`;
    });
  }

  protected override command(
    name: string,
    words: Words,
    stdin: pulumi.Input<string>,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    const { after } = this.#logins;
    const made = new remote.Command(
      name,
      { ...words, stdin, connection: this.#connection, addPreviousOutputInEnv: false },
      pulumi.mergeOptions(opts, turn(after)),
    );
    after.push(made);
    return made;
  }

  /** Runs once a machine: what was there before, or was installed then, is looked at each time. */
  #installRedis(
    { installRedis = sshFields.installRedis.default, redisVersion = "", redisTarball }: SshArgs,
    script: (settings: Settings) => pulumi.Output<string>,
  ): remote.Command {
    const { installing } = this.#logins;
    const opts = pulumi.mergeOptions({ parent: this }, turn(installing));
    const connection = this.#connection;
    // Relative: in the home of who logs in. In /tmp anybody could put another one first, or in its
    // place.
    const tarball = redisTarball
      ? pulumi.interpolate`.${this.deployment.namedInStack(this.componentName)}.tar`
      : "";
    const copied = redisTarball
      ? [
          new remote.CopyToRemote(
            `${this.componentName}-tarball`,
            { connection, source: new pulumi.asset.FileAsset(redisTarball), remotePath: tarball },
            opts,
          ),
        ]
      : [];
    const found = this.#candidates(servers).apply((programs) => programs.join(" "));
    const { mark } = this.deployment;
    const settings = {
      packages: installRedis,
      version: redisVersion,
      tarball,
      bin: this.#bin,
      servers: found,
      mark,
    };
    const installed = new remote.Command(
      `${this.componentName}-packages`,
      {
        create: pulumi.interpolate`${this.#become}sh`,
        stdin: this.deployment.preflight.afterFirstChecks(
          script({ action: "install", ...settings }),
        ),
        connection,
        triggers: [this.#target.apply(({ address }) => address)],
        addPreviousOutputInEnv: false,
      },
      pulumi.mergeOptions(opts, { dependsOn: copied }),
    );
    installing.push(installed);
    return installed;
  }

  get #bin(): pulumi.Output<string> {
    return pulumi.interpolate`${this.directory}/redis/bin`;
  }

  /** What came with an archive goes before what else there may be. */
  #candidates(wanted: readonly string[]): pulumi.Output<string[]> {
    return this.#bin.apply((bin) => [
      ...wanted.filter((each) => !each.includes("/")).map((each) => `${bin}/${each}`),
      ...wanted,
    ]);
  }

  /** @throws InputError where the machine can't be worked on, with what to do about it. */
  #refuse(said: Answers, target: Login, bastion: Login | undefined): void {
    const { user = "root" } = target;
    const placeOf = ({ address, port = 22, user = "root" }: Login) =>
      `(${user}@${address}, port ${port})`;
    const place = `${this.hostName} ${placeOf(target)}`;
    const refuse = (field: string, reason: string) => {
      throw inputError({ propertyPath: `hosts.${this.hostName}.${field}`, reason });
    };
    for (const [name, field, whose] of [
      [
        "bastion",
        "ssh.bastion.hostKey",
        bastion ? `the bastion of ${this.hostName} ${placeOf(bastion)}` : "",
      ],
      ["target", "ssh.hostKey", place],
    ] as const) {
      const [first = "", ...shown] = refusalIn(said, `key.${name}`)?.split("\n") ?? [];
      if (!first) continue;
      const wanted = first.replace(/^wanted */, "").trim();
      refuse(
        field,
        `${wanted ? `${whose} does not show the key ${wanted}` : `the key of ${whose} is not known`}: it shows\n${shown.join("\n")}\nNothing was sent. Compare with what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then set it`,
      );
    }
    const connection = refusalIn(said, "connection");
    if (connection === undefined) {
      for (const [field, whose] of [
        [
          "ssh.bastion.hostKey",
          bastion ? `the bastion of ${this.hostName} ${placeOf(bastion)}` : "",
        ],
        ["ssh.hostKey", place],
      ] as const) {
        const shown = refusalIn(said, `type.${field === "ssh.hostKey" ? "target" : "bastion"}`);
        if (shown === undefined) continue;
        refuse(
          field,
          `${whose} is known by a key that the command plugin can't use: it would ask for an RSA key with SHA-1 (ssh-rsa), which servers of today refuse. It shows\n${shown}\nSet hostKey to the ED25519 or ECDSA one, once it is compared with what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); where it has none, make one there (ssh-keygen -A, a HostKey line where sshd_config has any) and restart its sshd`,
        );
      }
    }
    if (connection !== undefined)
      refuse(
        this.#reachedAt,
        `${place} can't be worked on: ${connection}\n${adviceFor(connection, user)}`,
      );
    const wanted = this.#version;
    for (const [key, line] of Object.entries(said)) {
      const [, found] = (key.startsWith("version.") && / v=(\d[\d.]*)/.exec(line ?? "")) || [];
      // A package's version has more to it than the program's.
      if (
        wanted === undefined ||
        found === undefined ||
        found.startsWith(wanted.replace(/^\d+:/, "").replace(/[-+~].*$/, ""))
      )
        continue;
      const reason = `${quoted(wanted)} is not allowed: ${place} has ${found} already. Install the other version there, or take ssh.redisVersion out`;
      throw inputError({ propertyPath: "ssh.redisVersion", reason });
    }
    refuseOthersPlace(said, this.hostName, place);
    const space = Number(said.space_kib ?? Number.NaN);
    if (space < leastSpaceKib) {
      refuse(
        "directory",
        `${place} has ${space} KiB left on the file system of ${said.directory}: ${leastSpaceKib} KiB are needed to begin with. Make room, or set another directory`,
      );
    }
  }
}

/**
 * Logins under way at once at one sshd. By default that refuses some from the eleventh on
 * (MaxStartups 10:30:100), and behind a bastion the command plugin does not try again. A look, or a
 * person, may be there as well.
 */
const mostLogins = 8;

/** @returns what has to be done before the next one may log in. */
function turn(before: pulumi.Resource[]): pulumi.CustomResourceOptions {
  const last = before.at(-mostLogins);
  return last ? { dependsOn: [last] } : {};
}

/** The scripts, the settings and a server's first files. */
const leastSpaceKib = 10_240;

function adviceFor(said: string, user: string): string {
  if (/permission denied/i.test(said))
    return `Set ssh.privateKeyFile, or add a key that it accepts for ${user} to the agent (ssh-add); one with a passphrase has to be in the agent`;
  if (/sudo/i.test(said))
    return `Allow it there: echo '${user} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${user}, or log in as root`;
  return "See that the machine is on, that its address and ssh.port are right, and that no firewall is in between; nothing was changed anywhere";
}

/**
 * @param path of its section.
 * @param addressPath where its address is set.
 * @returns a login once it is known, checked then as one that is known at once was checked before.
 */
function checkedLogin(
  login: Omit<BastionArgs, "privateKey">,
  path: string,
  addressPath: string,
): pulumi.Output<Login> {
  return pulumi.output(login).apply((known) => {
    const problems = isReachable(known.address)
      ? []
      : [notAllowed(addressPath, known.address, machineRule)];
    const [first, ...others] = [
      ...problems,
      ...sshProblems(path, { ...known, address: undefined }),
    ];
    if (first) throw others.length === 0 ? inputError(first) : new InputError([first, ...others]);
    return known;
  });
}

function withoutKey({
  address,
  port,
  user,
  privateKeyFile,
  hostKey,
}: BastionArgs): Omit<BastionArgs, "privateKey"> {
  return { address, port, user, privateKeyFile, hostKey };
}
