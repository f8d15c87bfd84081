import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { inputError, notAllowed } from "../errors.ts";
import { shown, shownLines } from "./foreignText.ts";
import type { Found, FoundProcess, ProcessFacts } from "./host.ts";

// What a look brings home, in the words of scripts/facts/.

/** What the machine said: key to the rest of the line. An object: Pulumi takes maps apart. */
export type Answers = Readonly<Record<string, string | undefined>>;

/** @param stdout lines of a key, a blank and a value. */
export function answersIn(stdout: string): Answers {
  const lines = stdout.split("\n").map((line) => {
    const [, key = "", value = ""] = /^([^ ]*) ?(.*)$/s.exec(line) ?? [];
    return [key, value] as const;
  });
  return Object.fromEntries(lines);
}

/**
 * @throws InputError where something stands against `what` (a directory, a volume) being the
 * deployment's.
 */
export function refuseDirectory(
  host: string,
  what: string,
  adopt: string,
  refusal: string | undefined,
): void {
  if (refusal === undefined) return;
  const never = refusal.includes("never a deployment's") || refusal === "is no directory";
  const then =
    never || refusal.includes("still runs on it")
      ? ""
      : `, or, if it is to become this deployment's and to be removed with it, adopt: [${JSON.stringify(adopt)}]`;
  throw inputError({
    propertyPath: `hosts.${host}.directory`,
    reason: `${JSON.stringify(what)} is not allowed on ${host}: it ${refusal}. Nothing was touched. Set another directory${then}`,
  });
}

/** @throws InputError where the deployment is still in the directory that the host had before. */
export function refuseFormer(answers: Answers, host: string): void {
  const was = refusalIn(answers, "former");
  if (was === undefined) return;
  throw inputError({
    propertyPath: `hosts.${host}.directory`,
    reason: `another one is not allowed: what runs there was created in ${JSON.stringify(was)}, and moving it is not supported yet; keep that, or destroy the stack first`,
  });
}

/**
 * @throws InputError where somebody else than root could put scripts into the directory in which
 * root is to run them.
 */
export function refuseOthersPlace(answers: Answers, host: string, place: string): void {
  const theirs = refusalIn(answers, "parents");
  if (theirs === undefined) return;
  throw inputError({
    propertyPath: `hosts.${host}.directory`,
    reason: `${JSON.stringify(answers.directory ?? "")} is not allowed: on ${place}, ${theirs}, and root runs the scripts in there. Set a directory that only root can write to, and all above it`,
  });
}

/** What the answers say of a process. */
export function processFacts(answers: Answers, name: string): ProcessFacts {
  const changed = answers[`changed.${name}`];
  if (changed)
    void pulumi.log.warn(
      `${name} has other settings than the stack has set, and gets these again: ${shown(changed, 200)}`,
    );
  return {
    server: answers[`server.${name}`] ?? "",
    version: answers[`version.${name}`] ?? "",
    endpoint: answers[`endpoint.${name}`] ?? "",
    program: answers[`program.${name}`] ?? "",
    auth: answers[`auth.${name}`] !== undefined,
    populated: answers[`populated.${name}`] !== undefined,
    instance: answers[`instance.${name}`] ?? newInstance(),
    seen: {
      what: name,
      isWell: answers[`instance.${name}`] !== undefined,
      paused: answers[`paused.${name}`] ?? "",
    },
  };
}

/** What the answers say of the deployment's processes on a host. */
export function foundIn(answers: Answers): Found {
  const lines = (text: string | undefined, parting: string) =>
    (text ?? "").split(parting).filter((line) => line !== "");
  const read = (line: string): FoundProcess => {
    const [kind = "", name = "", host = "", address = "", port = "", ...place] = line.split(" ");
    return { kind, name, host, address, port: Number(port), place: place.join(" ") };
  };
  return {
    isThere: answers.members !== undefined,
    processes: lines(answers.members, "\u001f").map(read),
    known: Object.entries(answers)
      .filter(([key]) => key.startsWith("known."))
      .flatMap(([, text]) => lines(text, ";"))
      .map(read),
  };
}

/** @throws InputError where the answers say that there is no such program. */
export function refuseProgram(
  answers: Answers,
  place: string,
  field: string,
  program: string,
): void {
  const refusal = refusalIn(answers, `program.${field}`);
  if (refusal !== undefined)
    throw inputError(
      notAllowed(field, program, `a program that exists and can be executed: ${place}, ${refusal}`),
    );
}

/** @throws InputError where a name of a host stands for something else on the machine. */
export function refuseNames(answers: Answers, place: string): void {
  const refusal = refusalIn(answers, "names");
  if (refusal === undefined) return;
  const trap = refusal.includes(" is 127.0.1.1 ")
    ? ` (Debian's installer writes that line into /etc/hosts: delete it)`
    : "";
  throw inputError({
    propertyPath: "hostsEntries",
    reason: `false is not allowed: on ${place}, ${refusal}${trap}. Mend that there, or set true`,
  });
}

/**
 * @param field that the edit belongs to.
 * @param place where it is made, empty for this machine.
 * @returns the identity of what was applied if all is as that left it, else a new one; what the
 * script warns of is told.
 * @throws InputError where something stands against the edit, or nobody can tell.
 */
export function editIn(answers: Answers, name: string, field: string, place: string): string {
  const at = place ? `on ${place}: ` : "";
  const refusal = refusalIn(answers, name);
  if (refusal !== undefined) throw inputError({ propertyPath: field, reason: at + refusal });
  const warnings = answers[`warned.${name}`]?.split("\u001f").filter((line) => line !== "");
  for (const line of warnings ?? []) void pulumi.log.warn(at + shown(line));
  return answers[`edited.${name}`] ?? newInstance();
}

/**
 * @returns the identity of the last verification if what it found still holds, else a new one; what
 * does not is told.
 */
export function verificationIn(answers: Answers, name: string): string {
  const found = answers[`unverified.${name}`];
  if (found !== undefined) void pulumi.log.info(`No longer as it was verified: ${shown(found)}`);
  return answers[`verified.${name}`] ?? newInstance();
}

/** The process that the others follow, as a verification was told; empty where it was not. */
export function leaderIn(answers: Answers, name: string): string {
  return answers[`leader.${name}`] ?? "";
}

/** What was said against the thing of that name, its lines restored. */
export function refusalIn(answers: Answers, name: string): string | undefined {
  const said = answers[`refused.${name}`]?.trim().replaceAll("\u001f", "\n");
  return said === undefined ? undefined : shownLines(said);
}

/** An identity no instance had before; the time in it is for the reader of a preview. */
export function newInstance(): string {
  return `${new Date().toISOString().slice(0, 19)}Z-${randomBytes(4).toString("hex")}`;
}
