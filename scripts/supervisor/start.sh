# The start of a process, until it is ready. Needs process.sh, parent.sh, progress.sh and
# lib/space.sh.

start_process() {
  if ! no_room=$(writable "$directory"); then
    echo "${directory##*/} cannot be started: $directory cannot be written: $no_room" >&2
    not_repaired
  fi
  touch log
  log_size=$(($(wc -c <log)))
  started=1
  # Its parent may be about to start it by itself: what it writes as the pid now stays.
  start_before=$(cat pid 2>/dev/null)
  [ "${FIRST_CREATION:-0}" = 0 ] || : >first
  # One of our own has the environment and the scripts of the step that has started it; what it may
  # have started meanwhile, the next one takes over.
  release
  : >"$directory.wanted"
  rm -f "$directory.held"
  have_parent
  start_left=100
  until running || { [ -s pid ] && [ "$(cat pid)" != "$start_before" ]; } ||
      [ $start_left -eq 0 ]; do
    start_left=$((start_left - 1))
    sleep 0.05
  done
}

say_log() {
  if supervised && [ "$s_own" != own ]; then echo "$1" >&2 && return; fi
  echo "$1. The last lines of $directory/log:" >&2
  tail -c "+$((log_size + 1))" log 2>/dev/null | tail -n 20 | tr '\000-\010\013-\037\177' '?' |
    sed 's/^/  | /' >&2
}

say_resync() { lifecycle resync 2>/dev/null | sed 's/^/. /' | tr -d '\n'; }

# wait_ready: while it gets on (a load, a synchronisation), it gets more time.
wait_ready() {
  wait_until=$(($(date +%s) + ready_limit)) retry_until=$(($(date +%s) + 75))
  anew=0 p_pid='' p_last='' p_best='' p_synced=''
  while :; do
    now=$(lifecycle ready)
    status=$?
    # Looked at last: on a port that somebody else has, that one would be found ready.
    if ! running; then
      if [ -z "$started" ]; then
        # It was about to end when we found it: an earlier step, killed since, had told it to.
        start_process
        continue
      fi
      if [ "$(date +%s)" -lt $retry_until ] && lifecycle retry; then
        sleep 2
        start_process
        # That it is another process now is our doing.
        p_pid=
        continue
      fi
      say_log "${directory##*/} ended before it was ready"
      return 1
    fi
    [ $status -ne 0 ] || break
    if progress "$now" "$pid"; then wait_until=$(($(date +%s) + ready_limit)); fi
    if [ $anew -ge 3 ]; then
      say_log "${directory##*/} has begun anew $anew times and is not ready. $now$(say_resync)"
      return 1
    fi
    if [ $status -eq 2 ]; then
      say_log "${directory##*/} will not be ready. $now"
      return 1
    fi
    if [ "$(date +%s)" -ge $wait_until ]; then
      say_log "${directory##*/} is not ready after $ready_limit s: $now$(
        [ "$p_last" != sync ] || say_resync
      )"
      return 1
    fi
    sleep 0.05
  done
  echo "$now"
}
