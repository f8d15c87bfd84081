# only_files: what we would wait on for ever (a FIFO, a device, a file of gigabytes where a line is
# expected) is refused.
only_files() {
  case $action in
    create | update | start) set -- "$directory"/* "$directory"/.[!.]* ;;
    # What is to end or to go must not be kept by what nobody reads for that.
    *) set -- "$directory"/pid ;;
  esac
  for each in "$@" "$directory".* "$directory".lock/*; do
    if [ -e "$each" ] && [ ! -f "$each" ] && [ ! -d "$each" ] && [ ! -S "$each" ]; then
      fail "$each is neither a file nor a directory: remove it, then try again"
    fi
  done
  if [ -L "$directory.lock" ] || { [ -e "$directory.lock" ] && [ ! -d "$directory.lock" ]; }; then
    fail "$directory.lock is no lock: remove it, then try again"
  fi
  set --
  for each in "$directory"/pid "$directory"/instance "$directory"/created "$directory"/loaded \
    "$directory"/first "$directory"/election "$directory"/written "$directory"/position \
    "$directory"/*.conf "$directory".supervisor "$directory".lock/owner; do
    [ ! -f "$each" ] || set -- "$@" "$each"
  done
  # From one file to the next it goes back to where it was, which may be closed to us.
  [ $# -gt 0 ] || return 0
  each=$(cd / && find -L "$@" -prune -size +2048)
  [ -z "$each" ] || fail "${each%%"$newline"*} has more than 1 MiB: remove it, then try again"
}

running() {
  pid='' its_birth=
  [ -s "$directory/pid" ] || return 1
  read -r pid its_birth <"$directory/pid"
  [ -n "$its_birth" ] && [ "$(born "$pid")" = "$its_birth" ]
}

# A pid file that was lost does not make the process somebody else's.
adopt() {
  [ -z "$made" ] && ! is_anothers "$directory" || return 1
  pid=$(lifecycle orphan 2>/dev/null)
  [ -n "$pid" ] && echo "$pid $(born "$pid")" >pid
}
