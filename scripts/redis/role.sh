# In which role a node starts. The rules, and why, are in docs/decisions/0003-role-at-start.md;
# every combination of what can be gathered is tried in tests/scripts/redis/role.test.ts.

# decide_role: a function, without any asking, of name, initial, first (1: the whole is created
# now), knew (the node that this one followed last, itself if it was the master, empty if it never
# ran), own (none, aof, rdb), rdb_replid, rdb_offset, further (replicas that may have what our
# append-only file lacks: decide_written), later (where this node is named, those that have followed
# a later master: later_than), since (where another one is, its epoch, if this node has followed one
# of a later epoch: forgotten), named (by a majority of the sentinels, or nothing),
# failover (1: in progress) and peers (lines of node_table). Sets role: "master", "replica NODE",
# "wait" (nobody can tell yet who is the master), "failover" (the sentinels name this node, and
# others hold more: they have to choose another one first) or "refuse"; and why. Never "I am the
# master, since nobody answers".
decide_role() {
  role='' why=''
  r_masters='' r_loading_masters='' r_empty_masters='' r_holders='' r_ahead='' r_unclear='' \
    r_gone='' r_unknown='' \
    r_further='' r_linked=''
  while read -r r_name r_state r_role r_keys _ _ r_offset r_replid r_priority _ r_note; do
    [ -n "$r_name" ] || continue
    case $r_state in
      gone) r_gone="$r_gone $r_name" && continue ;;
      unknown) r_unknown="$r_unknown $r_name" && continue ;;
    esac
    if [ "$r_role" = master ]; then
      r_masters="$r_masters $r_name"
      case $r_keys in
        unknown) r_loading_masters="$r_loading_masters $r_name" ;;
        no) r_empty_masters="$r_empty_masters $r_name" ;;
      esac
    fi
    case $r_keys in
      unknown) r_unknown="$r_unknown $r_name" && continue ;;
      no) continue ;;
    esac
    r_holders="$r_holders $r_name"
    is_unplaced "$r_priority" "${r_note:-}" || r_linked="$r_linked $r_name"
    case " $further " in *" $r_name "*) r_further="$r_further $r_name" ;; esac
    # Against a snapshot, which may be old, a running node counts as ahead unless it is known not to
    # be.
    if [ "$rdb_replid" != - ] && [ "$r_replid" = "$rdb_replid" ] &&
        [ "$r_offset" -le "$rdb_offset" ]; then
      :
    elif [ "$r_offset" -gt 0 ]; then
      r_ahead="$r_ahead $r_name"
    else
      r_unclear="$r_unclear $r_name"
    fi
  done <<EOT
$peers
EOT
  if [ "$named" != '' ] && [ "$named" != "$name" ] && [ -n "$since" ]; then
    why="the sentinels name $named, but have lost their state: this node has followed a master of a later epoch than theirs ($since)"
    case " $r_masters " in
      *" $named "*)
        role=refuse why="$why. Following it would take from $directory what it lacks. If $named is right, remove $directory/position; else end $named, until this node is the master"
        ;;
      *) role="wait" ;;
    esac
  elif [ "$named" != '' ] && [ "$named" != "$name" ]; then
    role="replica $named" why="a majority of the sentinels names $named"
  elif [ -n "$failover" ]; then
    role=wait why="a failover is in progress"
  elif [ "$named" = "$name" ]; then
    decide_named
  else
    decide_unnamed
  fi
}

decide_named() {
  # What the stack is about to make for the first time is not missing.
  r_serving='' r_missing=$r_unknown
  [ "$first" = 1 ] || r_missing=$r_missing$r_gone
  for r_each in $r_masters; do
    case " $r_empty_masters " in *" $r_each "*) ;; *) r_serving="$r_serving $r_each" ;; esac
  done
  if [ -n "$r_serving" ]; then
    role=wait \
      why="the sentinels name this node, but$r_serving says it is a master, too, and is not empty"
  elif [ "$own" = none ]; then
    if [ -n "$r_holders" ] && [ -z "$r_linked" ]; then
      role=wait why="the sentinels name this node, but it has no data, and$r_holders has, which waits as well"
    elif [ -n "$r_holders" ]; then
      r_holders=$r_linked
      role=failover why="the sentinels name this node, but it has no data, and$r_holders has"
    elif [ -n "$r_missing" ]; then
      role=wait why="the sentinels name this node, but it has no data, and nobody can tell whether$r_unknown$r_gone has some"
    else
      role=master why="a majority of the sentinels names this node, and nobody has any data"
    fi
  elif [ -n "$later" ]; then
    role=wait why="the sentinels name this node, but$later has followed a master of a later epoch"
  elif [ "$own" = aof ] && [ -n "$r_further" ]; then
    role=failover why="the sentinels name this node, but$r_further may have writes that its append-only file lacks: it may have been killed while they were held back"
  elif [ "$own" = rdb ] && [ -n "$r_ahead" ] && [ -z "$r_linked" ] && [ -n "$r_missing" ]; then
    # Of those that were off, the one that saved last may be the one that is missing; rejoin waits
    # for it no longer than it has to.
    role=wait why="the sentinels name this node, but it would start from a snapshot, and nobody can tell whether$r_unknown$r_gone holds more than$r_ahead, which was off as well"
  elif [ "$own" = rdb ] && [ -n "$r_ahead" ]; then
    role=failover why="the sentinels name this node, but it would start from a snapshot, and$r_ahead may hold more than that"
  elif [ "$own" = rdb ] && [ -n "$r_unclear$r_missing" ]; then
    role=wait why="the sentinels name this node, but it would start from a snapshot, and nobody can tell whether$r_unclear$r_unknown$r_gone holds more"
  else
    role=master why="a majority of the sentinels names this node"
  fi
}

decide_unnamed() {
  # shellcheck disable=SC2086
  set -- $r_masters
  if [ $# -gt 1 ]; then
    role=refuse why="more than one node says it is the master ($*), and no majority of the sentinels names one. Decide which one holds the right data, make the other its replica ($cli -p PORT REPLICAOF HOST PORT), then start again"
  elif [ $# -eq 1 ]; then
    if [ -n "$r_empty_masters" ] && [ "$own" != none ]; then
      role=refuse why="$1 says it is the master and is empty, this node has data, and no majority of the sentinels names a master. Following it would wipe the data in $directory"
    elif [ -n "$r_loading_masters" ]; then
      role=wait why="no majority of the sentinels, and $1, which says it is the master, still loads"
    elif [ "$own" != none ] && [ "$knew" = "$name" ]; then
      role=wait why="no majority of the sentinels; $1 says it is the master, but so was this node, and nobody can tell who holds more"
    else
      role="replica $1" why="no majority of the sentinels, but $1 is the one master"
    fi
  elif [ "$first" != 1 ] || [ -n "$knew" ]; then
    role=wait why="no majority of the sentinels, and no other node is master"
  elif [ "$initial" = "$name" ] && [ -z "$r_holders$r_unknown" ]; then
    role=master why="first creation, this is the initial master"
  elif [ "$initial" != "$name" ] && [ "$own" = none ] && [ -z "$r_holders$r_unknown" ]; then
    role="replica $initial" why="first creation, $initial is the initial master"
  else
    role=wait why="no majority of the sentinels, and no other node is master"
  fi
}

# decide: gathers, decides, and asks the sentinels for a failover where that has to come first:
# nobody is the master then, so no write can be lost by it.
decide() {
  first=${FIRST_CREATION:-0} knew=
  [ ! -e created ] || knew=$(followed_last)
  noted=$(cat written 2>/dev/null)
  if [ -n "$noted" ]; then parts=$(listed_parts) bytes=$(bytes_in i); fi
  noted_position
  noted_at=$(echo "${position:--}" | tr ' ' :)
  d_until=$(($(date +%s) + 10)) d_said=
  while :; do
    gather
    peers=$(printf '%s\n' "$table" | grep -v "^$name ")
    later='' since=''
    if [ -z "$position" ] || [ -z "$named" ]; then
      :
    elif [ "$named" = "$name" ]; then
      later=$(later_than "$noted_at")
    else
      since=$(forgotten "$noted_at")
    fi
    [ -z "$noted" ] || others=$(printf '%s\n' "$gathered" | positions | grep -v "^$name ")
    decide_written
    decide_role
    case $role.$failover.$own$reading in
      wait.1.*) d_for="a failover is in progress: waiting for its end" ;;
      master..aof1 | failover..aof1)
        d_for="a replica still reads what this node has sent: waiting until it has"
        ;;
      *) break ;;
    esac
    [ "$(date +%s)" -lt $d_until ] || break
    [ -n "$d_said" ] || say "$d_for"
    d_said=1
    sleep 0.1
  done
  if [ "$role" = failover ]; then
    say "$why: asking for a failover first"
    case $own in
      none) r_from=$r_holders ;;
      aof) r_from=$r_further ;;
      *) r_from=$r_ahead ;;
    esac
    # shellcheck disable=SC2086
    force_failover "$name" 10 "$(furthest $r_from)" 1 ||
      refuse "refusing to start: an empty master would wipe the replicas, and one with less than they have would take that from them; and the sentinels did not fail over: $f_why. See which replica holds the data, then: $cli -h HOST -p PORT SENTINEL FAILOVER $master"
    role="replica $f_named" why="a majority of the sentinels names $f_named"
  fi
  [ "$role" != refuse ] || refuse "refusing to start: $why"
}
