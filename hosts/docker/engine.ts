import { execFileSync } from "node:child_process";
import { isIPv4 } from "node:net";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { inputError } from "../../errors.ts";
import { scriptText } from "../../scripts/bundle.ts";
import { isLoopback } from "../address.ts";
import { quoted, shown } from "../foreignText.ts";
import type { Deployment } from "../deployment.ts";
import type { Preflight } from "../preflight.ts";
import type { Host } from "../host.ts";
import type { DockerArgs } from "./args.ts";
import { refusalIn } from "../answers.ts";
import { Look } from "../look.ts";
import { checkNames } from "../names.ts";
import { valueToLookWith } from "../sdk.ts";
import { assignments, quote } from "../shell.ts";
import { docker } from "./package.ts";

/** One Docker engine: the network and the images for the containers of its hosts. */
export class DockerEngine extends pulumi.ComponentResource {
  readonly provider: pulumi.ProviderResource;
  /** Name of the network that the containers have in common. */
  readonly networkName: pulumi.Output<string>;
  /**
   * The address of this machine on the network: where containers reach what is published for the
   * machine itself.
   */
  readonly gateway: pulumi.Output<string>;
  readonly look: Look;
  /** {@link Host.group} of its hosts. */
  readonly group: string;
  /** Shell words: the docker program, told which engine. */
  readonly cli: pulumi.Output<string>;
  /** What the operator should know of it, a line each. */
  readonly limitations: pulumi.Output<readonly string[]>;
  readonly labels: { label: string; value: pulumi.Output<string> }[];
  readonly #name: string;
  readonly #field: string;
  readonly #preflight: Preflight;
  readonly #images = new Map<pulumi.Input<string>, pulumi.Output<string>>();

  /**
   * @param firstHost name of the host whose settings say which engine it is.
   * @throws InputError (later, in an output) where the engine does not answer or has no such image.
   */
  constructor(
    name: string,
    firstHost: string,
    { engine, certificates }: DockerArgs,
    opts: pulumi.ComponentResourceOptions | undefined,
    deployment: Deployment,
  ) {
    super("redis-ha:index:DockerEngine", name, {}, opts);
    checkNames({ name });
    this.#name = name;
    this.group = name;
    this.#preflight = deployment.preflight;
    this.#field = `hosts.${firstHost}.docker`;
    const host = engine ?? defaultEngine();
    const reached = pulumi.all([host, certificates]);
    this.cli = reached.apply(([at, certs]) => engineCli(at, certs));
    this.limitations = reached.apply(([at, certs]) => {
      const lines = limitationsOf(at, certs);
      for (const line of lines) void pulumi.log.warn(line, this);
      return lines;
    });
    this.look = new Look({
      what: `the Docker engine ${typeof host === "string" ? `at ${host}` : `of ${firstHost}`}`,
      preflight: deployment.preflight,
      run: (text, opts) =>
        local.runOutput(
          { command: "sh", stdin: valueToLookWith(text), logging: "none" },
          { parent: this, ...opts },
        ).stdout,
      opening: pulumi
        .all([deployment.identity, deployment.namedInStack(name), deployment.opening, this.cli])
        .apply(([{ id, project, stack, name: component }, network, look, cli]) => {
          const whose = assignments({
            deployment: id,
            project,
            stack,
            component,
            network,
            adopted: deployment.adopted,
          });
          return `engine=${quote(cli)}\nlook=${quote(look)}\n${whose}${scriptText("look-docker.sh")}`;
        }),
      closing: "look_all\n",
      check: (said) =>
        reached.apply(([at]) => {
          const refusal = refusalIn(said, "engine");
          const occupied = refusalIn(said, "place");
          if (occupied !== undefined) {
            const adopt = /^volume (\S+)/.exec(occupied)?.[1];
            throw inputError({
              propertyPath: `${this.#field}.engine`,
              reason: `the engine at ${at} can't be used: its ${occupied}. Nothing was touched. Give this stack, or this component, another name, or remove that${adopt ? `; or, if it is to become this deployment's and to be removed with it, adopt: [${JSON.stringify(adopt)}]` : ""}`,
            });
          }
          if (said.network !== undefined)
            throw inputError({
              propertyPath: this.#field,
              reason: `another first host of the engine at ${at} is not supported yet: the containers' network, ${shown(said.network, 200)}, is called by the one that it was created with, and all containers would have to move to another one at once. Keep that host, with a member, and the order of the names`,
            });
          if (said.kept !== undefined)
            void pulumi.log.info(
              `Volumes that keepVolumes has left, such as ${said.kept}, are taken over`,
              this,
            );
          if (refusal === undefined) return undefined;
          throw inputError({
            propertyPath: `${this.#field}.engine`,
            reason: `no Docker engine answers at ${at}: ${refusal}\nStart it there (systemctl start docker), see that this user may use it (docker -H ${at} version), or set another`,
          });
        }),
    });
    this.provider = new (docker(this.#field).Provider)(
      name,
      { host, ...(certificates === undefined ? {} : { certPath: certificates }) },
      { parent: this },
    );
    this.labels = [
      { label: "pulumi-redis-ha.deployment", value: deployment.identity.id },
      { label: "pulumi-redis-ha.project", value: deployment.identity.project },
      { label: "pulumi-redis-ha.stack", value: deployment.identity.stack },
      { label: "pulumi-redis-ha.name", value: deployment.identity.name },
    ];
    const named = deployment.namedInStack(name);
    const network = new (docker().Network)(
      `${name}-network`,
      { name: deployment.preflight.afterChecks(named), driver: "bridge", labels: this.labels },
      { parent: this, provider: this.provider },
    );
    this.networkName = network.name;
    // Undefined in somebody's unit test, whose mocks give back what they were given.
    const ipamConfigs: pulumi.Output<{ gateway?: string; subnet?: string }[] | undefined> =
      network.ipamConfigs;
    this.gateway = ipamConfigs.apply(
      (configs = []) =>
        configs
          .map(({ gateway, subnet }) => gateway ?? firstAddressOf(subnet))
          .find((each) => each && isIPv4(each)) ?? "",
    );
    this.registerOutputs();
  }

  /** @returns the id of the image, which is fetched if the engine has none of that name. */
  image(image: pulumi.Input<string>): pulumi.Output<string> {
    const known = this.#images.get(image);
    if (known) return known;
    const fetch = pulumi.runtime.isDryRun() ? "0" : "1";
    const question = pulumi.output(image).apply((named) => `add_image ${quote(named)} ${fetch}\n`);
    const present = pulumi.all([this.look.ask(question), image]).apply(([answers, named]) => {
      const refusal = refusalIn(answers, `image.${named}`);
      if (refusal === undefined) return named;
      throw inputError({
        propertyPath: "docker.image",
        reason: `${quoted(named)} is not allowed: the engine of ${this.#field} has no such image and can't fetch it: ${refusal}\nFetch it there (docker pull), bring it (docker save, docker load), or set one that is there (docker image ls)`,
      });
    });
    this.#preflight.requireBeforeAnything(present);
    const suffix = this.#images.size === 0 ? "" : `-${this.#images.size + 1}`;
    const resource = new (docker().RemoteImage)(
      `${this.#name}-image${suffix}`,
      // A preview that would fetch it waits for it to know what is in it.
      {
        name: pulumi.runtime.isDryRun() ? present : this.#preflight.afterChecks(present),
        keepLocally: true,
      },
      { parent: this, provider: this.provider },
    );
    this.#images.set(image, resource.imageId);
    return resource.imageId;
  }

  /** @returns the address under which containers of this engine reach `other`. */
  addressOf(other: Host): pulumi.Output<string> {
    return other.announcedAddress;
  }
}

/**
 * As the docker program itself finds its engine, which the provider does not: contexts are the
 * program's own.
 */
function defaultEngine(): string {
  if (process.env.DOCKER_HOST) return process.env.DOCKER_HOST;
  try {
    const args = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
    return (
      execFileSync("docker", args, {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim() || systemEngine
    );
  } catch {
    return systemEngine;
  }
}

const systemEngine = "unix:///var/run/docker.sock";

/** @returns shell words that call the docker program for an engine. */
export function engineCli(host: string, certificates?: string): string {
  const tls = certificates ? `DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=${quote(certificates)} ` : "";
  return `${tls}docker -H ${quote(host)}`;
}

/** @returns a line where whoever is on the way to the engine, or reaches it, is root there. */
export function limitationsOf(host: string, certificates?: string): string[] {
  const [, name] = /^tcp:\/\/(.*?)(?::\d+)?$/.exec(host) ?? [];
  if (name === undefined || certificates || isLoopback(name) || name === "localhost") return [];
  return [
    `${shown(host)}: a Docker engine without TLS: who is on the way to it, or reaches it, is root on that machine`,
  ];
}

function firstAddressOf(subnet: string | undefined): string | undefined {
  return subnet?.replace(/\.\d+\/\d+$/, ".1");
}
