# While ours has not looked at its port yet, another server there would be found ready.
answers_itself() {
  [ "$(ask_me INFO server | field config_file)" = "$directory/$kind.conf" ] || { say "no answer of its own on $host:$port yet"; return 1; }
}

ready_node() {
  pong=$(ask_me PING)
  case $pong in
    PONG | MASTERDOWN*) ;;
    LOADING*) say "loading, $(ask_me INFO persistence | field loading_loaded_perc) % of the data"; return 1 ;;
    '') say "no answer on $host:$port"; return 1 ;;
    *) say "$host:$port says: $pong"; return 1 ;;
  esac
  answers_itself || return 1
  replication=$(ask_me INFO replication)
  its() { printf '%s\n' "$replication" | field "$1"; }
  if [ "$(its role)" = master ]; then
    # A hand-over that was killed leaves writes refused on servers that know no pause that ends by itself.
    [ "$pause_write" = 1 ] || allow_writes
    say "ready: master"
  elif [ "$(node_at "$(its master_host)" "$(its master_port)")" = "$name" ]; then
    say "ready: waits to be told who is the master"
  elif [ "$(its master_link_status)" = up ] && [ "$(its master_sync_in_progress)" = 0 ]; then
    say "ready: replica of $(its master_host):$(its master_port)"
  elif [ "$(its master_sync_in_progress)" = 1 ]; then
    say "synchronising with the master, $(its master_sync_left_bytes) bytes left"
    return 1
  else
    # A master that is down as well, or waits itself, is repaired after this node: not a reason to stop here.
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$(node_at "$(its master_host)" "$(its master_port)")")
    if [ $# -eq 2 ] && [ "$(ask "$@" INFO replication | field role)" != master ]; then
      say "ready: replica, but $(its master_host):$(its master_port) is not there as its master yet"
    else
      say "the link to the master $(its master_host):$(its master_port) is down"
      return 1
    fi
  fi
  [ -e created ] || : >created
}

ready_sentinel() {
  if [ "$(ask_me PING)" != PONG ]; then say "no answer on $host:$port"; return 1; fi
  answers_itself || return 1
  printf '%s\n' "$monitored" | while read -r m_name _; do
    m_answer=$(ask_me SENTINEL get-master-addr-by-name "$m_name")
    if [ -z "$m_answer" ]; then say "does not know $m_name"; exit 1; fi
    # shellcheck disable=SC2086
    set -- $m_answer
    say "ready: $m_name is at $1:$2"
  done
}
