# What becomes of a process: kept, deleted, verified. Needs host, seconds and has_systemd
# (machine.sh), supervisor/lock.sh, service.sh and settings.sh.

# What undo_create (lock.sh) does before it removes what a create that failed has made.
end_process() {
  host delete
  ! has_systemd || service_gone
}
# The end of its parent is in that.
release() { :; }

keep() {
  lock
  not_paused "$here"
  if [ ! -d "$directory" ]; then
    mkdir "$directory" || fail "$directory cannot be made"
    [ "$1" != create ] || made=1
  fi
  for_group "$directory" 750 || exit 1
  instance=
  eval "$(cat)"
  rm -f "$directory/staying"
  if has_systemd; then
    put_unit
    service_up
  fi
  as_user rm -f "$own.commit" </dev/null
  commit_when_asked &
  committer=$!
  if has_systemd; then
    host "$1" 'its service' "$known_before"
  else
    host "$1" '' "$known_before"
  fi
  kept=$?
  kill "$committer" 2>/dev/null
  case $kept in
    0) record instance "$instance" ;;
    # It was not to be had, and has said so; nothing of ours had stopped it (supervisor/update.sh).
    4) ;;
    *) exit 1 ;;
  esac
  made=
}

# retire: who stays is for the process to know, and not for it to write.
retire() {
  [ -d "$directory" ] || return 0
  lock
  record staying "$(cat)"
  as_limit=$(($(seconds stop) + 300))
  host retire || exit 1
  ! has_systemd || systemctl stop "$service" ||
    fail "the service $service does not stop"
}

delete() {
  lock
  as_limit=$(($(seconds stop) + 300))
  if ! host delete; then
    has_systemd || fail "$name was not removed"
    # With its service, all that it runs ends.
    service_gone
    as_user rm -rf "$own" "$own.lock" </dev/null || fail "$own cannot be removed"
  elif has_systemd; then
    service_gone
  fi
  rm -rf "$directory" "$directory.lock"
}

# verify: what it found is what a later look compares with; root's own record, that look reads
# nothing else.
verify() {
  not_paused "$here"
  as_limit=$(($(seconds verify) + 300))
  occasion=$(cat)
  printf '%s\n' "$occasion" | as_user sh "$here/lifecycle.sh" verify "$own" "$directory" || exit 1
  record verified "$(printf '%s\n' "$occasion" | sed -n 's/^verified //p')"
}
