# A master that has ended again and again, or that would load for long: another node is to have its
# place before it is started once more. Needs gather (sentinels.sh), force_failover (failover.sh)
# and data/written.sh.

# decide_leaving: a function, without any asking, of name, named, failover, table (node_table) and
# level (decide_written). Sets leaving: "go" (it may be started: another node is the master, or
# nobody can be), "ask" (replicas are known to have all of what it has: the sentinels are to choose
# one of them at once) or "wait" (nobody knows that: they choose one when their time has come); and
# why.
decide_leaving() {
  leaving=wait why=''
  l_replicas=$(printf '%s\n' "$table" | awk -v name="$name" '
    $1 != name && $2 == "up" && $3 == "slave" && $4 == "yes" { printf " %s", $1 }')
  if [ -n "$named" ] && [ "$named" != "$name" ]; then
    leaving=go why="the sentinels name $named"
  elif [ -n "$failover" ]; then
    why='a failover is in progress'
  elif [ -z "$named" ]; then
    why='no majority of the sentinels names a master'
  elif [ -z "$l_replicas" ]; then
    leaving=go why='no replica that answers has any data'
  elif [ -n "$level" ]; then
    leaving=ask why="$level has all that this node has"
    why=${why# }
  else
    why="nobody can tell whether$l_replicas has all that this node has"
  fi
}

# leave crashing|slow PARENT: ends when it may be started. What nobody takes over is started where it was
# after all: at once if only its loading would take long.
leave() {
  [ "$kind" = node ] && [ -n "$sentinels" ] || return 0
  le_parent=$2
  noted=$(cat written 2>/dev/null)
  if [ -n "$noted" ]; then parts=$(listed_parts) bytes=$(bytes_in i); fi
  le_until=$(date +%s) le_said=''
  if [ "$1" = slow ]; then
    le_what="loading its data would take some $(cat loads-in 2>/dev/null) s"
    le_until=$((le_until + 3))
  else
    le_what='it has ended again and again'
    le_until=$((le_until + (${down_after:-0} + 999) / 1000 + 15))
  fi
  while :; do
    stays_down
    gather
    others=$(printf '%s\n' "$gathered" | positions | grep -v "^$name ")
    decide_written
    decide_leaving
    [ "$leaving" != go ] || return 0
    if [ "$leaving" = ask ] && [ -z "$reading" ]; then
      say "$le_what, and $why: asking for a failover"
      # shellcheck disable=SC2086
      if force_failover "$name" 5 "$(furthest $level)" 1 stays_down; then return 0; fi
      why="the sentinels did not fail over: $f_why"
    elif [ "$1.$leaving.$reading" = slow.wait. ]; then
      break
    elif [ "$why" != "$le_said" ]; then
      say "$le_what: left to the sentinels for $((le_until - $(date +%s))) s, as $why$(lacks)"
      le_said=$why
    fi
    [ "$(date +%s)" -lt $le_until ] || break
    sleep 0.2
  done
  say "$le_what, and it starts where it was: $why$(lacks)"
}

# stays_down: once somebody else may start it, a failover would take what a living master goes on to
# acknowledge.
stays_down() { ! outlived "$le_parent" || { usual_news; exit 0; }; }

# lacks: what is known of it, in words.
lacks() {
  # shellcheck disable=SC2086
  set -- $lacking
  while [ $# -gt 1 ]; do
    printf '; %s lacks %s bytes of writes that this node has' "$1" "$2"
    shift 2
  done
}
