#!/usr/bin/env node
import { fstatSync } from "node:fs";
import { main } from "@pulumi/pulumi/provider/index.js";
import { RedisHaProvider } from "./provider.ts";

const provider = new RedisHaProvider();
void main(provider, process.argv.slice(2)).then(() => {
  // The SDK's would fail every component that is under construction with the error of one.
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.removeAllListeners(event);
  process.on("uncaughtException", (error) => provider.unhandled(error));
  process.on("unhandledRejection", (error) => provider.unhandled(error));
  // An engine that was killed ends no plugin, but what it holds of it is closed. A language host's
  // plugins have no such input.
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) process.stdin.on("end", () => process.exit()).resume();
});
