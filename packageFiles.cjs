// CommonJS, in the sources and in what is built of them: of the two kinds of modules, only this one
// is the same in both.
const { join, sep } = require("node:path");

const root = __dirname.endsWith(`${sep}dist`) ? join(__dirname, "..") : __dirname;

/**
 * @param {string[]} names of directories and a file, below the package's own directory
 * @returns {string} the path of what is published as it is
 */
exports.packageFile = (...names) => join(root, ...names);

/**
 * @param {string} name of a package
 * @returns {unknown} the package, as the modules of this one find it
 */
exports.load = (name) => require(name);
