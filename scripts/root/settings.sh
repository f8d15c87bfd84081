# What root keeps of a process: its settings, and the records. The servers' user may read it. Needs
# what `of` sets (machine.sh), and user=.

# put NAME CONTENT: one of the settings, staged beside what the process runs with until host.sh asks
# for it.
put() {
  rm -f "$directory/$1.next"
  if [ -e "$directory/$1" ] && [ "$(cat "$directory/$1"; echo .)" = "$2." ]; then return; fi
  record "$1.next" "$2"
  staged="$staged $1"
}

# commit_when_asked: the user can ask for it, by a file, and for nothing else.
commit_when_asked() {
  while kill -0 $$ 2>/dev/null; do
    if [ -e "$own.commit" ]; then
      for each in $staged; do mv "$directory/$each.next" "$directory/$each"; done
      return
    fi
    sleep 0.1
  done
}

# record NAME CONTENT: one of the process's files that are not its own.
record() {
  if [ ! -e "$directory/$1" ] || [ "$(cat "$directory/$1"; echo .)" != "$2." ]; then
    if ! {
      (umask 077; printf '%s' "$2" >"$directory/$1.new") && for_group "$directory/$1.new" 640 &&
        mv "$directory/$1.new" "$directory/$1"
    }; then
      rm -f "$directory/$1.new"
      fail "$directory/$1 cannot be written"
    fi
  fi
  for_group "$directory/$1" 640
}

# for_group FILE MODE: the servers' user may read it; they hold what others are not to know.
for_group() { chgrp "$(id -g "$user")" "$1" && chmod "$2" "$1"; }
