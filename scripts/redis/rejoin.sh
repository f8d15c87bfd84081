# Nodes that wait to be told who is the master, after all of them were off.

# decide_rejoin: a function, without any asking, of named, failover, table (node_table), down (1: most
# sentinels say that the named one is), waited (1: long enough for those that are not back) and later
# (later_than the named one). Sets rejoin: "serving" (the named one is the master), "promote" (it was
# the master and is to be again), "failover" (another one holds more, or has to do, and nobody is the
# master: the sentinels are to choose one of j_ahead), or "wait" with why. Needs outage.sh.
decide_rejoin() {
  rejoin=wait why=''
  j_role='' j_keys=no j_state=unknown j_offset=0 j_replid=- j_aof=-
  j_masters='' j_ahead='' j_unclear='' j_absent='' j_linked='' j_unplaced=''
  if [ -z "$named" ]; then why="no majority of the sentinels names a master" && return; fi
  while read -r j_name j_s j_r j_k _ _ j_o j_id _ j_a _; do
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
  if [ "$j_state" = up ] && [ "$j_keys" = unknown ]; then
    why="$named, which the sentinels name, still loads" && return
  fi
  while read -r j_name j_s _ j_k _ _ j_o j_id j_priority _ j_note; do
    [ "$j_name" != "$named" ] || continue
    if [ "$j_s" != up ] || [ "$j_k" = unknown ]; then j_absent="$j_absent $j_name" && continue; fi
    [ "$j_k" = yes ] || continue
    if is_unplaced "$j_priority" "${j_note:-}"; then
      j_unplaced="$j_unplaced $j_name"
    else
      j_linked="$j_linked $j_name"
    fi
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
  if [ "$j_state" != up ]; then
    decide_without
    return
  fi
  if [ "$j_keys" = no ] && [ -n "$j_unplaced" ] && [ -z "$j_linked" ]; then
    decide_without "is empty"
  elif [ -n "$later" ]; then
    decide_without "was left behind by$later, in a later epoch"
  elif [ "$j_keys" = yes ] && [ "$j_aof" != aof ] && [ -n "$j_ahead" ] && [ -n "$j_absent" ] &&
      [ "$waited" != 1 ]; then
    # Of those that were off, the one that saved last may be the one that is missing.
    why="$named was the master and started from a snapshot, and nobody can tell whether$j_absent holds more than$j_ahead"
  elif [ -n "$j_ahead" ]; then
    [ "$j_keys" != no ] || j_ahead=$j_linked
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

# decide_without [IT]: the named one is not to be the master again: it does not answer, or IT. Where
# some were linked to a master since they started, the sentinels can tell them apart by themselves.
decide_without() {
  j_what="$named, which the sentinels name, ${1:-does not answer}"
  if [ -n "$j_linked" ] || [ -z "$j_unplaced" ]; then why=$j_what && return; fi
  if [ $# -eq 0 ] && [ "$down" != 1 ]; then
    why="$j_what, and most sentinels do not say that it is down" && return
  fi
  j_missing=$j_absent
  [ $# -gt 0 ] || j_missing=" $named$j_absent"
  if [ -n "$j_missing" ] && [ "$waited" != 1 ]; then
    why="$j_what; waiting for$j_missing, which may hold more than$j_unplaced" && return
  fi
  among=$j_unplaced
  decide_most
  if [ -z "$most" ]; then
    why="$j_what, and nobody can tell which of$j_unplaced was furthest: $most_why. Decide which one is right: $cli -h HOST -p PORT CONFIG SET slave-priority 100 on it, then SENTINEL FAILOVER $master on a sentinel"
    return
  fi
  rejoin=failover j_ahead=$most why="$j_what, and of those that are back$most had most"
}

# rejoin [NODE]: ends the state in which nodes wait, of that node or of all. Sets why where it could
# not.
rejoin() {
  only=${1:-}
  : "${j_since:=$(date +%s)}"
  gather
  later=$(later_than "$(printf '%s\n' "$table" | awk -v of="$named" '$1 == of { print $11 }')")
  waited='' down=$(sentinel_table |
    awk -v all="$(count "$sentinels")" '$3 ~ /_down/ { n++ } END { if (n * 2 > all) print 1 }')
  [ $(($(date +%s) - j_since)) -lt "$outage_limit" ] || waited=1
  decide_rejoin
  # One of them does it: the named one, or, where that is not there, the first that is to follow it.
  j_by=$named
  [ "$j_state" = up ] || { j_by=${j_ahead# } && j_by=${j_by%% *}; }
  if [ -z "$only" ] || [ "$only" = "$j_by" ]; then
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
  while read -r each each_state _ each_keys each_follows _ _ _ _ _ each_note; do
    if [ "$each_state" != up ] || [ "$each" = "$named" ] || [ "$each_follows" != "$each" ] ||
        [ "${only:-$each}" != "$each" ]; then
      continue
    fi
    if [ "$j_keys.$each_keys" != yes.yes ] && [ "$each_keys" != no ]; then
      why="$each has data and $named, the master, has none that is known: following it would wipe that. Decide which one is right"
      continue
    fi
    if [ -n "$(forgotten "$each_note")" ]; then
      why="$each has followed a master of a later epoch than $named, which the sentinels name: they have lost their state, and following it could take from $each what $named lacks. Decide which one is right"
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

# place PARENT: a node that was told its role, be it by the sentinels, has no need of us any more,
# once its append-only file is as wanted; nor has a sentinel, once it was told what a start by
# itself does not tell it. The file `serving` says that it had what it would have if it ended now.
place() {
  if [ "$kind" = sentinel ]; then
    until ready_sentinel >/dev/null || outlived "$1"; do sleep 0.5; done
    : >serving
    return 0
  fi
  p_settings=$(cat "$settings/parameters")
  until answer_me info INFO || outlived "$1"; do sleep 0.2; done
  while answer_me info INFO && ! outlived "$1"; do
    # By the old ones it would turn an append-only file on again that was turned off meanwhile.
    [ "$p_settings" = "$(cat "$settings/parameters" || echo "$p_settings")" ] ||
      exec sh "$0" place "$directory" "$settings" "$1"
    note_load "$answer"
    case $answer in *"${newline}loading:0"*) : >serving ;; *) sleep 0.2 && continue ;; esac
    case $answer in
      *"${newline}role:master"*) [ -n "${relinked:-}" ] || { relinked=1 && relink; } ;;
    esac
    placed=$(printf '%s\n' "$answer" |
      sed -n -e 's/^role:master/1/p' -e 's/^master_link_status:up/1/p')
    if aof_as_wanted "$answer" >/dev/null && [ -n "$placed" ] && promotable; then return 0; fi
    if [ -z "$placed" ]; then
      rejoin "$name"
      [ -z "$why" ] || [ "$why" = "${waits:-}" ] || say "waits: $why"
      waits=$why
    fi
    sleep 1
  done
}
