// What Pulumi runs (Pulumi.yaml): the program is index.ts. Here, as the directory of this file is
// what relative paths in the settings are relative to.
import "./start/lean.mjs";
import { setImmediate } from "node:timers/promises";
import { local } from "@pulumi/command";
import { runProgram } from "./start/built.mjs";

// The command plugin, whose first resource all others wait for, starts while the program is read.
local.run({ command: ":", logging: "none" }).catch(() => undefined);
// Until that has been sent.
for (let turn = 0; turn < 10; turn++) await setImmediate();

export default { ...(await runProgram()) };
