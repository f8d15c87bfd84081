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

# use root/packages/tarball.sh
# use root/packages/distribution.sh

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
