/**
 * @param {string} version for example "22.18.0" or "go1.26"
 * @param {string} minimum for example "22.18.0"
 * @returns {boolean} whether version is minimum or newer
 */
export function atLeast(version, minimum) {
  const have = numbers(version);
  const difference = numbers(minimum)
    .map((wanted, i) => (have[i] ?? 0) - wanted)
    .find((part) => part !== 0);
  return (difference ?? 0) >= 0;
}

/**
 * @param {string} version
 * @returns {number[]} major, minor, patch
 */
function numbers(version) {
  return (version.match(/\d+/g) ?? []).slice(0, 3).map(Number);
}
