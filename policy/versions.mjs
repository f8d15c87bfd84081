// Which versions of the servers mend what is known. To be read again with each release of this
// package: a table that is old says so by its dates.

/**
 * @typedef {object} Line
 * @property {number} [least] the least third number that has no fault that is known and serious;
 * unset where that is not known
 * @property {string} source
 * @property {string} date of the source
 */

const cve = { source: "CVE-2026-81934", date: "2026-08-31" };

/** @type {Readonly<Record<string, Readonly<Record<string, Line>>>>} program, first two numbers */
export const lines = {
  // Lines that the record does not have among those that are mended are not mended any more.
  Redis: {
    6.2: { least: 24, ...cve },
    7.2: { least: 16, ...cve },
    7.4: { least: 11, ...cve },
    8.2: { least: 9, ...cve },
    8.4: { least: 6, ...cve },
    8.6: { least: 6, ...cve },
    8.8: { least: 2, ...cve },
    "8.10": { least: 1, ...cve },
  },
  Valkey: {
    7.2: { source: "image wodby/valkey r3, which still builds 7.2.15", date: "2026-10-27" },
    "8.0": { source: "image wodby/valkey r3, which still builds 8.0.12", date: "2026-10-27" },
    8.1: { least: 9, source: "release notes of Valkey 8.1.9", date: "2026-07-21" },
    "9.0": { least: 6, source: "release notes of Valkey 9.0.6", date: "2026-09-01" },
    9.1: { least: 2, source: "release notes of Valkey 9.1.2", date: "2026-08-31" },
  },
};

/**
 * @param {string} version as a component says it: `Redis 7.0.15`.
 * @returns {{ verdict: "mended" | "vulnerable" | "unmaintained" | "unknown", why: string }}
 */
export function judgeVersion(version) {
  const [, program = "", major = "", minor = "", patch = ""] =
    /^(Redis|Valkey) (\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  const known = lines[program];
  if (!known) return { verdict: "unknown", why: `${version} is no version that is known here` };
  const line = known[`${major}.${minor}`];
  if (!line) {
    const newest = Math.max(...Object.keys(known).map((each) => order(each)));
    return order(`${major}.${minor}`) > newest
      ? { verdict: "unknown", why: `${version} is newer than what is known here` }
      : { verdict: "unmaintained", why: `${program} ${major}.${minor} is mended no more` };
  }
  const told = `${line.source}, ${line.date}`;
  if (line.least === undefined)
    return {
      verdict: "unknown",
      why: `which ${program} ${major}.${minor} is mended is not known here (${told})`,
    };
  return Number(patch) >= line.least
    ? { verdict: "mended", why: told }
    : {
        verdict: "vulnerable",
        why: `${version} has a fault that ${major}.${minor}.${line.least} mends (${told})`,
      };
}

/** @param {string} line `8.10` comes after `8.4`. */
function order(line) {
  const [major = 0, minor = 0] = line.split(".").map(Number);
  return major * 1000 + minor;
}
