# Directories: what stands against their being the deployment's. Needs lib/born.sh and lib/marks.sh.

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
  if [ "$5" = 1 ] || [ ! -d "$2" ]; then return; fi
  part_mark=$(mark_of "$2")
  if [ "$part_mark" = "$4" ] || [ "$(mark_of "$3")" != "$4" ]; then return; fi
  if is_anothers "$2" "$3"; then
    echo "refused.part.$1 belongs to $(owner_of "$2")"
  elif [ -z "$part_mark" ]; then
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
