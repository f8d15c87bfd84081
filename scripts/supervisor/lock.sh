# One at a time: a step whose `pulumi up` was killed goes on for a while.
lock() {
  lock_left=600 lock_unowned=0 lock_mine="$$ $(born $$)" lock_parent=${directory%/*}
  until mkdir "$directory.lock" 2>/dev/null; do
    [ -d "$lock_parent" ] || fail "$lock_parent is no directory, or gone"
    if [ ! -d "$directory.lock" ] &&
        ! { touch "$directory.lock.$$" && rm "$directory.lock.$$"; } 2>/dev/null; then
      fail "$lock_parent cannot be written"
    fi
    if lock_is_stale && mkdir "$directory.lock/taken" 2>/dev/null; then
      # Somebody quicker may have taken it over before us, and not yet written who it is.
      [ -n "$lock_birth" ] || sleep 1
      if lock_is_stale; then rm -rf "$directory.lock"; else rmdir "$directory.lock/taken"; fi
      continue
    fi
    lock_left=$((lock_left - 1))
    [ $lock_left -gt 0 ] ||
      fail "$directory: another step (pid $lock_pid) has been at work on it for 60 s; wait for it, or end it, then try again"
    sleep 0.1
  done
  trap 'forget_staged; undo_create; rm -rf "$directory.lock"' EXIT
  trap 'exit 1' HUP INT TERM
  echo "$lock_mine" >"$directory.lock/owner" ||
    fail "$lock_parent cannot be written$(writable "$lock_parent" | sed 's/^/: /')"
}

# Owned by the step, and by what it does uninterrupted, which outlives it: as long as one of them
# runs. The maker of a lock without an owner for a second was killed between two steps.
lock_is_stale() {
  lock_pid='' lock_birth='' lock_heir='' lock_heir_birth=
  {
    read -r lock_pid lock_birth
    read -r lock_heir lock_heir_birth
  } 2>/dev/null <"$directory.lock/owner"
  if [ -n "$lock_birth" ]; then
    lock_unowned=0
    [ "$(born "$lock_pid")" != "$lock_birth" ] &&
      { [ -z "$lock_heir_birth" ] || [ "$(born "$lock_heir")" != "$lock_heir_birth" ]; }
  else
    lock_unowned=$((lock_unowned + 1))
    [ $lock_unowned -gt 10 ]
  fi
}

# What was not carried through is as if it had never been asked for.
staged=
forget_staged() {
  for each in $staged; do rm -f "${settings:-$directory}/$each.next" 2>/dev/null; done
}

# What was never created is not in the stack's state: nobody would remove it later.
made=
undo_create() {
  [ -n "$made" ] || return 0
  end_process
  release
  cd / && rm -rf "$directory"
}
