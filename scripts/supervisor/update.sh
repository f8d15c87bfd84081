# enter: the process's directory and the limits in seconds that its settings set.
enter() {
  cd "$directory" || exit 1
  ready_limit=60 stop_limit=60 log_size=0 started=
  # shellcheck source=/dev/null
  if [ -s "$settings/parameters" ]; then . "$settings/parameters"; fi
}

# not_repaired: the end of a step that could not get a process to be as it was before. Where no step
# of ours has stopped it, that fails neither its resource nor those that come after it: the
# sentinels have to run, above all where a node can't. As it is not recorded, the next look finds it
# again, and the verification at the end fails for it (docs/decisions/0002-looking-and-repair.md).
as_it_was=
not_repaired() {
  [ -n "$as_it_was" ] || exit 1
  echo "${directory##*/} is not repaired (see above): the next pulumi up tries again. What comes after it is done all the same" >&2
  # Whoever keeps the record elsewhere has to know that there is nothing to record.
  [ "$settings" = "$directory" ] || exit 4
  exit 0
}

create_or_update() {
  await_parent
  if [ ! -d "$directory" ]; then
    hold
    mkdir -p "$directory" || fail "the directory $directory cannot be made"
    if [ "$action" = create ]; then made=1; fi
  fi
  enter
  make_ours
  returns=
  if [ -e retired ]; then returns=1; fi
  instance=
  # What runs is asked where it is known to listen, by what it was started with, until it has ended.
  if [ "$settings" = "$directory" ]; then eval "$(cat)"; else find_staged; fi
  if [ -z "$staged" ] && [ "$action" = update ]; then as_it_was=1; fi
  [ -z "$staged" ] || lifecycle trial || exit 1
  [ -s "$settings/parameters" ] || commit
  [ -z "$returns" ] || taken_back
  if running || adopt; then
    if ! answers; then
      if running; then
        hold
        kill_process
        rm -f pid
      fi
      commit
      start_process
    else
      # What its leaving has set on it, only a restart takes back.
      if [ -n "$returns" ]; then (exit 1); else lifecycle reload; fi
      case $? in
        0)
          commit
          have_parent
          ;;
        1)
          as_it_was=
          uninterrupted handover || exit 1
          end_process
          commit
          start_process
          ;;
        *) exit 1 ;;
      esac
    fi
  else
    commit
    if [ "$action" = create ] && [ "$known" != known ]; then
      FIRST_CREATION=1 && export FIRST_CREATION
    fi
    start_process
  fi
  if wait_ready; then lifecycle note; else not_repaired; fi
  if [ "$settings" = "$directory" ] && [ "$(cat instance 2>/dev/null)" != "$instance" ]; then
    write instance "$instance"
  fi
  rm -f first retired
  made=
}

# make_ours: it gets the mark of the directory that we are installed in.
make_ours() {
  ! is_anothers "$directory" || fail "the directory $directory belongs to $(owner_of "$directory")"
  [ "$(mark_of "$directory")" = "$(mark_of "$here")" ] ||
    put_mark "$directory" "$(head -n 4 "$here/.pulumi-redis-ha")" 600 ||
    fail "$directory cannot be written"
}

delete() {
  [ -d "$directory" ] || return 0
  if is_anothers "$directory"; then
    echo "$directory stays: it belongs to $(owner_of "$directory")"
    return 0
  fi
  enter
  if running || adopt; then
    uninterrupted handover || echo "${directory##*/} is removed all the same"
    end_process
  fi
  release
  cd / && rm -rf "$directory" "$directory.held" "$directory.wanted"
}
