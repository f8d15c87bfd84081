# Looks at a machine without touching anything; read by sh from standard input, in front of calls of
# look_machine, look_place, look_part, look_names, look_version, look_instance, look_check, look_scripts and look_edit. Each prints lines
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

# use lib/marks.sh

# look_place DIRECTORY ID ADOPT: what stands against this being the directory of the deployment ID: another one's mark or,
# without one, what is in it; where ADOPT is 1, only that something still runs on it.
look_place() {
  place_problem=$(
    if [ -d "$1" ]; then p_real=$(cd "$1" 2>/dev/null && pwd -P); else p_real=$1; fi
    case $p_real in
      / | /bin | /boot | /dev | /etc | /home | /lib | /lib32 | /lib64 | /media | /mnt | /opt | /proc | /root | /run | /sbin | /srv | /sys | /tmp | /usr | /var | \
        /usr/* | /proc/* | /sys/* | /dev/* | /boot/* | /var/lib | /var/log | /var/run | /var/tmp | /run/systemd | /run/user | "${HOME:-/}")
        echo "is the system's, and never a deployment's"
        exit
        ;;
    esac
    p_mark=$(mark_of "$1")
    if [ ! -e "$1" ] || [ "$p_mark" = "$2" ]; then exit; fi
    [ -d "$1" ] || { echo "is no directory" && exit; }
    p_content=$(content_of "$1")
    if [ -n "$p_mark" ]; then p_said="belongs to $(owner_of "$1")"; else p_said="is not empty, and of no deployment"; fi
    [ -n "$p_mark$p_content" ] || exit
    p_running=$(running_in "$1" "$1"/* "$1"/processes/*)
    if [ -n "$p_running" ]; then
      echo "$p_said, and $p_running still runs on it: end that first"
    elif [ "$3" != 1 ]; then
      p_data=$(data_in "$1" "$1"/* "$1"/processes/*)
      if [ -n "$p_data" ]; then echo "$p_said; a server's data is in it: $p_data"; else echo "$p_said; in it: $(printf '%s\n' "$p_content" | shown)"; fi
    fi
  )
  [ -z "$place_problem" ] || echo "refused.place $place_problem"
}

# look_part NAME DIRECTORY PLACE ID ADOPT: the same for a process's own directory, below a place that is the deployment's or is
# to be.
look_part() {
  if [ "$5" = 1 ] || [ "$(mark_of "$3")" != "$4" ] || [ ! -d "$2" ]; then return; fi
  if is_anothers "$2" "$3"; then
    echo "refused.part.$1 belongs to $(owner_of "$2")"
  elif [ -z "$(mark_of "$2")" ]; then
    part_data=$(data_in "$2")
    [ -z "$part_data" ] || echo "refused.part.$1 has no mark of a deployment, and a server's data is in it: $part_data"
  fi
}

# shown: names, a line each, as one that a terminal can show; not all of many.
shown() { head -n 8 | tr -cd ' -~\n' | cut -c 1-80 | tr '\n' ' ' | sed 's/ $//; s/ /, /g'; }

# data_in DIRECTORY...: files there that a server may have written.
data_in() {
  for d_in in "$@"; do
    for d_file in dump.rdb appendonlydir appendonly.aof node.conf sentinel.conf; do [ ! -e "$d_in/$d_file" ] || echo "$d_in/$d_file"; done
    for d_file in "$d_in"/*.rdb "$d_in"/*.aof; do
      case $d_file in */dump.rdb | */appendonly.aof) ;; *) [ ! -e "$d_file" ] || echo "$d_file" ;; esac
    done
  done | shown
}

# running_in DIRECTORY...: who runs on one of them.
running_in() {
  for r_in in "$@"; do
    if [ -L "$r_in/pid" ] || [ ! -f "$r_in/pid" ]; then continue; fi
    read -r r_pid r_birth <"$r_in/pid"
    case $r_pid in '' | *[!0-9]*) continue ;; esac
    [ -z "$r_birth" ] || [ "$(born "$r_pid")" != "$r_birth" ] || { echo "${r_in##*/} (pid $r_pid)" && return; }
  done
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
  if [ -e "$2/created" ] || [ -s "$2/instance" ]; then echo "populated.$1 1"; fi
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
