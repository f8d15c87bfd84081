import { createRequire, Module } from "node:module";
import { env } from "node:process";

// What starts the stack's program sooner; to be imported before Pulumi's SDK. In a program of
// somebody else's, both would be theirs to decide.

/**
 * What the SDK (3.259) loads for things that this program has none of: functions that are to become
 * resources, and the Automation API. A third of the time of all that is loaded.
 */
const unused = ["@npmcli/arborist", "normalize-package-data", "./automation"];

const sdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));
for (const name of unused) loadWhenUsed(sdk.resolve(name));

// The SDK takes a stack trace at each promise, and its runner has each of them translated to the
// sources of the SDK: by far the most of what registering a resource takes.
delete (/** @type {{ prepareStackTrace?: unknown }} */ (Error).prepareStackTrace);

// It tells the engine three times of each resource, as `pulumi up --debug` shows, also where nobody
// asks for that: a twentieth of an `up` that changes nothing. A program is not told of that option,
// but of its other form.
if (!env.PULUMI_OPTION_DEBUG) {
  const log = /** @type {{ debug: () => Promise<void> }} */ (sdk("./log"));
  log.debug = () => Promise.resolve();
}

/**
 * Puts a stand-in in the place of a module, until something of it is asked for.
 * @param {string} file
 */
function loadWhenUsed(file) {
  if (sdk.cache[file]) return;
  /** @type {Record<PropertyKey, unknown> | undefined} */
  let loaded;
  const real = () => {
    if (!loaded) {
      delete sdk.cache[file];
      loaded = /** @type {Record<PropertyKey, unknown>} */ (sdk(file));
    }
    return loaded;
  };
  const standIn = new Module(file);
  standIn.exports = new Proxy(
    {},
    {
      // The SDK asks for __esModule first: whether what it has loaded is to be wrapped.
      get: (_, key) => {
        if (key === "__esModule") return true;
        const module = real();
        return key === "default" && !module.__esModule ? module : module[key];
      },
    },
  );
  standIn.loaded = true;
  sdk.cache[file] = standIn;
}
