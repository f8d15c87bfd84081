import { built, languages, missingTool } from "./builds.ts";

// What needs a network is made before the tests go into their sandbox, which has none. Two at once:
// there are two cores.
const wanted = Object.keys(languages);
await Promise.all(
  [1, 2].map(async () => {
    for (let name = wanted.shift(); name; name = wanted.shift()) {
      const missing = missingTool(name);
      if (missing) console.log(`No clients in ${name}: ${missing} is not on this machine`);
      else await built(name, console.log);
    }
  }),
);
