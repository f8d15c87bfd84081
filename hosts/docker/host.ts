import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { isLoopback } from "../address.ts";
import { foundIn, leaderIn, processFacts, refuseProgram, verificationIn } from "../answers.ts";
import type { Deployment } from "../deployment.ts";
import {
  type EditArgs,
  type Found,
  Host,
  type HostArgs,
  type MembersArgs,
  type Placement,
  type ProcessArgs,
  type ProcessCommands,
  type ProcessFacts,
} from "../host.ts";
import { LocalHost } from "../localHost.ts";
import { quote } from "../shell.ts";
import { dockerFields } from "./args.ts";
import { ContainerCommands } from "./commands.ts";
import type { ContainerHost } from "./container.ts";
import type { DockerEngine } from "./engine.ts";
import { Layout } from "./layout.ts";
import { keepOnlyText } from "./members.ts";
import { processInContainer } from "./process.ts";

/**
 * A host whose processes are containers, each with a volume of its own; their ports are published
 * under the same number.
 */
export class DockerHost extends Host {
  /** Its edits are made for the clients of the containers: where Pulumi runs. */
  override readonly machine = "localhost";
  override readonly group: string;
  override readonly limitations: pulumi.Output<readonly string[]>;
  override readonly listensOn = pulumi.output("0.0.0.0");
  override readonly ownAddress = pulumi.output("127.0.0.1");
  override readonly announcedAddress: pulumi.Output<string>;
  readonly #engine: DockerEngine;
  readonly #layout: Layout;
  readonly #containers: ContainerHost;
  readonly #local: () => LocalHost;

  /**
   * @param others all hosts of the whole, this one among them: what the containers have to know by
   * name.
   */
  constructor(
    name: string,
    hostName: string,
    engine: DockerEngine,
    args: HostArgs,
    others: () => Iterable<Host>,
    opts: pulumi.ComponentResourceOptions | undefined,
    deployment: Deployment,
  ) {
    super("redis-ha:index:DockerHost", name, hostName, args, opts, deployment);
    this.#engine = engine;
    this.group = engine.group;
    this.limitations = engine.limitations;
    this.#layout = new Layout(hostName);
    const { image, user, keepVolumes } = args.docker ?? {};
    this.#containers = {
      engine,
      image: image ?? dockerFields.image.default,
      user: user ?? dockerFields.user.default,
      layout: this.#layout,
      hostName,
      address: this.address,
      others,
      keepVolumes: keepVolumes ?? false,
    };
    // Only the machine itself reaches what is published on its loopback; its containers take the
    // other end of their network.
    this.announcedAddress = this.address.apply((address) =>
      isLoopback(address) ? engine.gateway : pulumi.output(address),
    );
    let edits: LocalHost | undefined;
    this.#local = () =>
      (edits ??= new LocalHost(
        `${name}-edits`,
        hostName,
        { directory: args.directory },
        { parent: this },
        deployment,
      ));
    this.registerOutputs();
  }

  override addressOf(other: Host): pulumi.Output<string> {
    return other.announcedAddress;
  }

  override directoryOf(process: string): pulumi.Output<string> {
    return pulumi.output(this.#layout.directory(process));
  }

  override storeOf(name: string): pulumi.Output<string> {
    return this.#local().storeOf(name);
  }

  override logFileOf(): string {
    return "";
  }

  override commandsFor(process: string): pulumi.Output<ProcessCommands> {
    return this.#commands(process).byHand();
  }

  override look(
    process: string,
    servers: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts> {
    const question = pulumi
      .all([this.#container(process), this.#containers.image, servers])
      .apply(([container, image, programs]) => {
        const words = [
          process,
          container,
          image,
          this.#layout.directory(process),
          this.#layout.script("lifecycle.sh"),
          ...programs,
        ];
        return `add_container ${words.map(quote).join(" ")}\n`;
      });
    // In a preview that would fetch the image, nothing of it is known; else what the look tells is.
    const image = this.#engine.image(this.#containers.image);
    const facts = this.#engine.look.ask(question).apply((answers) => {
      const known = processFacts(answers, process);
      const isUnknown = known.version === "" && pulumi.runtime.isDryRun();
      return isUnknown ? image.apply(() => known) : pulumi.output(known);
    });
    this.deployment.found(facts);
    return facts;
  }

  override keepProcess(
    name: string,
    process: string,
    args: ProcessArgs,
    facts: pulumi.Output<ProcessFacts>,
    placement: Placement,
  ): pulumi.Resource {
    const container = this.#container(process);
    const commands = this.#commands(process);
    const { deployment } = this;
    return processInContainer(
      name,
      process,
      args,
      { ...this.#containers, deployment, container, commands, placement },
      facts.instance,
    );
  }

  override placeFor(process: string): pulumi.Output<string> {
    return this.#container(process);
  }

  override found(): pulumi.Output<Found> {
    return this.#engine.look.ask("").apply(foundIn);
  }

  override keepOnly(
    name: string,
    { staying, hosts }: MembersArgs,
    { parent, dependsOn = [] }: Placement,
  ): pulumi.Resource {
    const stays = pulumi.all(
      hosts.flatMap(({ host, processes }) => processes.map((process) => host.placeFor(process))),
    );
    return new local.Command(
      name,
      {
        create: "sh",
        stdin: keepOnlyText(this.#engine.cli, this.deployment, stays, staying),
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn },
    );
  }

  override edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource {
    return this.#local().edit(name, args, placement);
  }

  override requireNames(): void {
    // Containers are told the names of all hosts.
  }

  override requireProgram(field: string, program: pulumi.Input<string>): void {
    const wanted = pulumi.all([this.#containers.image, program]);
    const answers = this.#engine.look.ask(
      wanted.apply(([image, path]) => `add_program ${[image, field, path].map(quote).join(" ")}\n`),
    );
    this.deployment.preflight.requireBeforeAnything(
      pulumi
        .all([answers, wanted])
        .apply(([said, [image, path]]) =>
          refuseProgram(said, `in the image ${image}`, field, path),
        ),
    );
  }

  override leader(verification: string): pulumi.Output<string> {
    return this.#engine.look.answers.apply((answers) => leaderIn(answers, verification));
  }

  override verify(
    name: string,
    process: string,
    occasion: pulumi.Input<string>,
    { parent, dependsOn = [] }: Placement,
  ): pulumi.Resource {
    const [directory, lifecycle] = [
      this.#layout.directory(process),
      this.#layout.script("lifecycle.sh"),
    ];
    const question = this.#container(process).apply(
      (container) => `add_check ${[name, container, directory, lifecycle].map(quote).join(" ")}\n`,
    );
    const verified = this.#engine.look
      .ask(question)
      .apply((answers) => verificationIn(answers, name));
    return new local.Command(
      name,
      {
        create: this.#commands(process).verify(),
        stdin: pulumi.interpolate`${occasion}verified ${verified}\n`,
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn },
    );
  }

  #commands(process: string): ContainerCommands {
    return new ContainerCommands(this.#engine.cli, this.#container(process), this.#layout, process);
  }

  #container(process: string): pulumi.Output<string> {
    return this.deployment.namedInStack(`${this.componentName}-${process}`);
  }
}
