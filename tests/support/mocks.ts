import * as pulumi from "@pulumi/pulumi";

/** A resource as the engine would have been asked for it. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

export const registered: Registered[] = [];

/**
 * What looking at a machine answers: as if Redis of that version were installed and nothing ran.
 */
export const machine = {
  version: "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=0",
};

/**
 * Runs programs against a resource graph without an engine.
 *
 * @param create what the creation of each resource takes, besides being asked for.
 */
export async function useMocks(
  create: (resource: Registered) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        const resource = { type, name, inputs: inputs as Record<string, unknown> };
        registered.push(resource);
        await create(resource);
        const computed = {
          stdout: "",
          stderr: "",
          imageId: "sha256:0",
          ipamConfigs: [{ subnet: "172.30.0.0/16", gateway: "172.30.0.1" }],
        };
        return { id: `${name}-id`, state: { ...computed, ...(inputs as Record<string, unknown>) } };
      },
      call: ({ inputs }) => {
        const names = [
          ...String((inputs as { stdin?: string }).stdin).matchAll(
            /^(?:look_version|add_container) (\S+)/gm,
          ),
        ].map(([, name]) => name ?? "");
        return {
          stdout: names
            .map((name) => `server.${name} redis-server\nversion.${name} ${machine.version}\n`)
            .join(""),
        };
      },
    },
    "pulumi-redis-ha",
    "unit",
    false,
  );
}

/** @returns the value of an output, once known. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => {
      resolve(value);
      return value;
    });
  });
}
