import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../scripts/bundle.ts";
import { inputError } from "../errors.ts";
import type { ProcessFacts, Seen } from "./host.ts";
import { obeyPause } from "./pause.ts";
import { onceBuilt, Preflight } from "./preflight.ts";
import { isKnown } from "./sdk.ts";

/** What was decided when the deployment was created; all of its places are made of this. */
export interface Identity {
  /** Tells it from every other one; in the mark of each directory. */
  id: string;
  /** What its component, project and stack were called then. */
  name: string;
  project: string;
  stack: string;
  /** The state directory of whoever ran Pulumi then. */
  home: string;
  /** Host name to the `directory` that was set for it then; empty where none was. */
  directories: Record<string, string>;
  /** The user of local servers that was set then, if any. */
  localUser?: string;
}

/**
 * One deployment, which stays what it is whatever its component, stack or project are called later,
 * and whoever runs Pulumi: its identity is the input with which a resource was created, kept in the
 * stack's state from then on.
 */
export class Deployment {
  readonly identity: pulumi.Output<Identity>;
  readonly preflight: Preflight;
  /** What keeps the identity; everything else of the deployment comes after it. */
  readonly record: pulumi.Resource;
  /**
   * The content of the file that marks a directory as this deployment's: the first line tells, the
   * rest is for the reader.
   */
  readonly mark: pulumi.Output<string>;
  /** Paths, or names of volumes, that this deployment may take over. */
  readonly adopted: readonly string[];
  readonly #name: string;
  readonly #populated: pulumi.Input<boolean>[] = [];
  readonly #seen: pulumi.Input<Seen>[] = [];

  /**
   * @param name of the component; everything in it has a name that begins with this.
   * @param opts of its record; what is in `dependsOn` has to be there before a machine is looked
   * at.
   * @param directories host name to the directory that was set for it.
   * @param adopted paths, or names of volumes, that it may take over.
   * @param localUser whom its servers on the machine that runs Pulumi run as.
   * @default who runs Pulumi
   */
  constructor(
    name: string,
    { dependsOn, ...opts }: pulumi.CustomResourceOptions,
    directories: Record<string, string | undefined> = {},
    adopted: readonly string[] = [],
    localUser?: string,
  ) {
    this.#name = name;
    this.preflight = new Preflight(name, dependsOn);
    this.preflight.requireBeforeAnything(onceBuilt(() => pulumi.all(this.#seen)).apply(obeyPause));
    this.adopted = adopted;
    const first: Identity = {
      id: randomUUID(),
      name,
      project: pulumi.getProject(),
      stack: pulumi.getStack(),
      home: process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"),
      directories: Object.fromEntries(
        Object.entries(directories).map(([host, directory]) => [host, directory ?? ""]),
      ),
      localUser,
    };
    const record = new local.Command(
      `${name}-deployment`,
      {
        create: "cat",
        stdin: JSON.stringify(first),
        logging: "none",
        addPreviousOutputInEnv: false,
      },
      { ...opts, ignoreChanges: ["create", "stdin", "logging", "addPreviousOutputInEnv"] },
    );
    this.record = record;
    // In the preview that would create it, and only there, a plugin may leave unknown what it was
    // given.
    this.identity = pulumi.output(
      isKnown(record.stdin).then((known) =>
        known ? record.stdin.apply((text) => JSON.parse(text ?? "") as Identity) : first,
      ),
    );
    this.mark = this.identity.apply(
      ({ id, project, stack, name }) =>
        `deployment ${id}\nproject ${project}\nstack ${stack}\nname ${name}`,
    );
  }

  /**
   * @returns what `make` gives, which takes a while: made while the machines are looked at, when
   * there is time for it.
   */
  meanwhile(make: () => string): pulumi.Output<string> {
    return this.identity.apply(async () => {
      // ms in which the looks, which wait for no more than the identity, are sent.
      await setTimeout(20);
      return make();
    });
  }

  /** What a look at one of its machines begins with. */
  get opening(): pulumi.Output<string> {
    return pulumi.interpolate`deployment=${this.identity.id}\n${scriptText("look.sh")}`;
  }

  /**
   * @returns what something with that name, which begins with the component's, was called when the
   * deployment was created.
   */
  named(present: string): pulumi.Output<string> {
    return this.identity.apply(({ name }) =>
      present.startsWith(this.#name) ? `${name}${present.slice(this.#name.length)}` : present,
    );
  }

  /**
   * @returns the same with the stack's name then, for what several stacks may have side by side.
   */
  namedInStack(present: string): pulumi.Output<string> {
    return pulumi.interpolate`${this.named(present)}-${this.identity.stack}`;
  }

  /**
   * @returns whose an edit of a file that is not ours is: a component's name, as when the
   * deployment was created.
   */
  ownerOf(component: string): pulumi.Output<string> {
    return pulumi.interpolate`pulumi-redis-ha/${this.identity.project}/${this.identity.stack}/${this.named(component)}`;
  }

  /** @returns the directory of a host; `ownPlace` is where none is set. */
  directory(
    host: string,
    wanted: string | undefined,
    ownPlace: (identity: Identity) => pulumi.Input<string>,
  ): pulumi.Output<string> {
    return this.identity.apply((identity) =>
      pulumi.output(wanted === undefined ? ownPlace(identity) : join(wanted, host)),
    );
  }

  /**
   * @returns the directory that the host had when the deployment was created, where another one is
   * set now; empty where it is the same. As long as nothing of the deployment is there, as after a
   * first update that was refused, that may be.
   */
  former(
    host: string,
    wanted: string | undefined,
    ownPlace: (identity: Identity) => pulumi.Input<string>,
  ): pulumi.Output<string> {
    return this.identity.apply((identity) => {
      // A host may have the name of what every object has.
      const was = Object.hasOwn(identity.directories, host)
        ? identity.directories[host]
        : undefined;
      if (was === undefined || was === (wanted ?? "")) return pulumi.output("");
      return pulumi.output(was ? join(was, host) : ownPlace(identity));
    });
  }

  /**
   * Fails if its servers on the machine that runs Pulumi run as somebody else: in other places,
   * which nobody would look at.
   */
  localUser(wanted: string | undefined): pulumi.Output<void> {
    return this.identity.apply(({ localUser: was }) => {
      if (was === wanted) return;
      const [present, keep] =
        was === undefined
          ? ["without one", "set none"]
          : [`with ${JSON.stringify(was)}`, "keep that"];
      throw inputError({
        propertyPath: "local.user",
        reason: `${wanted === undefined ? "none" : JSON.stringify(wanted)} is not allowed: the deployment was created ${present}, and changing it is not supported yet; ${keep}, or destroy the stack first`,
      });
    });
  }

  /** Tells what a look found of a process of this deployment. */
  found(facts: pulumi.Output<ProcessFacts>): void {
    this.#populated.push(facts.populated);
    this.#seen.push(facts.seen);
  }

  /**
   * Whether, on any of the hosts, something of this deployment was ever ready: then none of it is
   * created for the first time.
   */
  get isPopulated(): pulumi.Output<boolean> {
    return onceBuilt(() => pulumi.all(this.#populated)).apply((found) => found.includes(true));
  }
}
