# put NAME CONTENT: as the settings on standard input have it: beside the file that it is to take
# the place of, until commit.
put() {
  rm -f "$1.next"
  if [ -e "$1" ] && [ "$(cat "$1"; echo .)" = "$2." ]; then return; fi
  write "$1.next" "$2"
  staged="$staged $1"
}

# write NAME CONTENT: in one piece.
write() {
  if ! { printf '%s' "$2" >"$1.new" && mv "$1.new" "$1"; }; then
    rm -f "$1.new"
    fail "$directory/$1 cannot be written$(writable "$directory" | sed 's/^/: /')"
  fi
}

# find_staged: what somebody else has staged, in a directory of theirs.
find_staged() {
  staged=
  for each in "$settings"/*.next; do
    [ ! -e "$each" ] || staged="$staged $(basename "$each" .next)"
  done
}

# await_commit: only whose the settings are can put them in their place (root/service.sh).
await_commit() {
  : >"$directory.commit" || fail "$directory.commit cannot be written"
  commit_until=$(($(date +%s) + 60))
  while find_staged && [ -n "$staged" ]; do
    [ "$(date +%s)" -lt $commit_until ] ||
      fail "the settings in $settings were not put in their place within 60 s: is the step that was to do it still running?"
    sleep 0.05
  done
  rm -f "$directory.commit"
}

# commit: what was staged is what runs from now on, or what is started.
commit() {
  if [ "$settings" != "$directory" ]; then
    [ -z "$staged" ] || await_commit
  else
    for each in $staged; do
      mv "$each.next" "$each" || fail "$directory/$each cannot be written"
    done
  fi
  staged=
  enter
}

start_process() {
  if ! no_room=$(writable "$directory"); then
    echo "${directory##*/} cannot be started: $directory cannot be written: $no_room" >&2
    not_repaired
  fi
  touch log
  log_size=$(($(wc -c <log)))
  started=1
  if supervised; then
    # Its parent may be about to start it by itself: what it writes as the pid now stays.
    start_before=$(cat pid 2>/dev/null)
    [ "${FIRST_CREATION:-0}" = 0 ] || : >first
    : >"$directory.wanted"
    rm -f "$directory.held"
  else
    rm -f pid
    start_before=
    # A session of its own: neither the terminal's Ctrl-C nor the end of the engine may reach it.
    if command -v setsid >/dev/null 2>&1; then own_session=setsid; else own_session=; fi
    # An environment of its own, too: that of a `pulumi up` holds passphrases, and a server's can be
    # read for years.
    # shellcheck disable=SC2086
    env -i PATH="$PATH" HOME="${HOME:-/}" ${TZ:+"TZ=$TZ"} FIRST_CREATION="${FIRST_CREATION:-0}" \
      $own_session sh "$here/host.sh" exec "$directory" "$settings" </dev/null >>log 2>&1 &
  fi
  start_left=100
  until running || { [ -s pid ] && [ "$(cat pid)" != "$start_before" ]; } ||
      [ $start_left -eq 0 ]; do
    start_left=$((start_left - 1))
    sleep 0.05
  done
}

say_log() {
  if supervised; then echo "$1" >&2 && return; fi
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

# kill_process: one that waits for a disk that does not answer ends only when that does.
kill_process() {
  kill -KILL "$pid"
  kill_until=$(($(date +%s) + 30))
  while running; do
    [ "$(date +%s)" -lt $kill_until ] ||
      fail "${directory##*/} (pid $pid) was killed and has not ended within 30 s: the system holds it, as a disk does that no longer answers"
    sleep 0.05
  done
}

end_process() {
  hold
  running || return 0
  end_left=$((stop_limit * 20))
  while running; do
    # Again each second: Redis refuses to end while it writes its first append-only file after a
    # synchronisation.
    [ $((end_left % 20)) -ne 0 ] || kill -TERM "$pid"
    end_left=$((end_left - 1))
    if [ $end_left -le 0 ]; then
      echo "${directory##*/} did not end within $stop_limit s: killing it"
      kill_process
      break
    fi
    sleep 0.05
  done
  rm -f pid
}

# answers: 0: the server that runs answers; 1: it is gone, or may be killed. One that must not be
# ends this step.
answers() {
  silent_since=$(date +%s) silent_said=
  until lifecycle alive; do
    # 2: it could not be asked, which says nothing of the server.
    [ $? -ne 2 ] || exit 1
    running || return 1
    silent_now=$(lifecycle silence "$pid" $(($(date +%s) - silent_since)))
    case $? in
      0) return 0 ;;
      1)
        echo "$silent_now"
        return 1
        ;;
      3)
        # Every ten seconds, so that one sees what is waited for.
        if [ $(($(date +%s) / 10)) != "$silent_said" ]; then echo "$silent_now"; fi
        silent_said=$(($(date +%s) / 10))
        ;;
      *) not_repaired ;;
    esac
    sleep 1
  done
}
