# decide: sets role to "master", "replica HOST PORT" (of another node) or "wait" (nobody can tell yet who is the
# master). Never falls back to "I am the master". The rules are in docs/decisions/0003-role-at-start.md.
decide() {
  named=$(named_master)
  if [ "$named" = "$name" ] && failover_in_progress; then
    say "a failover is in progress: waiting for its end"
    d_left=100
    while [ $d_left -gt 0 ] && failover_in_progress; do d_left=$((d_left - 1)); sleep 0.1; done
    named=$(named_master)
  fi
  if [ "$named" = "$name" ] && ! has_data; then
    if some_peer_holds_keys; then
      say "the sentinels name this node, but it has no data and others have: asking for a failover first"
      force_failover "$name" 10 || refuse "refusing to start: an empty master would wipe the replicas, and the sentinels did not fail over. See which replica holds the data, then: $cli -h HOST -p PORT SENTINEL FAILOVER $master"
      named=$f_named
    elif ! every_peer_answered; then
      role=wait why="the sentinels name this node, but it has no data, and not every other node can be asked for some"
      return
    fi
  fi
  case $named in
    '') ;;
    "$name") role=master why="a majority of the sentinels names this node"; return ;;
    *) role="replica $named" why="a majority of the sentinels names $named"; return ;;
  esac

  ask_all "$peers" INFO replication
  masters='' reachable=0
  for reply in "$replies"/*; do
    [ -s "$reply" ] || continue
    reachable=$((reachable + 1))
    [ "$(field role <"$reply")" = master ] && masters="$masters ${reply##*/}"
  done
  # shellcheck disable=SC2086
  set -- $masters
  if [ $# -gt 1 ]; then
    refuse "refusing to start: more than one node says it is the master ($*), and no majority of the sentinels names one. Decide which one holds the right data, make the other its replica ($cli -p PORT REPLICAOF HOST PORT), then start again"
  elif [ $# -eq 1 ]; then
    # shellcheck disable=SC2046
    if has_data && ! holds_keys $(where "$nodes" "$1"); then
      refuse "refusing to start: $1 says it is the master and is empty, this node has data, and no majority of the sentinels names a master. Following it would wipe the data in $directory"
    fi
    role="replica $1" why="no majority of the sentinels, but $1 is the one master"
  elif [ -e created ]; then
    role=wait why="no majority of the sentinels, and no other node is master"
  elif [ "$initial" = "$name" ] && [ "${FIRST_CREATION:-0}" = 1 ] && no_peer_holds_keys; then
    role=master why="first creation, this is the initial master"
  elif [ "$initial" != "$name" ] && [ $reachable -eq 0 ] && [ "${FIRST_CREATION:-0}" = 1 ] && ! has_data; then
    role="replica $initial" why="first creation, $initial is the initial master"
  else
    role=wait why="no majority of the sentinels, and no other node is master"
  fi
}
