# Puts a Redis onto a machine that has none, and takes away what came with it; read by sh from
# standard input, as root, behind shared.sh. Before it stand assignments: action= (install, remove),
# packages= (1: the distribution's may be installed), version= (of the package, or its beginning;
# empty for any), tarball= (name of a file with redis-server and redis-cli in it, in the home of who
# has logged in, where nobody else can put one: to be unpacked into bin=; mark= is the content of
# the mark of the directory that it makes), servers= (programs that will do). Prints lines "server
# PROGRAM" and "version TEXT".
set -u
umask 022
LC_ALL=C
export LC_ALL
: "${action:?}" "${mark:=}" "${left:=}" "${packages:=0}" "${version:=}" "${tarball:=}" "${bin:=}" \
  "${servers:=}"
fail() { echo "$*" >&2; exit 1; }
# use lib/marks.sh
log=$(mktemp) || exit 1
trap 'rm -f "$log" ${policy_is_ours:+/usr/sbin/policy-rc.d}' EXIT
trap 'exit 1' HUP INT TERM

find_server() {
  for server in $servers; do command -v "$server" >/dev/null && return; done
  return 1
}

# from_tarball: nothing is put in place that would not run.
from_tarball() {
  unpacked=$(mktemp -d) || exit 1
  trap 'rm -rf "$log" "$unpacked"' EXIT
  tar -xf "$tarball" -C "$unpacked" >"$log" 2>&1 ||
    fail "ssh.redisTarball cannot be unpacked: $(tail -n 3 "$log" | cut -c 1-300)"
  for each in server cli; do
    found=$(find "$unpacked" -type f \( -name redis-$each -o -name valkey-$each \) | head -n 1)
    [ -n "$found" ] ||
      fail "ssh.redisTarball holds neither redis-$each nor valkey-$each, but: $(
        cd "$unpacked" && find . -type f | head -n 10 | cut -c 3-100 | tr '\n' ' '
      )"
    chmod 755 "$found"
    # On some machines nothing at all runs in /tmp.
    "$found" --version >"$log" 2>&1 </dev/null || grep -q 'Permission denied' "$log" ||
      fail "ssh.redisTarball: its ${found##*/} does not run on this machine: $(
        tail -n 3 "$log" | cut -c 1-300
      )"
  done
  # As install.sh does: whoever is uninstalled last removes the directories that were not there
  # before.
  place=${bin%/redis/bin} base=${bin%/*/redis/bin} made=
  [ -d "$place" ] || place_mark="$mark
made"
  missing=$base
  until [ -d "$missing" ]; do
    made="$made$missing
"
    missing=$(dirname "$missing")
  done
  [ -n "$(content_of "$place")" ] || : "${place_mark:=$mark}"
  mkdir -p "$bin" || fail "$bin cannot be made"
  [ -z "${place_mark:-}" ] || put_mark "$place" "$place_mark" || fail "$place cannot be written"
  [ -z "$made" ] || printf '%s' "$made" >>"$base/made"
  for program in redis-server redis-cli valkey-server valkey-cli; do
    found=$(find "$unpacked" -type f -name "$program" | head -n 1)
    [ -z "$found" ] || {
      cp "$found" "$bin/.$program" && chmod 755 "$bin/.$program" &&
        mv "$bin/.$program" "$bin/$program"
    } || exit 1
  done
  rm -rf "$unpacked" "$tarball"
}

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

install() {
  [ -n "$tarball" ] || join packages
  if ! find_server; then
    if [ -n "$tarball" ]; then
      from_tarball
    elif [ "$packages" != 1 ]; then
      fail "there is none of $servers here, and installing one is turned off (ssh.installRedis)"
    elif command -v apt-get >/dev/null; then
      from_debian
    elif command -v dnf >/dev/null; then
      from_rpm dnf
    elif command -v yum >/dev/null; then
      from_rpm yum
    else
      fail "there is no redis-server, and no apt-get, dnf or yum to install one: set ssh.redisTarball, or install it by hand"
    fi
    find_server || fail "Redis could not be installed: $(tail -n 5 "$log")"
    [ -n "$tarball" ] || [ ! -d /run/systemd/system ] ||
      systemctl disable --now redis-server redis redis-sentinel valkey >/dev/null 2>&1
  fi
  echo "server $server"
  echo "version $("$server" --version | head -n 1)"
}

# What somebody else has come to use in the meantime stays.
remove() {
  leave packages || exit 0
  # shellcheck disable=SC2086
  set -- $left
  for exe in /proc/[0-9]*/exe; do
    case $(readlink "$exe") in
      */redis-* | */valkey-*) echo "a Redis server still runs here: $* stay installed" && exit 0 ;;
    esac
  done
  if [ -d /run/systemd/system ] &&
      systemctl is-enabled redis-server redis redis-sentinel valkey 2>/dev/null |
        grep -q -x enabled; then
    echo "the distribution's own service is in use: $* stay installed" && exit 0
  fi
  if command -v apt-get >/dev/null; then dpkg --purge "$@"; else rpm -e "$@"; fi >"$log" 2>&1 ||
    echo "some of $* stay installed: $(tail -n 3 "$log")"
}

"$action"
