import * as pulumi from "@pulumi/pulumi";
import type { ProcessCommands } from "../host.ts";
import type { Words } from "../scriptedHost.ts";
import { quote } from "../shell.ts";
import { become, type Keys, sshWords } from "./connection.ts";
import type { Logins } from "./login.ts";

/**
 * Of a command that needs nothing of its standard input: has it all the same. What has ended, well,
 * before all could be sent is a failure to whoever sends it ("EOF", Session.Wait of
 * golang.org/x/crypto/ssh).
 */
function unread(command: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.interpolate`cat >/dev/null; ${command}`;
}

/** What is run on one machine, as root there: scripts of the stack. */
export class MachineCommands {
  /** What has to stand in front of a command to run it as root. */
  readonly #become: pulumi.Output<string>;
  readonly #logins: Logins;
  readonly #pathOf: (script: string) => pulumi.Output<string>;

  /** @param pathOf a script's, as a shell word. */
  constructor(logins: Logins, pathOf: (script: string) => pulumi.Output<string>) {
    this.#become = logins.target.apply(become);
    this.#logins = logins;
    this.#pathOf = pathOf;
  }

  /** @param uninstall shell text that undoes what the scripts have done. */
  toInstall(uninstall: pulumi.Output<string>): Words {
    return {
      create: pulumi.interpolate`${this.#become}sh`,
      delete: unread(pulumi.interpolate`${this.#become}sh -c ${uninstall.apply(quote)}`),
    };
  }

  /**
   * @param stopSeconds that the process may take to end, a hand-over included.
   * @param knownBefore a shell word: what only its creation has to know.
   */
  forProcess(process: string, stopSeconds: number, knownBefore: pulumi.Output<string>): Words {
    return {
      create: this.#run(
        "machine.sh",
        pulumi.interpolate`create ${process} ${stopSeconds}${knownBefore}`,
      ),
      update: this.#run("machine.sh", `update ${process} ${stopSeconds}`),
      delete: unread(this.#ifThere("machine.sh", `delete ${process}`)),
    };
  }

  /** @param edit shell words: its script and its name. */
  forEdit(edit: pulumi.Output<string>): Words {
    return {
      create: this.#run("host.sh", pulumi.interpolate`apply ${edit}`),
      delete: unread(this.#ifThere("host.sh", pulumi.interpolate`remove ${edit}`)),
    };
  }

  forMembers(): Words {
    return { create: this.#run("machine.sh", "members") };
  }

  toVerify(process: string): Words {
    return { create: this.#run("machine.sh", `verify ${process}`) };
  }

  /** @returns the same for who types it where Pulumi runs. */
  byHand(process: string, keys: pulumi.Output<Keys>): pulumi.Output<ProcessCommands> {
    const { target: login, bastion: door } = this.#logins;
    return pulumi
      .all([keys, this.#pathOf("machine.sh"), this.#pathOf("host.sh"), login, door])
      .apply(([known, machine, host, target, bastion]) => {
        const ssh = sshWords(target, bastion, known);
        const what = (action: string) =>
          `${ssh} ${quote(`${become(target)}sh ${machine} ${action} ${quote(process)}`)}`;
        return {
          mark: `${ssh} ${quote(`${become(target)}sh ${host}`)}`,
          kill: what("kill"),
          stop: what("stop"),
          start: what("start"),
          handover: what("handover"),
        };
      });
  }

  #run(script: string, words: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi.interpolate`${this.#become}sh ${this.#pathOf(script)} ${words}`;
  }

  /** Whatever shell the user may have, and also where somebody removed the directory by hand. */
  #ifThere(script: string, words: pulumi.Input<string>): pulumi.Output<string> {
    return pulumi.all([this.#pathOf(script), words, this.#become]).apply(([path, said, become]) => {
      const text = `if [ -f ${path} ]; then sh ${path} ${said}; else echo ${path} is gone: nothing was undone with it; fi`;
      return `${become}sh -c ${quote(text)}`;
    });
  }
}
