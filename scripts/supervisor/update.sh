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
  eval "$(cat)"
  enter
  if running || adopt; then
    if ! alive_within 15; then
      if running; then
        echo "${directory##*/} has not answered for 15 s: starting it anew"
        hold
        kill -KILL "$pid"
        end_process
      fi
      start_process
    elif ! lifecycle reload; then
      lifecycle handover || exit 1
      end_process
      start_process
    fi
  else
    if [ "$action" = create ] && [ "$known" != known ]; then FIRST_CREATION=1 && export FIRST_CREATION; fi
    start_process
  fi
  wait_ready || exit 1
  put instance "$instance"
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
