/** @typedef {"apt" | "dnf" | "yum" | "apk" | "pacman" | "zypper" | "brew"} Manager */

/**
 * @typedef {object} InstallScript
 * @property {string} whole what we run, as root
 * @property {string} command what a person can type
 * @property {string} [note] what was done besides, for the person to know
 */

/**
 * In the order in which they are looked for: dnf before yum, its older self.
 * @type {Manager[]}
 */
export const MANAGERS = ["apt", "dnf", "yum", "apk", "pacman", "zypper", "brew"];

/** @type {Record<Exclude<Manager, "apt">, string>} */
const INSTALL = {
  dnf: "dnf install -y",
  yum: "yum install -y",
  apk: "apk add",
  pacman: "pacman -S --noconfirm --needed",
  zypper: "zypper --non-interactive install",
  brew: "brew install",
};

/**
 * @param {Manager} manager
 * @param {string[]} packages
 * @returns {InstallScript}
 */
export function installScript(manager, packages) {
  if (manager === "apt") return debianScript(packages);
  const command = `${INSTALL[manager]} ${packages.join(" ")}`;
  return { whole: command, command: manager === "brew" ? command : `sudo ${command}` };
}

/**
 * Debian starts a service as soon as its package is installed, and again at every boot. A Redis on port
 * 6379 that nobody asked for must not come from us: a policy that forbids starts is there while the
 * packages are installed, unless the machine has one of its own, and the service is disabled after that.
 * @param {string[]} packages
 * @returns {InstallScript}
 */
function debianScript(packages) {
  const names = packages.join(" ");
  const install = `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${names}`;
  const command = `sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${names}'`;
  if (!packages.includes("redis-server")) return { whole: `apt-get update && ${install}`, command };
  return {
    whole: [
      "set -e",
      "policy=/usr/sbin/policy-rc.d",
      "apt-get update",
      `if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then`,
      `  trap 'rm -f "$policy"' EXIT`,
      "  trap 'exit 1' HUP INT TERM",
      `  printf '#!/bin/sh\\nexit 101\\n' > "$policy"`,
      `  chmod 755 "$policy"`,
      "fi",
      install,
      "if command -v systemctl > /dev/null; then systemctl disable redis-server; else update-rc.d redis-server disable; fi || :",
    ].join("\n"),
    command: `${command}\nand, unless you want Debian's own Redis on port 6379:\n  sudo systemctl disable --now redis-server`,
    note: "Debian's own redis-server service stays stopped and disabled (systemctl enable --now redis-server turns it on).",
  };
}
