# The end of a server without a snapshot that nobody would read: with an append-only file, a server
# loads that and nothing else. Needs lib/ask.sh.

# close_server PID: where the file has all of the data, ends the server, if it is that process; else,
# and where that can't be known, it leaves that to a signal, on which the server writes a snapshot
# first.
close_server() {
  [ "$kind.$(cat persistence 2>/dev/null)" = node.on ] && answer_me info INFO || return 0
  case $(printf '%s\n' "$answer" | grep -x -F \
    -e aof_enabled:1 -e loading:0 -e aof_rewrite_in_progress:0 -e aof_rewrite_scheduled:0 \
    -e aof_last_write_status:ok -e "process_id:$1" | grep -c .) in
    6) ask_me SHUTDOWN NOSAVE >/dev/null ;;
  esac
}
