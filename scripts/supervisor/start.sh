put() {
  [ -e "$1" ] && [ "$(cat "$1"; echo .)" = "$2." ] && return
  if ! { printf '%s' "$2" >"$1.new" && mv "$1.new" "$1"; }; then
    rm -f "$1.new"
    fail "$directory/$1 cannot be written"
  fi
}

start_process() {
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
    # An environment of its own, too: that of a `pulumi up` holds passphrases, and a server's can be read for years.
    # shellcheck disable=SC2086
    env -i PATH="$PATH" HOME="${HOME:-/}" ${TZ:+"TZ=$TZ"} FIRST_CREATION="${FIRST_CREATION:-0}" $own_session sh "$here/host.sh" exec "$directory" "$settings" </dev/null >>log 2>&1 &
  fi
  start_left=100
  until running || { [ -s pid ] && [ "$(cat pid)" != "$start_before" ]; } || [ $start_left -eq 0 ]; do
    start_left=$((start_left - 1))
    sleep 0.05
  done
}

say_log() {
  if supervised; then echo "$1" >&2 && return; fi
  echo "$1. The last lines of $directory/log:" >&2
  tail -c "+$((log_size + 1))" log 2>/dev/null | tail -n 20 | sed 's/^/  | /' >&2
}

# wait_ready: while what it says changes (a load, a synchronisation), it gets more time.
wait_ready() {
  wait_until=$(($(date +%s) + ready_limit)) retry_until=$(($(date +%s) + 75)) said=
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
        continue
      fi
      say_log "${directory##*/} ended before it was ready"
      return 1
    fi
    [ $status -ne 0 ] || break
    case $now in
      "$said") ;;
      *%* | *bytes*) wait_until=$(($(date +%s) + ready_limit)) ;;
    esac
    said=$now
    if [ $status -eq 2 ]; then
      say_log "${directory##*/} will not be ready. $now"
      return 1
    fi
    if [ "$(date +%s)" -ge $wait_until ]; then
      say_log "${directory##*/} is not ready after $ready_limit s: $now"
      return 1
    fi
    sleep 0.05
  done
  echo "$now"
}

end_process() {
  hold
  running || return 0
  end_left=$((stop_limit * 20))
  while running; do
    # Again each second: Redis refuses to end while it writes its first append-only file after a synchronisation.
    [ $((end_left % 20)) -ne 0 ] || kill -TERM "$pid"
    end_left=$((end_left - 1))
    [ $end_left -ne 0 ] || { echo "${directory##*/} did not end within $stop_limit s: killing it"; kill -KILL "$pid"; }
    sleep 0.05
  done
  rm -f pid
}

alive_within() {
  alive_until=$(($(date +%s) + $1))
  until lifecycle alive; do
    # 2: it could not be asked, which says nothing of the server.
    [ $? -ne 2 ] || exit 1
    # To the whole second: not sooner.
    if ! running || [ "$(date +%s)" -gt $alive_until ]; then return 1; fi
    sleep 1
  done
}
