# Looks at a machine without touching anything; read by sh from standard input, in front of calls of
# look_machine, look_names, look_version, look_instance, look_check, look_scripts and look_edit. Each prints lines
# "KEY value" for hosts/look.ts.
set -u
umask 077
LC_ALL=C
export LC_ALL

born() {
  if [ -r /proc/self/stat ]; then
    sed -n 's/.*) \([^ZX] .*\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _
  fi
}

# look_machine DIRECTORY: KiB left where the directory is or will be.
look_machine() {
  echo "directory $1"
  at=$1
  until [ -d "$at" ]; do at=$(dirname "$at"); done
  echo "space_kib $(df -Pk "$at" | awk 'NR == 2 { print $4 }')"
}

# look_names "ADDRESS NAME"...: which of these names stand for something else here.
look_names() {
  command -v getent >/dev/null || return 0
  wrong=$(for pair in "$@"; do
    is=$( (getent ahostsv4 "${pair#* }" || getent hosts "${pair#* }") 2>/dev/null | awk 'NR == 1 { print $1 }')
    [ "$is" = "${pair%% *}" ] || printf '%s is %s instead of %s, ' "${pair#* }" "${is:-not known}" "${pair%% *}"
  done)
  [ -z "$wrong" ] || echo "refused.names ${wrong%, }"
}

# look_version NAME SERVER...: which of these programs there is, and its version.
look_version() {
  asked=$1
  shift
  server=$1
  for each in "$@"; do
    if command -v "$each" >/dev/null 2>&1; then server=$each && break; fi
  done
  echo "server.$asked $server"
  echo "version.$asked $("$server" --version 2>&1 </dev/null | head -n 1)"
}

# look_instance NAME DIRECTORY LIFECYCLE: where the process is, and the identity of the instance that runs, if that is
# well.
look_instance() {
  # shellcheck disable=SC1091
  [ ! -s "$2/parameters" ] || (. "$2/parameters" && echo "endpoint.$1 ${host:-}:${port:-}")
  [ -s "$2/pid" ] && [ -s "$2/settings.conf" ] && [ -s "$2/instance" ] || return 0
  read -r pid birth <"$2/pid"
  [ -n "$birth" ] && [ "$(born "$pid")" = "$birth" ] && sh "$3" alive "$2" 2>/dev/null && echo "instance.$1 $(cat "$2/instance")"
}

# look_check NAME DIRECTORY LIFECYCLE: the identity of the last verification if what it found still holds, else what does
# not. Busy machines take seconds for it; check_limit, in seconds, leaves those who wait for us enough.
look_check() {
  [ -s "$2/verified" ] || return 0
  if command -v timeout >/dev/null; then limit="timeout ${check_limit:=6}"; else limit=; fi
  found=$($limit sh "$3" check "$2" 2>&1 </dev/null)
  case $? in
    0) echo "verified.$1 $(cat "$2/verified")" ;;
    124) echo "unverified.$1 no answer within $check_limit s" ;;
    *) echo "unverified.$1 $(printf '%s\n' "$found" | head -n 1)" ;;
  esac
}

# look_scripts DIRECTORY SCRIPT...: the identity of the installation, if all of it is there.
look_scripts() {
  here=$1
  shift
  for script in "$@"; do [ -s "$here/$script" ] || return 0; done
  echo "scripts $(cat "$here/installed" 2>/dev/null)"
}

# look_edit NAME SCRIPT SETTINGS KEPT: what stands against this edit, its lines parted by a control character; else the
# identity of what was applied (KEPT has its settings), unless the file is no longer as that left it.
look_edit() {
  said=$(printf '%s' "$3" | sh -c "$2" sh check 2>&1) || { echo "refused.$1 $(printf '%s' "$said" | tr '\n' '\037')"; return; }
  [ "${said%undone}" = "$said" ] || return 0
  [ ! -s "$4" ] || sed -n "s/^INSTANCE=/edited.$1 /p" "$4"
}
