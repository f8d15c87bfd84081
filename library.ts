export * from "./components/index.ts";
export { readConfig } from "./config.ts";
