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
  make_ours
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

# make_ours: it gets the mark of the directory that we are installed in.
make_ours() {
  ! is_anothers "$directory" || fail "the directory $directory belongs to $(owner_of "$directory")"
  [ "$(mark_of "$directory")" = "$(mark_of "$here")" ] || put_mark "$directory" "$(head -n 4 "$here/.pulumi-redis-ha")" || fail "$directory cannot be written"
}

delete() {
  [ -d "$directory" ] || return 0
  if is_anothers "$directory"; then
    echo "$directory stays: it belongs to $(owner_of "$directory")"
    return 0
  fi
  enter
  if running || adopt; then
    lifecycle handover || echo "${directory##*/} is removed all the same"
    end_process
  fi
  cd / && rm -rf "$directory" "$directory.held" "$directory.wanted"
}
