# Looks at a machine without touching anything; read by sh from standard input, in front of calls of
# look_machine, look_place, look_former, look_part, look_names, look_program, look_version,
# look_instance, look_check, look_scripts and look_edit. Each prints lines
# "KEY value" for hosts/look.ts. Before it stands deployment= (the identity of the deployment that
# looks; see ours).
set -u
umask 077
LC_ALL=C
export LC_ALL

# use lib/born.sh
# use lib/as-user.sh

# look_machine DIRECTORY: KiB left where the directory is or will be; and what is wrong with a place
# in which root is to run scripts: somebody else could put others there.
look_machine() {
  echo "directory $1"
  at=$1
  until [ -d "$at" ]; do at=$(dirname "$at"); done
  echo "space_kib $(df -Pk "$at" | awk 'NR == 2 { print $4 }')"
  theirs=$(theirs_above "$at")
  real=$(cd "$at" && pwd -P)
  [ -n "$theirs" ] || [ "$real" = "$at" ] || theirs=$(theirs_above "$real")
  [ -z "$theirs" ] || echo "refused.parents $theirs"
}

# theirs_above DIRECTORY: what in the path to it is somebody else's than root's or of who has logged
# in. Where everybody may write but only remove what is his own, somebody else could make the next
# directory.
theirs_above() {
  above=$1
  set -- "$above"
  until [ "$above" = / ]; do
    above=${above%/*}
    above=${above:-/}
    set -- "$@" "$above"
  done
  # In one call, as each takes a millisecond; it lists what is above before what is in it.
  # shellcheck disable=SC2012
  ls -ldn "$@" | awk -v login="$(id -u "${SUDO_USER:-root}")" '
    { line[NR] = $0 }
    function theirs(text, is_last,   field, path) {
      split(text, field, / +/)
      path = text
      sub(/^([^ ]+ +){8}/, "", path)
      sub(/ -> .*/, "", path)
      if (field[3] != 0 && field[3] != login) return path " is another user'"'"'s"
      if ((text ~ /^d....w/ && field[4] != 0 || text ~ /^d.......w/) &&
        (field[1] !~ /[tT]/ || is_last)) return "others may write in " path
    }
    END {
      for (i = NR; i > 0; i--)
        if ((wrong = theirs(line[i], i == NR)) != "") { print wrong; exit }
    }'
}

# use lib/marks.sh

# ours DIRECTORY: it has the mark of the deployment that looks. What is in any other one may be
# anybody's: nothing of it is run or sourced, also where the directory is to be refused in the end.
ours() { [ "$(mark_of "$1")" = "${deployment:?}" ]; }

# look_place DIRECTORY ID ADOPT: what stands against this being the directory of the deployment ID:
# another one's mark or, without one, what is in it; where ADOPT is 1, only that something still
# runs on it.
look_place() {
  place_problem=$(
    if [ -d "$1" ]; then p_real=$(cd "$1" 2>/dev/null && pwd -P); else p_real=$1; fi
    case $p_real in
      / | /bin | /boot | /dev | /etc | /home | /lib | /lib32 | /lib64 | /media | /mnt | /opt | \
        /proc | /root | /run | /sbin | /srv | /sys | /tmp | /usr | /var | \
        /usr/* | /proc/* | /sys/* | /dev/* | /boot/* | /var/lib | /var/log | /var/run | /var/tmp | \
        /run/systemd | /run/user | "${HOME:-/}")
        echo "is the system's, and never a deployment's"
        exit
        ;;
    esac
    p_mark=$(mark_of "$1")
    if [ ! -e "$1" ] || [ "$p_mark" = "$2" ]; then exit; fi
    [ -d "$1" ] || { echo "is no directory" && exit; }
    p_content=$(content_of "$1")
    if [ -n "$p_mark" ]; then
      p_said="belongs to $(owner_of "$1")"
    else
      p_said="is not empty, and of no deployment"
    fi
    [ -n "$p_mark$p_content" ] || exit
    p_running=$(running_in "$1" "$1"/* "$1"/processes/*)
    if [ -n "$p_running" ]; then
      echo "$p_said, and $p_running still runs on it: end that first"
    elif [ "$3" != 1 ]; then
      p_data=$(data_in "$1" "$1"/* "$1"/processes/*)
      if [ -n "$p_data" ]; then
        echo "$p_said; a server's data is in it: $p_data"
      else
        echo "$p_said; in it: $(printf '%s\n' "$p_content" | shown)"
      fi
    fi
  )
  [ -z "$place_problem" ] || echo "refused.place $place_problem"
}

# look_former DIRECTORY ID: that deployment is in there.
look_former() { [ "$(mark_of "$1")" != "$2" ] || echo "refused.former $1"; }

# look_part NAME DIRECTORY PLACE ID ADOPT: the same for a process's own directory, below a place
# that is the deployment's or is to be.
look_part() {
  if [ "$5" = 1 ] || [ "$(mark_of "$3")" != "$4" ] || [ ! -d "$2" ]; then return; fi
  if is_anothers "$2" "$3"; then
    echo "refused.part.$1 belongs to $(owner_of "$2")"
  elif [ -z "$(mark_of "$2")" ]; then
    part_data=$(data_in "$2")
    [ -z "$part_data" ] ||
      echo "refused.part.$1 has no mark of a deployment, and a server's data is in it: $part_data"
  fi
}

# shown: names, a line each, as one that a terminal can show; not all of many.
shown() { head -n 8 | tr -cd ' -~\n' | cut -c 1-80 | tr '\n' ' ' | sed 's/ $//; s/ /, /g'; }

# data_in DIRECTORY...: files there that a server may have written.
data_in() {
  for d_in in "$@"; do
    for d_file in dump.rdb appendonlydir appendonly.aof node.conf sentinel.conf; do
      [ ! -e "$d_in/$d_file" ] || echo "$d_in/$d_file"
    done
    for d_file in "$d_in"/*.rdb "$d_in"/*.aof; do
      case $d_file in
        */dump.rdb | */appendonly.aof) ;;
        *) [ ! -e "$d_file" ] || echo "$d_file" ;;
      esac
    done
  done | shown
}

# running_in DIRECTORY...: who runs on one of them.
running_in() {
  for r_in in "$@"; do
    if [ -L "$r_in/pid" ] || [ ! -f "$r_in/pid" ]; then continue; fi
    read -r r_pid r_birth <"$r_in/pid"
    case $r_pid in '' | *[!0-9]*) continue ;; esac
    [ -z "$r_birth" ] || [ "$(born "$r_pid")" != "$r_birth" ] ||
      { echo "${r_in##*/} (pid $r_pid)" && return; }
  done
}

# look_names "ADDRESS NAME"...: which of these names stand for something else here.
look_names() {
  command -v getent >/dev/null || return 0
  wrong=$(for pair in "$@"; do
    is=$( (getent ahostsv4 "${pair#* }" || getent hosts "${pair#* }") 2>/dev/null |
      awk 'NR == 1 { print $1 }')
    [ "$is" = "${pair%% *}" ] ||
      printf '%s is %s instead of %s, ' "${pair#* }" "${is:-not known}" "${pair%% *}"
  done)
  [ -z "$wrong" ] || echo "refused.names ${wrong%, }"
}

# A program that hangs must not hang us.
# limited SECONDS COMMAND...: ends it then. Where timeout(1) is missing, by hand.
if command -v timeout >/dev/null 2>&1; then
  limited() { timeout -s KILL "$@"; }
else
  limited() {
    limited_for=$1
    shift
    "$@" &
    limited_pid=$!
    (sleep "$limited_for" && kill -KILL "$limited_pid") >/dev/null 2>&1 &
    limited_by=$!
    wait "$limited_pid"
    limited_status=$?
    kill "$limited_by" 2>/dev/null
    [ $limited_status -ne 137 ] && return $limited_status
    return 124
  }
fi

# look_program FIELD FILE: why servers could not run it.
look_program() {
  if [ ! -f "$2" ]; then
    echo "refused.program.$1 there is no such file"
  elif [ ! -x "$2" ]; then
    echo "refused.program.$1 nobody may execute it (chmod +x)"
  fi
}

# look_version NAME SERVER...: which of these programs there is, and its version; of the same
# programs, which most processes of a machine have, it is asked once.
look_version() {
  asked=$1
  shift
  [ "$*" = "${versions_of:-}" ] || { versions_of="$*" version_said=$(look_server "$@"); }
  printf '%s\n' "$version_said" | sed "s/^[a-z]*/&.$asked/"
}

# look_server SERVER...: lines of "server" and "version".
look_server() {
  server=$1
  for each in "$@"; do
    if command -v "$each" >/dev/null 2>&1; then server=$each && break; fi
  done
  echo "server $server"
  command -v "$server" >/dev/null 2>&1 || { echo "version $server: not found" && return; }
  # Into a file and not a pipe, which what it left behind could hold open; in a container, which may
  # have no mktemp, all of this has a limit of its own.
  if said=$(mktemp 2>/dev/null); then
    limited 10 "$server" --version >"$said" 2>&1 </dev/null
    case $? in
      124 | 137) echo "version no answer within 10 s" ;;
      *) echo "version $(head -n 1 "$said" | cut -c 1-300)" ;;
    esac
    rm -f "$said"
  else
    echo "version $(
      limited 10 "$server" --version 2>&1 </dev/null | head -n 1 | cut -c 1-300
    )"
  fi
}

# look_instance NAME DIRECTORY LIFECYCLE [SETTINGS USER]: where the process is, and the identity of
# the instance that runs, if that is well. Where it is another user's, nothing is read but the
# settings, and that user looks at the rest.
look_instance() {
  i_settings=${4:-$2}
  if [ -e "$2/created" ] || [ -s "$i_settings/instance" ]; then echo "populated.$1 1"; fi
  ours "${3%/*}" || return 0
  # shellcheck disable=SC1091
  [ ! -s "$i_settings/parameters" ] || (
    . "$i_settings/parameters" && echo "endpoint.$1 ${host:-}:${port:-}" &&
      { [ -z "${program:-}" ] || echo "program.$1 $program"; }
  )
  [ -s "$i_settings/settings.conf" ] &&
    [ -s "$i_settings/instance" ] &&
    comes_back "$1" "${3%/*}" || return 0
  as_limit=10
  look_as "${5:-}" sh "${3%/*}/host.sh" alive "$2" "$i_settings" >/dev/null 2>&1 </dev/null &&
    echo "instance.$1 $(cat "$i_settings/instance")"
}

# comes_back NAME DIRECTORY: where the process is a service, nobody has disabled that; it would not
# be there after the next boot.
comes_back() (
  unit='' services=1
  [ -d /run/systemd/system ] && [ -f "$2/machine.conf" ] || exit 0
  # shellcheck source=/dev/null
  . "$2/machine.conf"
  [ "$services" = 0 ] || [ "$(systemctl is-enabled "$unit-$1.service" 2>/dev/null)" = enabled ]
)

# look_as USER WORD...: USER is empty where the process is ours.
look_as() {
  user=$1
  shift
  if [ -n "$user" ]; then as_user "$@"; else limited "$as_limit" "$@"; fi
}

# look_check NAME DIRECTORY LIFECYCLE [SETTINGS USER]: the identity of the last verification if what
# it found still holds, else what does not. Busy machines take seconds for it; check_limit, in
# seconds, leaves those who wait for us enough.
look_check() {
  c_settings=${4:-$2}
  [ -s "$c_settings/verified" ] && ours "${3%/*}" || return 0
  as_limit=${check_limit:-6}
  found=$(look_as "${5:-}" sh "$3" check "$2" "$c_settings" 2>&1 </dev/null)
  case $? in
    0) echo "verified.$1 $(cat "$c_settings/verified")" ;;
    124 | 137) echo "unverified.$1 no answer within $as_limit s" ;;
    # Whatever that says, it is one line of an answer.
    *)
      echo "unverified.$1 $(printf '%s\n' "$found" | head -n 1 | tr -cd '\040-\176' | cut -c 1-300)"
      ;;
  esac
}

# look_scripts DIRECTORY SCRIPT...: the identity of the installation, if all of it is there.
look_scripts() {
  here=$1
  shift
  for script in "$@"; do [ -s "$here/$script" ] || return 0; done
  echo "scripts $(cat "$here/installed" 2>/dev/null)"
}

# within SECONDS COMMAND...: the command with our standard input; 124 where it does not end in time.
within() {
  w_limit=$1 w_began=$(date +%s)
  shift
  if command -v timeout >/dev/null; then
    timeout "$w_limit" "$@"
    w_status=$?
  else
    exec 4<&0
    "$@" <&4 4<&- &
    w_command=$!
    (sleep "$w_limit" && kill "$w_command") >/dev/null 2>&1 3>&- 4<&- &
    w_clock=$!
    wait "$w_command"
    w_status=$?
    kill "$w_clock" 2>/dev/null
  fi
  # The status of what was ended, in busybox and without timeout(1).
  if [ "$w_status" -eq 143 ] && [ $(($(date +%s) - w_began)) -ge "$w_limit" ]; then w_status=124; fi
  return "$w_status"
}

# look_edit NAME SCRIPT SETTINGS KEPT SECONDS: asks the edit's script (supervisor/edits.sh has the
# contract) how things stand with these settings. Applied: "edited.NAME IDENTITY", that of what was
# applied (KEPT has its settings). Not, or no longer: nothing. "refused.NAME REASON", also where
# there is no answer. "warned.NAME WARNINGS". Lines parted by a control character; what others wrote
# comes without any.
look_edit() {
  said=$(
    {
      {
        printf '%s' "$3" | within "$5" sh -c "$2" sh check 2>&3
        printf '\nstatus %s\n' $?
      } | sed 's/^/out /'
    } 3>&1
  )
  said=$(printf '%s\n' "$said" | tr '\001-\011\013-\037\177' '?')
  status=$(printf '%s\n' "$said" | sed -n 's/^out status \([0-9]*\)$/\1/p' | tail -n 1)
  text=$(printf '%s\n' "$said" | sed '/^out status [0-9]*$/d; s/^out //; s/out $//; /^$/d' |
    cut -c 1-500 | head -n 40 | tr '\n' '\037')
  case $status in
    0 | 3)
      warnings=$(printf '%s\n' "$said" | sed -n 's/^out warning: //p' | cut -c 1-500 | head -n 40 |
        tr '\n' '\037')
      [ -z "$warnings" ] || echo "warned.$1 $warnings"
      if [ "$status" = 0 ] && [ -s "$4" ]; then sed -n "s/^INSTANCE=/edited.$1 /p" "$4"; fi
      ;;
    1) echo "refused.$1 ${text:-the check gives no reason}" ;;
    124)
      echo "refused.$1 the check has not ended within $5 s: nobody can tell how things stand there"
      ;;
    *)
      echo "refused.$1 the check ended with status ${status:-unknown}, which is no answer: ${text:-it says nothing}"
      ;;
  esac
}
