# The lock beside a file. Needs acting (rights.sh), beside and lib/born.sh.

nap() { sleep 0.1 2>/dev/null || sleep 1; }

lock_of_process='' locked=''
lock_beside() {
  lock=$(beside "$1").lock
  # Processes have their numbers in one name space only.
  space=$(readlink /proc/self/ns/pid 2>/dev/null | tr -cd 0-9)
  lock_of_process=$$.$(born $$ | tr -cd A-Za-z0-9).${space:-0}
  deadline=$(($(date +%s) + 120))
  while :; do
    if acting mkdir "$lock" 2>/dev/null; then
      # Those of the group may lock what they may replace.
      case $(facts_of "${1%/*}/.") in
        d????w*) acting chmod 775 "$lock" ;;
        *) acting chmod 755 "$lock" ;;
      esac
    fi
    if acting mkdir "$lock/$lock_of_process" 2>/dev/null; then
      locked=1
      others_at_work || return 0
      unlock_beside
    elif [ ! -d "$lock" ] && ! acting test -w "${1%/*}"; then
      die "$1: cannot be locked, as ${1%/*} cannot be written"
    else
      others_at_work || :
    fi
    [ "$(date +%s)" -lt "$deadline" ] ||
      die "$1: another editor (process ${holder:-unknown}) has been at work on it for 2 minutes; if there is none, delete $lock and try again"
    nap
  done
}

unlock_beside() {
  [ -n "$locked" ] || return 0
  locked=''
  acting rmdir "$lock/$lock_of_process" 2>/dev/null
  acting rmdir "$lock" 2>/dev/null || :
}

# Removes the dead; holder is one that is alive.
others_at_work() {
  holder=''
  for each in "$lock"/*; do
    name=${each##*/}
    case $name in "$lock_of_process" | '*' | *[!A-Za-z0-9.]*) continue ;; esac
    pid=${name%%.*} left=${name#*.}
    if [ "${left##*.}" = "${space:-0}" ]; then
      # Of a process that we may not look at, only its being there can be told.
      birth=$(born "$pid" | tr -cd A-Za-z0-9)
      if [ "$birth" = "${left%.*}" ]; then
        holder=$pid
        continue
      fi
      if [ -z "$birth" ]; then
        case $(LC_ALL=C kill -0 "$pid" 2>&1) in *ermitted*) holder=$pid && continue ;; esac
      fi
    elif [ -z "$(find "$each" -prune -mmin +1 2>/dev/null)" ] && [ -d "$each" ]; then
      holder=$pid
      continue
    fi
    acting rmdir "$each" 2>/dev/null || :
  done
  [ -n "$holder" ]
}
