# Redis of the distribution's packages: apt, dnf, yum. Needs note (shared.sh), and find_server and
# the log of packages.sh.

# of_apt: the newest version in the repositories that begins as asked for; nothing where any will
# do.
of_apt() {
  [ -z "$version" ] ||
    apt-cache madison redis-server |
      awk -F ' *[|] *' -v v="$version" '
        { plain = $2; sub(/^[0-9]*:/, "", plain) }
        index($2, v) == 1 || index(plain, v) == 1 { print "=" $2; exit }'
}

apt() { apt-get "$@" -y -q --no-install-recommends install "redis-server$pinned"; }

# Debian starts a service as soon as its package is installed: what nobody asked for must not take a
# port.
from_debian() {
  policy_is_ours=
  if [ ! -e /usr/sbin/policy-rc.d ] && [ ! -L /usr/sbin/policy-rc.d ]; then
    policy_is_ours=1
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
  fi
  export DEBIAN_FRONTEND=noninteractive
  pinned=$(of_apt)
  if [ -n "$version" ] && [ -z "$pinned" ] || ! apt -s >"$log" 2>&1; then
    apt-get update -q >"$log" 2>&1
    pinned=$(of_apt)
    [ -z "$version" ] || [ -n "$pinned" ] ||
      fail "ssh.redisVersion: there is no redis-server $version in this machine's repositories, but $(
        apt-cache madison redis-server | awk -F ' *[|] *' '{ printf "%s ", $2 }'
      )"
    apt -s >>"$log" 2>&1 || fail "$(tail -n 5 "$log")"
  fi
  note packages "$(sed -n 's/^Inst \([^ ]*\).*/\1/p' "$log")"
  apt >"$log" 2>&1 || fail "$(tail -n 5 "$log")"
}

# from_rpm PROGRAM: dnf or yum.
from_rpm() {
  names() { rpm -qa --qf '%{NAME}\n' | sort; }
  before=$(names)
  for package in redis valkey; do
    note packages $package
    "$1" install -y "$package${version:+-$version*}" >>"$log" 2>&1 && break
  done
  note packages "$(names | grep -v -x -F "$before")"
  [ -z "$version" ] || find_server ||
    fail "ssh.redisVersion: there is no redis $version in this machine's repositories, but $(
      "$1" -q --showduplicates list redis valkey 2>/dev/null |
        awk '$2 ~ /^[0-9]/ { printf "%s ", $2 }'
    )"
}
