import * as pulumi from "@pulumi/pulumi";
import type { ProcessCommands } from "../host.ts";
import type { Deployment } from "../deployment.ts";
import { containerScripts, installation } from "../installation.ts";
import { installationHere, onceThere } from "../installationHere.ts";
import { puts, quote } from "../shell.ts";
import { type Layout, mount } from "./layout.ts";

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

/** What is run where Pulumi runs, about the container of one process. */
export class ContainerCommands {
  /** The docker program, with the engine that it is to talk to. */
  readonly #cli: pulumi.Output<string>;
  readonly #container: pulumi.Output<string>;
  readonly #layout: Layout;
  readonly #process: string;
  readonly #scripts = installationHere(containerScripts);

  constructor(
    cli: pulumi.Output<string>,
    container: pulumi.Output<string>,
    layout: Layout,
    process: string,
  ) {
    this.#cli = cli;
    this.#container = container;
    this.#layout = layout;
    this.#process = process;
  }

  byHand(): pulumi.Output<ProcessCommands> {
    return pulumi.all([this.#container, this.#cli]).apply(([container, cli]) => ({
      mark: `${cli} exec -i ${container} sh ${this.#script("host.sh")}`,
      kill: `${cli} kill ${container}`,
      stop: `${cli} stop ${container}`,
      start: `${cli} start ${container}`,
      handover: `${cli} exec ${container} sh ${this.#script("host.sh")} handover ${this.#directory} ""`,
    }));
  }

  /** @returns what has the process hand over, if there is one. */
  handOver(): pulumi.Output<string> {
    const [host, lifecycle, at] = [
      this.#script("host.sh"),
      this.#script("lifecycle.sh"),
      this.#directory,
    ];
    // By the scripts that are there, which may be of a version whose host.sh has no such action.
    const text = `if grep -q '^ *handover)' ${host}; then exec sh ${host} handover ${at}; fi; exec sh ${lifecycle} handover ${at}`;
    const exec = this.#exec();
    return pulumi.interpolate`${plainly}if plainly ${exec} test -e ${at} 2>/dev/null; then plainly ${exec} sh -c ${quote(text)}; fi`;
  }

  /**
   * @param user of the containers.
   * @returns what gives the container its scripts, and the process its settings, by the text of
   * {@link ContainerCommands.settings} in standard input; what only a creation has to know is KNOWN
   * in its environment.
   */
  put(action: "create" | "update", user: string): pulumi.Output<string> {
    return pulumi.all([this.#container, this.#cli]).apply(([container, docker]) => {
      const scripts = this.#scripts ? `${this.#scripts.locate}cat "$scripts" - | ` : "";
      const named = quote(container);
      const steps = [
        `{ ${docker} start ${named} >/dev/null 2>&1 || ${docker} unpause ${named} >/dev/null 2>&1 || ${docker} start ${named} >/dev/null; }`,
        `{ plainly ${docker} exec ${named} sh -c ${quote(`[ -z "$(find ${mount} ! -user ${quote(user.split(":")[0] ?? "")} 2>&1)" ]`)} || ${this.#own(docker, named, user)}; }`,
        `{ ${scripts}plainly ${docker} exec -i -e ACTION=${action} -e KNOWN="\${KNOWN:-}" ${named} sh || { plainly ${docker} logs --tail 20 ${named} >&2; exit 1; }; }`,
      ];
      return plainly + steps.join(" && ");
    });
  }

  /**
   * @param digest of what the container is made of: where that changes, all of it is done again.
   * @param instance the identity to record.
   * @param files of the process.
   */
  settings(
    digest: pulumi.Output<string>,
    deployment: Deployment,
    instance: pulumi.Output<string>,
    files: pulumi.Input<Record<string, pulumi.Input<string>>>,
  ): pulumi.Output<string> {
    const settings = pulumi
      .all([instance, files])
      .apply(([identity, known]) => quote(`instance=${quote(identity)}\n${puts(known)}`));
    const scripts = this.#scripts
      ? `# The scripts are in ${this.#scripts.name}.\ninstallation\n`
      : deployment.meanwhile(() => installation(containerScripts));
    const text = pulumi.interpolate`# container ${digest}\nhere=${quote(this.#layout.here)}\nmark=${deployment.mark.apply(quote)}\n# The look has seen whose volume it is.\nadopt=1\n${scripts}printf '%s' ${settings} | sh ${this.#script("host.sh")} $ACTION ${this.#directory} "" 'its container' "$KNOWN"\n`;
    return onceThere(deployment.preflight.afterChecks(text), this.#scripts?.prepare);
  }

  verify(): pulumi.Output<string> {
    return pulumi.interpolate`${plainly}plainly ${this.#exec("-i ")} sh ${this.#script("lifecycle.sh")} verify ${this.#directory}`;
  }

  #exec(options = ""): pulumi.Output<string> {
    return pulumi.interpolate`${this.#cli} exec ${options}${this.#container.apply(quote)}`;
  }

  /**
   * A volume that the engine made is root's, and what a former user wrote is that one's. The
   * scripts last: the process waits for them. The directory first, but never by a link that the
   * user may have put in place of the one that it is in.
   */
  #own(docker: string, named: string, user: string): string {
    return [
      `plainly ${docker} run --rm --network none --read-only --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --security-opt no-new-privileges`,
      `--user 0:0 --volumes-from ${named} --entrypoint sh "$(${docker} container inspect -f '{{.Image}}' ${named})"`,
      `-c ${quote(`for each in ${this.#directory} ${mount}; do [ -L ${quote(this.#layout.here)} ] && [ "$each" != ${mount} ] || [ ! -e "$each" ] || chown -hR ${quote(user)} "$each" || exit 1; done`)}`,
    ].join(" ");
  }

  /** A shell word: the process's directory. */
  get #directory(): string {
    return quote(this.#layout.directory(this.#process));
  }

  /** A shell word: the path of a script. */
  #script(script: string): string {
    return quote(this.#layout.script(script));
  }
}
