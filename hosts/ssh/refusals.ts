import { inputError } from "../../errors.ts";
import { quoted } from "../foreignText.ts";
import { type Answers, refusalIn, refuseOthersPlace } from "../answers.ts";
import type { Login } from "./connection.ts";
import type { Machine } from "./machine.ts";

/** KiB: the scripts, the settings and a server's first files. */
const leastSpaceKib = 10_240;

/** An sshd, the field with its key, and whose it is in words: `redis1 (root@10.0.0.1, port 22)`. */
type Sshd = readonly [which: "target" | "bastion", field: string, whose: string];

/** @throws InputError where the machine can't be worked on, with what to do about it. */
export function refuseMachine(
  said: Answers,
  { hostName, sshAddressField, args }: Machine,
  target: Login,
  bastion: Login | undefined,
): void {
  const place = `${hostName} ${placeOf(target)}`;
  const refuse = (field: string, reason: string): never => {
    throw inputError({ propertyPath: `hosts.${hostName}.${field}`, reason });
  };
  const sshds: readonly Sshd[] = [
    [
      "bastion",
      "ssh.bastion.hostKey",
      bastion ? `the bastion of ${hostName} ${placeOf(bastion)}` : "",
    ],
    ["target", "ssh.hostKey", place],
  ];
  for (const [which, field, whose] of sshds) {
    const reason = otherKey(whose, refusalIn(said, `key.${which}`));
    if (reason !== undefined) refuse(field, reason);
  }
  const connection = refusalIn(said, "connection");
  if (connection !== undefined)
    refuse(
      sshAddressField,
      `${place} can't be worked on: ${connection}\n${adviceFor(connection, target.user ?? "root")}`,
    );
  for (const [which, field, whose] of sshds) {
    const reason = unusableKey(whose, refusalIn(said, `type.${which}`));
    if (reason !== undefined) refuse(field, reason);
  }
  refuseOtherVersion(said, place, args.redisVersion);
  refuseOthersPlace(said, hostName, place);
  const space = Number(said.space_kib ?? Number.NaN);
  if (space < leastSpaceKib)
    refuse(
      "directory",
      `${place} has ${space} KiB left on the file system of ${said.directory}: ${leastSpaceKib} KiB are needed to begin with. Make room, or set another directory`,
    );
}

function placeOf({ address, port = 22, user = "root" }: Login): string {
  return `(${user}@${address}, port ${port})`;
}

/** @param refusal the key that was wanted, and below that those which it shows. */
function otherKey(whose: string, refusal: string | undefined): string | undefined {
  const [first = "", ...shown] = refusal?.split("\n") ?? [];
  if (!first) return undefined;
  const wanted = first.replace(/^wanted */, "").trim();
  return `${wanted ? `${whose} does not show the key ${wanted}` : `the key of ${whose} is not known`}: it shows\n${shown.join("\n")}\nNothing was sent. Compare with what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then set it`;
}

/** @param shown the keys that it has, none of a type that the command plugin can ask for. */
function unusableKey(whose: string, shown: string | undefined): string | undefined {
  return shown === undefined
    ? undefined
    : `${whose} is known by a key that the command plugin can't use: it would ask for an RSA key with SHA-1 (ssh-rsa), which servers of today refuse. It shows\n${shown}\nSet hostKey to the ED25519 or ECDSA one, once it is compared with what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); where it has none, make one there (ssh-keygen -A, a HostKey line where sshd_config has any) and restart its sshd`;
}

function adviceFor(said: string, user: string): string {
  if (/permission denied/i.test(said))
    return `Set ssh.privateKeyFile, or add a key that it accepts for ${user} to the agent (ssh-add); one with a passphrase has to be in the agent`;
  if (/sudo/i.test(said))
    return `Allow it there: echo '${user} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${user}, or log in as root`;
  return "See that the machine is on, that its address and ssh.port are right, and that no firewall is in between; nothing was changed anywhere";
}

/** @param wanted the version of a package, or its beginning. */
function refuseOtherVersion(said: Answers, place: string, wanted: string | undefined): void {
  if (wanted === undefined) return;
  // A package's version has more to it than the program's.
  const program = wanted.replace(/^\d+:/, "").replace(/[-+~].*$/, "");
  for (const [key, line] of Object.entries(said)) {
    const [, found] = (key.startsWith("version.") && / v=(\d[\d.]*)/.exec(line ?? "")) || [];
    if (found === undefined || found.startsWith(program)) continue;
    throw inputError({
      propertyPath: "ssh.redisVersion",
      reason: `${quoted(wanted)} is not allowed: ${place} has ${found} already. Install the other version there, or take ssh.redisVersion out`,
    });
  }
}
