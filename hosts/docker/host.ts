import { createHash } from "node:crypto";
import { local } from "@pulumi/command";
import type * as Docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { installation } from "../installation.ts";
import { isLoopback } from "../address.ts";
import type { Deployment } from "../deployment.ts";
import {
  type EditArgs,
  handOverSeconds,
  Host,
  type HostArgs,
  type Placement,
  type ProcessArgs,
  type ProcessCommands,
  type ProcessFacts,
} from "../host.ts";
import { LocalHost } from "../localHost.ts";
import { processFacts, refuseProgram, verificationIn } from "../look.ts";
import { puts, quote } from "../shell.ts";
import { type DockerArgs, dockerFields } from "./args.ts";
import type { DockerEngine } from "./engine.ts";
import { docker } from "./package.ts";

/** Where each container has its volume. */
const mount = "/redis-ha";

/**
 * A container's first process: waits until the scripts are there and its user's own, then is the
 * process's parent.
 */
const boot = `trap 'exit 0' INT TERM; until [ -s "$0" ] && [ -w "$0" ]; do sleep 0.1; done; exec sh "$0" supervise "$1"`;

/**
 * Seconds for a step in a container: a synchronisation may take hours, and all else has limits of
 * its own.
 */
const stepSeconds = 21_600;

/**
 * Shell text that defines `plainly WORD...`: runs that, ended after `stepSeconds`. What the
 * containers' user may have written is in its output: that comes line by line, 500 at most, cut,
 * and without control characters.
 */
const plainly = `limited() { if command -v timeout >/dev/null; then timeout -k 10 ${stepSeconds} env "$@"; else env "$@"; fi; }
if sed -u p </dev/null >/dev/null 2>&1; then unbuffered=-u; else unbuffered=; fi
lines() { LC_ALL=C sed $unbuffered -n "1,500{s/[[:cntrl:]]/?/g;s/$(printf '\\302[\\200-\\237]')/?/g;s/^\\(.\\{1000\\}\\).*/\\1/;p;}"; }
plainly() { said=$( { { { limited "$@"; echo $? >&5; } 2>&1 >&4 | lines >&2; } 4>&1 | lines >&6; } 5>&1 ); return "\${said:-1}"; } 6>&1
`;

/**
 * A host whose processes are containers, each with a volume of its own; their ports are published
 * under the same number.
 */
export class DockerHost extends Host {
  /** Its edits are made for the clients of the containers: where Pulumi runs. */
  override readonly machine = "localhost";
  override readonly limitations: pulumi.Output<readonly string[]>;
  override readonly listensOn = pulumi.output("0.0.0.0");
  override readonly ownAddress = pulumi.output("127.0.0.1");
  override readonly announcedAddress: pulumi.Output<string>;
  readonly #engine: DockerEngine;
  readonly #image: pulumi.Input<string>;
  readonly #args: DockerArgs;
  readonly #local: () => LocalHost;
  readonly #others: () => Iterable<Host>;

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
    this.limitations = engine.limitations;
    this.#args = args.docker ?? {};
    this.#image = this.#args.image ?? dockerFields.image.default;
    this.#others = others;
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
    return pulumi.output(this.#directory(process));
  }

  override storeOf(name: string): pulumi.Output<string> {
    return this.#local().storeOf(name);
  }

  override logFileOf(): string {
    return "";
  }

  override commandsFor(process: string): pulumi.Output<ProcessCommands> {
    return pulumi.all([this.#container(process), this.#engine.cli]).apply(([container, cli]) => ({
      kill: `${cli} kill ${container}`,
      stop: `${cli} stop ${container}`,
      start: `${cli} start ${container}`,
      handover: `${cli} exec ${container} sh ${quote(this.#script("host.sh"))} handover ${quote(this.#directory(process))} ""`,
    }));
  }

  override look(
    process: string,
    servers: pulumi.Input<readonly string[]>,
  ): pulumi.Output<ProcessFacts> {
    const question = pulumi
      .all([this.#container(process), this.#image, servers])
      .apply(([container, image, programs]) => {
        const words = [
          process,
          container,
          image,
          this.#directory(process),
          this.#script("lifecycle.sh"),
          ...programs,
        ];
        return `add_container ${words.map(quote).join(" ")}\n`;
      });
    // The image first: in a preview that would fetch it, nothing of it is known.
    const facts = pulumi
      .all([this.#engine.image(this.#image), this.#engine.look.ask(question)])
      .apply(([, answers]) => processFacts(answers, process));
    this.deployment.found(facts.populated);
    return facts;
  }

  override keepProcess(
    name: string,
    process: string,
    args: ProcessArgs,
    facts: pulumi.Output<ProcessFacts>,
    placement: Placement,
  ): pulumi.Resource {
    const { parent, dependsOn = [] } = placement;
    const { provider, cli } = this.#engine;
    const container = this.#container(process);
    const directory = this.#directory(process);
    const labels = [
      ...this.#engine.labels,
      { label: "pulumi-redis-ha.host", value: this.hostName },
      { label: "pulumi-redis-ha.process", value: process },
      {
        label: "pulumi-redis-ha.endpoint",
        value: pulumi.interpolate`${this.address}:${args.port}`,
      },
    ];
    const volume = new (docker().Volume)(
      `${name}-volume`,
      { name: this.deployment.preflight.afterChecks(container), labels },
      // One that was taken over keeps the labels that it has.
      {
        parent,
        provider,
        retainOnDelete: this.#args.keepVolumes ?? false,
        ignoreChanges: ["labels"],
      },
    );
    const spec = {
      ...this.#containerArgs(process, args),
      labels,
      volumes: [{ volumeName: volume.name, containerPath: mount }],
    };
    const digest = pulumi.output(spec).apply(digestOf);
    const at = quote(directory);
    const exec = pulumi.interpolate`${cli} exec ${container.apply(quote)}`;
    const [hostScript, lifecycle] = [
      quote(this.#script("host.sh")),
      quote(this.#script("lifecycle.sh")),
    ];
    // By the scripts that are there, which may be of a version whose host.sh has no such action.
    const handOver = `if grep -q '^ *handover)' ${hostScript}; then exec sh ${hostScript} handover ${at}; fi; exec sh ${lifecycle} handover ${at}`;
    // Before the container is replaced, not while it is: where nobody can take over, it has to stay
    // as it is.
    const handedOver = new local.Command(
      `${name}-handover`,
      {
        create: pulumi.interpolate`${plainly}if plainly ${exec} test -e ${at} 2>/dev/null; then plainly ${exec} sh -c ${quote(handOver)}; fi`,
        stdin: pulumi.interpolate`${digest}\n`,
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn },
    );
    const megabytes = pulumi
      .output(args.memoryBytes)
      .apply((bytes) => (bytes === undefined ? undefined : Math.ceil(bytes / 2 ** 20)));
    const running = new (docker().Container)(
      `${name}-container`,
      { ...spec, memory: megabytes, memorySwap: megabytes, name: container },
      {
        parent,
        provider,
        dependsOn: [handedOver, ...dependsOn],
        deleteBeforeReplace: true,
        // Engines list the addresses of a port in an order of their own, which the provider takes
        // for a change; a real one changes a label.
        ignoreChanges: ["ports"],
        // The provider takes changes of these and does nothing.
        replaceOnChanges: ["healthcheck", "tmpfs", "init"],
      },
    );
    const settings = pulumi
      .all([facts, args.files])
      .apply(([{ instance }, files]) => quote(`instance=${quote(instance)}\n${puts(files)}`));
    const user = this.#user;
    // A volume that the engine made is root's, and what a former user wrote is that one's. The
    // scripts last: the process waits for them. The directory first, but never by a link that the
    // user may have put in place of the one that it is in.
    const own = (docker: string, named: string) =>
      [
        `plainly ${docker} run --rm --network none --read-only --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --security-opt no-new-privileges`,
        `--user 0:0 --volumes-from ${named} --entrypoint sh "$(${docker} container inspect -f '{{.Image}}' ${named})"`,
        `-c ${quote(`for each in ${at} ${mount}; do [ -L ${quote(this.#here)} ] && [ "$each" != ${mount} ] || [ ! -e "$each" ] || chown -hR ${quote(user)} "$each" || exit 1; done`)}`,
      ].join(" ");
    const put = (action: string, known: pulumi.Input<string> = "") =>
      pulumi.all([container, known, cli]).apply(([of, more, docker]) => {
        const named = quote(of);
        const steps = [
          `{ ${docker} start ${named} >/dev/null 2>&1 || ${docker} unpause ${named} >/dev/null 2>&1 || ${docker} start ${named} >/dev/null; }`,
          `{ plainly ${docker} exec ${named} sh -c ${quote(`[ -z "$(find ${mount} ! -user ${quote(user.split(":")[0] ?? "")} 2>&1)" ]`)} || ${own(docker, named)}; }`,
          `{ plainly ${docker} exec -i -e ACTION=${action} -e KNOWN=${more} ${named} sh || { plainly ${docker} logs --tail 20 ${named} >&2; exit 1; }; }`,
        ];
        return plainly + steps.join(" && ");
      });
    return new local.Command(
      `${name}-process`,
      {
        // Whether the whole is created for the first time, only a creation has to know.
        create: put(
          "create",
          this.deployment.isPopulated.apply((populated) => (populated ? "known" : "")),
        ),
        update: put("update"),
        stdin: pulumi.interpolate`# container ${digest}\nhere=${quote(this.#here)}\nmark=${this.deployment.mark.apply(quote)}\n# The look has seen whose volume it is.\nadopt=1\n${installation(["lifecycle.sh", "host.sh"])}printf '%s' ${settings} | sh ${quote(this.#script("host.sh"))} $ACTION ${at} "" 'its container' "$KNOWN"\n`,
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn: [running, ...dependsOn], ignoreChanges: ["create"] },
    );
  }

  override edit(name: string, args: EditArgs, placement: Placement): pulumi.Resource {
    return this.#local().edit(name, args, placement);
  }

  override requireNames(): void {
    // Containers are told the names of all hosts.
  }

  override requireProgram(field: string, program: pulumi.Input<string>): void {
    const wanted = pulumi.all([this.#image, program]);
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

  override verify(
    name: string,
    process: string,
    occasion: pulumi.Input<string>,
    { parent, dependsOn = [] }: Placement,
  ): pulumi.Resource {
    const [directory, lifecycle] = [this.#directory(process), this.#script("lifecycle.sh")];
    const question = this.#container(process).apply(
      (container) => `add_check ${[name, container, directory, lifecycle].map(quote).join(" ")}\n`,
    );
    const verified = this.#engine.look
      .ask(question)
      .apply((answers) => verificationIn(answers, name));
    return new local.Command(
      name,
      {
        create: pulumi.interpolate`${plainly}plainly ${this.#engine.cli} exec -i ${this.#container(process).apply(quote)} sh ${quote(lifecycle)} verify ${quote(directory)}`,
        stdin: pulumi.interpolate`${occasion}verified ${verified}\n`,
        addPreviousOutputInEnv: false,
      },
      { parent, dependsOn },
    );
  }

  #containerArgs(
    process: string,
    { port, stopSeconds }: ProcessArgs,
  ): Omit<Docker.ContainerArgs, "name"> {
    const addresses = pulumi
      .all([this.address, this.#engine.gateway])
      .apply(([address, gateway]) => (isLoopback(address) ? [address, gateway] : [address]));
    return {
      image: this.#engine.image(this.#image),
      entrypoints: ["sh", "-c", boot, this.#script("host.sh"), this.#directory(process)],
      hostname: process,
      user: this.#user,
      readOnly: true,
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16m" },
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      networksAdvanced: [{ name: this.#engine.networkName, aliases: [this.hostName, process] }],
      hosts: [...this.#others()].map((other) => ({
        host: other.hostName,
        ip: this.addressOf(other),
      })),
      ports: addresses.apply((ips) =>
        ips.map((ip) => ({ internal: port, external: port, ip, protocol: "tcp" })),
      ),
      restart: "unless-stopped",
      healthcheck: {
        tests: ["CMD", "sh", this.#script("lifecycle.sh"), "alive", this.#directory(process)],
        interval: "10s",
        timeout: "5s",
        startPeriod: "1m0s",
        retries: 3,
      },
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
      mustRun: true,
      stopTimeout: stopSeconds + handOverSeconds,
      destroyGraceSeconds: stopSeconds + handOverSeconds,
    };
  }

  #container(process: string): pulumi.Output<string> {
    return this.deployment.namedInStack(`${this.componentName}-${process}`);
  }

  #directory(process: string): string {
    return `${this.#here}/${process}`;
  }

  get #user(): string {
    return this.#args.user ?? dockerFields.user.default;
  }

  get #here(): string {
    return `${mount}/${this.hostName}`;
  }

  #script(script: string): string {
    return `${this.#here}/${script}`;
  }
}

/** What a container is made of, but what can be changed while it runs. */
function digestOf(spec: object): string {
  return createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 16);
}
