/** Where each container has its volume. */
export const mount = "/redis-ha";

/** Where things are in the containers of one host. */
export class Layout {
  /** The host's own directory, in the volume of each. */
  readonly here: string;

  constructor(hostName: string) {
    this.here = `${mount}/${hostName}`;
  }

  /** @returns the directory of a process. */
  directory(process: string): string {
    return `${this.here}/${process}`;
  }

  /** @returns the path of a script. */
  script(script: string): string {
    return `${this.here}/${script}`;
  }
}
