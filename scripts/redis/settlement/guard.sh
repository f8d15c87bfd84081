# The process beside a hand-over: who begins it, what it is told, and what it does. Needs
# lib/born.sh, lib/links.sh, record.sh, and settle (settlement.sh).

# begin_and_guard: the record, and a process beside this one that ends neither with it nor with its
# terminal.
begin_and_guard() {
  maker="$$ $(born $$)"
  write_record || return 1
  why="there is nobody to finish it if this process ends"
  mkfifo "$links/guard" || return 1
  # Both ends: no opening of it ever waits, and the other one sees the end of this process.
  exec 4<>"$links/guard"
  if command -v setsid >/dev/null; then bg_session=setsid; else bg_session=; fi
  # shellcheck disable=SC2086
  $bg_session sh "$0" guard "$directory" "$settings" <"$links/guard" >>log 2>&1 3<&- 4<&- &
  guard_pid=$!
  link_round=0 awaited=' guard ' replies=''
  collect 200
}

# What the guard is told. It is let go when nothing is left to settle, else it sees our end.
warn_guard() { echo paused >&4; }
release_guard() {
  [ -n "${guard_pid:-}" ] || return 0
  echo 'done' >&4
  exec 4<&-
  wait "$guard_pid"
}

# await_guard: sets el_result (as elect) and after_guard, what became of it.
await_guard() {
  exec 4<&-
  wait "$guard_pid"
  case $? in
    0)
      clock
      el_result=0 after_guard='' took=$((clock - began))
      ;;
    3) el_result=2 after_guard="It was taken back, and writes are allowed again" ;;
    *)
      el_result=2 after_guard="Writes are allowed again $((pause_limit / 1000)) s after its beginning at the latest, and whoever comes next goes on: try again"
      ;;
  esac
}

guard() {
  # Before the record is written anew.
  read_record
  clock
  g_timer=
  echo 'guard round.0 ready' >"$directory/election.links/said"
  while read -r g_said; do
    case $g_said in
      done)
        [ -z "$g_timer" ] || kill -KILL "$g_timer"
        exit 0
        ;;
      paused)
        clock
        # By whose it is: the next hand-over has a FIFO of the same name.
        { sleep 2.5 && echo "late $maker" 1<>"$directory/election.links/guard"; } 2>/dev/null &
        g_timer=$!
        ;;
      "late $maker")
        # It hangs, and must not go on at some other time.
        kill -KILL "${maker%% *}"
        break
        ;;
    esac
  done
  [ -z "$g_timer" ] || kill -KILL "$g_timer" 2>/dev/null
  # A second less than the pause, for what then has to be done.
  settle $((clock + pause_limit / 10 - 100))
  g_status=$?
  links=$directory/election.links
  close_links
  return $g_status
}
