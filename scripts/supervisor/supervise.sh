held() { [ -e "$directory.held" ] && [ -d "$directory.lock" ] && ! lock_is_stale; }

# supervise: whatever happens to the process, this stays, so that it can be mended in the same
# container; where a role could not be decided at the start (all machines were off), it goes on
# asking until it can.
supervise() {
  echo "$$ $(born $$)" >"$directory.supervisor" || fail "${directory%/*} cannot be written"
  ending='' server='' quick=0 lock_unowned=0
  trap 'ending=1' HUP INT TERM
  while [ -z "$ending" ]; do
    if [ ! -s "$settings/parameters" ] || [ ! -d "$directory" ] || held || is_retired; then
      sleep 0.1
      continue
    fi
    rm -f "$directory.held" "$directory.wanted"
    began=$(date +%s)
    if [ -e "$directory/first" ]; then FIRST_CREATION=1; else FIRST_CREATION=0; fi
    FIRST_CREATION=$FIRST_CREATION sh "$here/host.sh" exec "$directory" "$settings" &
    server=$!
    sh "$here/lifecycle.sh" place "$directory" "$settings" &
    placing=$!
    sh "$here/lifecycle.sh" watch "$directory" "$settings" &
    watching=$!
    while kill -0 "$server" 2>/dev/null && [ -z "$ending" ]; do wait "$server"; done
    kill "$placing" "$watching" 2>/dev/null
    [ -z "$ending" ] || break
    # One that never runs for long, unless a step ended it, is started less and less often, twice a
    # minute at last.
    if [ -e "$directory.held" ] || [ $(($(date +%s) - began)) -ge 30 ]; then
      quick=0
    elif [ $quick -lt 30 ]; then
      quick=$((quick * 2 + 1))
    fi
    next_start=$(($(date +%s) + quick))
    until [ "$(date +%s)" -ge $next_start ] ||
        held ||
        [ -e "$directory.wanted" ] ||
        [ -n "$ending" ]; do
      sleep 0.1
    done
  done
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    lifecycle handover || echo "${directory##*/} ends all the same"
    lifecycle close "$server"
    # Again each second: Redis refuses to end while it writes its first append-only file after a
    # synchronisation.
    while kill -TERM "$server" 2>/dev/null; do sleep 1; done &
    insisting=$!
    while kill -0 "$server" 2>/dev/null; do wait "$server"; done
    kill "$insisting" 2>/dev/null
  fi
  rm -f "$directory.supervisor"
}
