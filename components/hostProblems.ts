import { isAbsolute } from "node:path";
import { isUnicast } from "../hosts/address.ts";
import type { HostArgs } from "../hosts/host.ts";
import { hostKinds } from "../hosts/index.ts";
import { directoryProblems } from "../hosts/names.ts";
import { isLater, knownNow } from "../hosts/sdk.ts";
import { machineProblems } from "../hosts/ssh/host.ts";
import { notAllowed, type Problem } from "../errors.ts";

/** @returns what is wrong with a host by itself, as far as it is known. */
export function hostProblems(path: string, hostArgs: HostArgs): Problem[] {
  const problems: Problem[] = [];
  const refuse = (propertyPath: string, value: unknown, allowed: string) => problems.push(notAllowed(propertyPath, value, allowed));
  const { kind, address, directory, engine, certificates, image, sshAddress, sshPort, user, privateKey, privateKeyFile, hostKey, bastion } = hostArgs;
  if (kind !== undefined && !hostKinds.some((each) => each === kind)) refuse(`${path}.kind`, kind, `one of ${hostKinds.join(", ")}`);
  for (const [field, value] of Object.entries({ engine, certificates, image })) {
    if (value !== undefined && kind !== "docker")
      refuse(`${path}.${field}`, isLater(value) ? "(known later)" : value, "nothing, unless its kind is docker");
  }
  for (const [field, value] of Object.entries({ sshAddress, sshPort, user, privateKey, privateKeyFile, hostKey, bastion })) {
    if (value !== undefined && kind !== "ssh")
      refuse(`${path}.${field}`, field === "privateKey" || isLater(value) ? "(not shown)" : value, "nothing, unless its kind is ssh");
  }
  if (kind === "ssh")
    for (const [field, value, allowed] of machineProblems(knownNow(hostArgs), isLater(address))) refuse(`${path}.${field}`, value, allowed);
  if (engine !== undefined && !isLater(engine) && !/^(unix:\/\/\/[^\s]+|tcp:\/\/[^\s/@]+|ssh:\/\/[^\s]+)$/.test(engine)) {
    refuse(`${path}.engine`, engine, "unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST");
  }
  if (certificates !== undefined && !isLater(certificates) && !isPlainPath(certificates))
    refuse(`${path}.certificates`, certificates, "an absolute path of a directory");
  if (image !== undefined && !isLater(image) && !isImage(image)) refuse(`${path}.image`, image, imageRule);
  if (typeof address === "string" && !isUnicast(address)) refuse(`${path}.address`, address, addressRule);
  if (directory !== undefined) problems.push(...directoryProblems(`${path}.directory`, directory));
  return problems;
}

export const imageRule = "an image's name, such as redis:8.0.2 or registry.example.com/redis@sha256:…";

export function isImage(image: string): boolean {
  return /^[a-z0-9][A-Za-z0-9._/:@-]{0,254}$/.test(image);
}

export function isPlainPath(path: string): boolean {
  // eslint-disable-next-line no-control-regex -- a control character is exactly what must not get into a file or a command
  return isAbsolute(path) && !/[\u0000-\u001f\u007f]/.test(path);
}

const addressRule = "an IPv4 address under which others reach one machine, such as 127.0.0.1 or 10.0.0.5, without leading zeros";
