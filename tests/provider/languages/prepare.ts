import { which } from "../../../toolchain/programs.mjs";
import { python } from "./python.ts";

// What needs a network is made before the tests go into their sandbox, which has none.
if (which("python3", process.env.PATH)) await python();
else console.log("No program in Python: python3 is not on this machine");
