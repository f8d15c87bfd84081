import type * as pulumi from "@pulumi/pulumi";
import type { FieldsOf } from "../../fields.ts";
import { isPlainPath } from "../names.ts";

/** What containers have in common; each host can have its own instead. */
export interface DockerArgs {
  /**
   * The engine: `unix://PATH`, `tcp://HOST:PORT` or `ssh://USER@HOST`.
   * @default the one that the docker program uses: `$DOCKER_HOST`, its context, or
   * unix:///var/run/docker.sock
   */
  engine?: pulumi.Input<string>;
  /**
   * Absolute path of the directory with ca.pem, cert.pem and key.pem, for an engine that wants TLS.
   * @default no TLS
   */
  certificates?: pulumi.Input<string>;
  /**
   * The image, with a Redis or Valkey server, its client and a POSIX sh, Debian or Alpine; fetched
   * if the engine has none of that name.
   * @default "redis:8.0.2"
   */
  image?: pulumi.Input<string>;
  /**
   * `UID:GID` that the processes run as; needs no entry in the image's /etc/passwd.
   * @default "999:999"
   */
  user?: string;
  /**
   * Keep the volumes, with the data and the sentinels' state, when the stack is destroyed.
   * @default false
   */
  keepVolumes?: boolean;
}

export const dockerFields = {
  engine: {
    kind: "text",
    input: true,
    rule: [
      (text: string) => /^(unix:\/\/\/[^\s]+|tcp:\/\/[^\s/@]+|ssh:\/\/[^\s]+)$/.test(text),
      "unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST",
    ],
  },
  certificates: {
    kind: "text",
    input: true,
    rule: [isPlainPath, "an absolute path of a directory"],
  },
  image: {
    kind: "text",
    input: true,
    default: "redis:8.0.2",
    rule: [
      (text: string) => /^[a-z0-9][A-Za-z0-9._/:@-]{0,254}$/.test(text),
      "an image's name, such as redis:8.0.2 or registry.example.com/redis@sha256:…",
    ],
  },
  user: {
    kind: "text",
    default: "999:999",
    rule: [
      (text: string) => /^[1-9]\d{0,8}:\d{1,9}$/.test(text),
      "UID:GID, two numbers, and not root's 0",
    ],
  },
  keepVolumes: { kind: "switch", default: false },
} as const satisfies FieldsOf<DockerArgs>;
