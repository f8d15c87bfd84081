# enter: the process's directory and the limits in seconds that its parameters set.
enter() {
  cd "$directory" || exit 1
  ready_limit=60 stop_limit=60 log_size=0 started=
  # shellcheck source=/dev/null
  if [ -s parameters ]; then . ./parameters; fi
}

create_or_update() {
  await_parent
  if [ ! -d "$directory" ]; then
    hold
    mkdir -p "$directory" || fail "the directory $directory cannot be made"
    if [ "$action" = create ]; then made=1; fi
  fi
  enter
  instance=
  # What runs is asked where it is known to listen, by what it was started with, until it has ended.
  eval "$(cat)"
  [ -z "$staged" ] || lifecycle trial || exit 1
  [ -s parameters ] || commit
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
      lifecycle reload
      case $? in
        0) commit ;;
        1)
          lifecycle handover || exit 1
          end_process
          commit
          start_process
          ;;
        *) exit 1 ;;
      esac
    fi
  else
    commit
    if [ "$action" = create ]; then FIRST_CREATION=1 && export FIRST_CREATION; fi
    start_process
  fi
  wait_ready || exit 1
  [ "$(cat instance 2>/dev/null)" = "$instance" ] || write instance "$instance"
  rm -f first
  made=
}

delete() {
  [ -d "$directory" ] || return 0
  enter
  if running || adopt; then
    lifecycle handover || echo "${directory##*/} is removed all the same"
    end_process
  fi
  cd / && rm -rf "$directory" "$directory.held" "$directory.wanted"
}
