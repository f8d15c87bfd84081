import { oldestPeers } from "./oldest.ts";

// What needs a network is made before the tests, which need none.
await oldestPeers();
