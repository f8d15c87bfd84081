# The parent of a process. Needs parent.sh, process.sh, retire.sh and restart.sh.

# supervise: whatever happens to the process, this stays, so that it can be mended in the same
# container; where a role could not be decided at the start (all machines were off), it goes on
# asking until it can. A process that runs already, as its parent was killed, it takes over as it
# is.
supervise() {
  cd / || exit 1
  ending='' server='' ends='' delay=0 lock_unowned=0
  if [ "$PARENT" = own ]; then
    await_record
  else
    echo "$$ $(born $$)" >"$directory.supervisor" || fail "${directory%/*} cannot be written"
  fi
  trap 'ending=1' HUP INT TERM
  # The end of a terminal is no end of what was started from it.
  [ "$PARENT" != own ] || trap '' HUP
  while [ -z "$ending" ]; do
    [ "$PARENT" != own ] || is_needed || exit 0
    if [ ! -s "$settings/parameters" ] || [ ! -d "$directory" ] || held || is_retired; then
      sleep 0.1
      continue
    fi
    if [ -e "$directory.held" ] || [ -e "$directory.wanted" ]; then
      rm -f "$directory.held" "$directory.wanted"
    fi
    began=$(date +%s) status=0
    if running; then take_over; else start_server; fi
    start_beside
    await_end
    kill "$placing" "$watching" 2>/dev/null
    [ -z "$ending" ] || break
    server=
    [ "$PARENT" != own ] || is_needed || exit 0
    await_start
  done
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then end_server; fi
  if recorded; then rm -f "$directory.supervisor"; fi
}

# await_record: a step that was killed before it could write down whom it has started has started
# nobody.
await_record() {
  record_left=100
  until recorded; do
    record_left=$((record_left - 1))
    [ $record_left -gt 0 ] || exit 0
    sleep 0.05
  done
}

# is_needed: nobody has taken our place, and what we are the parent of is still there.
is_needed() { recorded && [ -d "$directory" ] && [ -s "$settings/parameters" ]; }

start_server() {
  rm -f "$directory/serving"
  if [ -e "$directory/first" ]; then FIRST_CREATION=1; else FIRST_CREATION=0; fi
  FIRST_CREATION=$FIRST_CREATION sh "$here/host.sh" exec "$directory" "$settings" &
  server=$! is_child=1
  # Before it does so itself: whoever takes our place has to know of it.
  { echo "$server $(born "$server")" >"$directory/pid.parent" &&
    mv "$directory/pid.parent" "$directory/pid"; } 2>/dev/null
}

take_over() { server=$pid is_child=; }

# start_beside: what goes on beside it, and ends with us, also where we are killed. Not at once: the
# server needs the processors to decide its role. Soon, as only what place notes tells an end from one
# before it had its data.
start_beside() {
  me="$$ $(born $$)"
  (sleep 0.3 && exec sh "$here/lifecycle.sh" place "$directory" "$settings" "$me") &
  placing=$!
  (sleep 1 && exec sh "$here/lifecycle.sh" watch "$directory" "$settings" "$me") &
  watching=$!
}

# await_end: sets status.
await_end() {
  if [ -n "$is_child" ]; then
    while kill -0 "$server" 2>/dev/null && [ -z "$ending" ]; do
      wait "$server"
      status=$?
    done
  else
    while running && [ "$pid" = "$server" ] && [ -z "$ending" ]; do sleep 0.2; done
  fi
}

# await_start: until it is to be started again.
await_start() {
  now=$(date +%s) leaving=
  if [ -e "$directory.held" ]; then
    # A step has ended it, and says itself when it is to start.
    ends='' delay=0
    return
  fi
  ran=$((now - began)) served=
  # shellcheck source=/dev/null
  down_after=$(. "$settings/parameters" 2>/dev/null && echo "${down_after:-0}")
  if [ -e "$directory/serving" ]; then served=1; fi
  loads_in=
  [ ! -s "$directory/loads-in" ] || read -r loads_in <"$directory/loads-in"
  decide_restart
  if [ -n "$leave" ]; then
    sh "$here/lifecycle.sh" leave "$directory" "$settings" "$leave" "$me" &
    leaving=$!
  fi
  next_start=$((now + delay))
  until { [ "$(date +%s)" -ge $next_start ] && ! is_leaving; } || held ||
      [ -e "$directory.wanted" ] || [ -n "$ending" ]; do
    sleep 0.1
  done
  ! is_leaving || kill "$leaving" 2>/dev/null
}

is_leaving() { [ -n "$leaving" ] && kill -0 "$leaving" 2>/dev/null; }

end_server() {
  lifecycle handover || echo "${directory##*/} ends all the same"
  lifecycle close "$server"
  # Again each second: Redis refuses to end while it writes its first append-only file after a
  # synchronisation.
  while kill -TERM "$server" 2>/dev/null; do sleep 1; done &
  insisting=$!
  if [ -n "$is_child" ]; then
    while kill -0 "$server" 2>/dev/null; do wait "$server"; done
  else
    while running && [ "$pid" = "$server" ]; do sleep 0.1; done
  fi
  kill "$insisting" 2>/dev/null
}
