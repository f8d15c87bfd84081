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
 * The services that Debian's packages, or what they depend on, would start: systemd units, or
 * scripts of init.d.
 * @type {Record<string, string[]>}
 */
const SERVICES = {
  "redis-server": ["redis-server"],
  "docker.io": ["docker", "docker.socket", "containerd"],
  "openssh-server": ["ssh", "ssh.socket"],
};

/**
 * Debian starts a service as soon as its package is installed, and again at every boot. A Redis on
 * port 6379 that nobody asked for must not come from us: a policy that forbids starts is there
 * while the packages are installed, unless the machine has one of its own, and the services that
 * are new are disabled after that; one that was there before stays as it is.
 * @param {string[]} packages
 * @returns {InstallScript}
 */
function debianScript(packages) {
  const names = packages.map(firstOf).join(" ");
  const install = `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${names}`;
  const command = `sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${names}'`;
  const services = packages.flatMap((name) =>
    name.split("|").flatMap((one) => SERVICES[one] ?? []),
  );
  if (!services.length) return { whole: `apt-get update && ${install}`, command };
  const list = services.join(" ");
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
      // A unit's file is NAME.service unless the name says otherwise.
      `there() { for file in /etc/init.d/$1 /lib/systemd/system/$1 /lib/systemd/system/$1.service; do [ ! -e "$file" ] || return 0; done; return 1; }`,
      "new=",
      `for service in ${list}; do there "$service" || new="$new $service"; done`,
      install,
      "for service in $new; do",
      `  there "$service" || continue`,
      `  if command -v systemctl > /dev/null; then systemctl disable "$service"; else update-rc.d "$service" disable; fi || :`,
      "done",
    ].join("\n"),
    command: `${command}\nand, unless you want these services of Debian's on this machine:\n  sudo systemctl disable --now ${list}`,
    note: `No service was started or will be at boot that was not there before: ${list} (systemctl enable --now NAME turns one on).`,
  };
}

/**
 * @param {string} name of a package, or several with | between them
 * @returns {string} the first that exists, in words of the shell: Debian 13 has the docker client
 * apart, Debian 12 not
 */
function firstOf(name) {
  const [first = "", ...others] = name.split("|");
  if (!others.length) return first;
  return `$(apt-cache show ${first} > /dev/null 2>&1 && echo ${first} || echo ${firstOf(others.join("|"))})`;
}
