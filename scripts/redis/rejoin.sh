# Nodes that wait to be told who is the master, after all of them were off.

# decide_rejoin: a function, without any asking, of named, failover and table (node_table). Sets
# rejoin: "serving" (the named one is the master), "promote" (it was the master and is to be again),
# "failover" (another one holds more, and nobody is the
# master: the sentinels are to choose it), or "wait" with why.
decide_rejoin() {
  rejoin=wait why=''
  j_role='' j_keys=no j_state=unknown j_offset=0 j_replid=- j_aof=-
  j_masters='' j_ahead='' j_unclear='' j_absent=''
  if [ -z "$named" ]; then why="no majority of the sentinels names a master" && return; fi
  while read -r j_name j_s j_r j_k _ _ j_o j_id _ j_a; do
    if [ "$j_name" = "$named" ]; then
      j_state=$j_s j_role=$j_r j_keys=$j_k j_offset=$j_o j_replid=$j_id j_aof=$j_a
    fi
    [ "$j_r" != master ] || j_masters="$j_masters $j_name"
  done <<EOT
$table
EOT
  if [ "$j_role" = master ]; then rejoin=serving && return; fi
  if [ -n "$j_masters" ]; then
    why="the sentinels name $named, but$j_masters says it is the master" && return
  fi
  if [ -n "$failover" ]; then why="a failover is in progress" && return; fi
  if [ "$j_state" != up ]; then
    why="$named, which the sentinels name, does not answer" && return
  fi
  if [ "$j_keys" = unknown ]; then why="$named, which the sentinels name, still loads" && return; fi
  while read -r j_name j_s _ j_k _ _ j_o j_id _; do
    [ "$j_name" != "$named" ] || continue
    if [ "$j_s" != up ] || [ "$j_k" = unknown ]; then j_absent="$j_absent $j_name" && continue; fi
    [ "$j_k" = yes ] || continue
    if [ "$j_keys" = no ]; then
      j_ahead="$j_ahead $j_name"
    elif [ "$j_id" != - ] && [ "$j_id" = "$j_replid" ] && [ "$j_offset" -gt 0 ]; then
      [ "$j_o" -le "$j_offset" ] || j_ahead="$j_ahead $j_name"
    elif [ "$j_aof" != aof ]; then
      j_unclear="$j_unclear $j_name"
    fi
  done <<EOT
$table
EOT
  if [ -n "$j_ahead" ]; then
    rejoin=failover why="$named was the master and holds less than$j_ahead"
  elif [ "$j_keys" = no ] && [ -n "$j_absent" ]; then
    why="$named was the master and is empty, and nobody can tell whether$j_absent has any data"
  elif [ "$j_keys" = yes ] && [ "$j_aof" != aof ] && [ -n "$j_unclear$j_absent" ]; then
    # An append-only file has every acknowledged write of a killed process; a snapshot has not.
    why="$named was the master and started from a snapshot, and nobody can tell whether$j_unclear$j_absent holds more. If that is lost for good, or less: $cli -h HOST -p PORT REPLICAOF NO ONE on $named"
  else
    rejoin=promote
  fi
}

# rejoin [NODE]: ends the state in which nodes wait, of that node or of all. Sets why where it could
# not.
rejoin() {
  only=${1:-}
  gather
  decide_rejoin
  if [ -z "$only" ] || [ "$only" = "$named" ]; then
    case $rejoin in
      promote)
        say "$named was the master and is again"
        # shellcheck disable=SC2046
        set -- $(where "$nodes" "$named")
        [ "$(ask "$@" "$replicaof" NO ONE)" = OK ] || return 0
        ask "$@" CONFIG REWRITE >/dev/null
        rejoin=serving
        ;;
      failover)
        say "$why: asking for a failover"
        # shellcheck disable=SC2086
        force_failover "$named" 10 "$(furthest $j_ahead)" 1 ||
          why="$why, and the sentinels did not fail over: $f_why"
        return 0
        ;;
    esac
  fi
  [ "$rejoin" = serving ] || return 0
  if [ -z "$j_keys" ]; then j_keys=unknown; fi
  while read -r each each_state _ each_keys each_follows _; do
    if [ "$each_state" != up ] || [ "$each" = "$named" ] || [ "$each_follows" != "$each" ] ||
        [ "${only:-$each}" != "$each" ]; then
      continue
    fi
    if [ "$j_keys.$each_keys" != yes.yes ] && [ "$each_keys" != no ]; then
      why="$each has data and $named, the master, has none that is known: following it would wipe that. Decide which one is right"
      continue
    fi
    say "$each follows $named"
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$each") $(address_of "$named")
    ask "$1" "$2" "$replicaof" "$3" "$4" >/dev/null
    ask "$1" "$2" CONFIG REWRITE >/dev/null
  done <<EOT
$table
EOT
}

# A node that was told its role, be it by the sentinels, has no need of us any more, once its
# append-only file is as wanted; nor has a sentinel, once it was told what a start by itself does
# not tell it.
place() {
  if [ "$kind" = sentinel ]; then
    until ready_sentinel >/dev/null; do sleep 0.5; done
    return 0
  fi
  until answer_me info INFO; do sleep 0.5; done
  while answer_me info INFO; do
    placed=$(printf '%s\n' "$answer" |
      sed -n -e 's/^role:master/1/p' -e 's/^master_link_status:up/1/p')
    if aof_as_wanted "$answer" >/dev/null && [ -n "$placed" ]; then return 0; fi
    [ -n "$placed" ] || rejoin "$name"
    sleep 1
  done
}
