import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules.mjs";

// The outputs of a component are looked at: only there is what it was given (components/given.ts),
// and it is there in the preview already.
new PolicyPack("redis-ha", {
  policies: rules.map(({ name, description, enforcementLevel, broken }) => ({
    name,
    description,
    enforcementLevel,
    validateStack: ({ resources }, report) => {
      for (const resource of resources)
        for (const words of broken(resource, resources))
          report(`${resource.name}: ${words}`, resource.urn);
    },
  })),
});
