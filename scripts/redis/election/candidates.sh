# Whether an election of our own can be, and who may be elected: a decision, of variables alone.

# decide_election: a function, without any asking, of name (the master), pause_write, failover,
# table (node_table), sits (sentinel_table), addresses (NODE=HOST,PORT;… as nodes are to be called)
# and wanted (a node of one's choice, or nothing; not one that older ones may be unable to follow,
# which decide_priorities has put behind them). Sets why (it can't be done: the reason) or
# nothing, and then candidates (replicas of the best priority, the furthest first), epoch (the
# highest that the sentinels have a configuration of) and votes (how many are needed).
decide_election() {
  why='' candidates='' epoch=0 votes=0
  e_sentinels=0 e_quorum=0 e_at='' e_replid='' e_best='' e_names=''
  if [ "$pause_write" != 1 ]; then why="this server version cannot pause writes alone" && return; fi
  if [ -n "$failover" ]; then why="a failover is in progress" && return; fi
  while read -r e_name e_named e_flags e_epoch e_needs e_as e_peer e_replicas; do
    [ -n "$e_name" ] || continue
    e_sentinels=$((e_sentinels + 1))
    if [ "$e_flags" = - ] || [ "$e_as" = - ]; then why="$e_name gives no answer" && return; fi
    if [ "$e_named" != "$name" ] || [ "$e_as" != "${e_at:-$e_as}" ]; then
      why="$e_name names another master, or by another address" && return
    fi
    if [ "$e_flags" != master ]; then why="$e_name sees the master as: $e_flags" && return; fi
    if [ "$e_peer" = - ]; then why="$e_name hears no other sentinel" && return; fi
    case $e_epoch.$e_needs in
      *[!0-9.]* | .* | *.) why="$e_name does not say its epoch and its quorum" && return ;;
    esac
    e_at=$e_as
    [ "$e_epoch" -le "$epoch" ] || epoch=$e_epoch
    [ "$e_needs" -le "$e_quorum" ] || e_quorum=$e_needs
    # By each, the same replicas by the same addresses, or they are no candidates.
    e_seen=';'
    e_rest=$e_replicas
    while [ "$e_rest" != - ] && [ -n "$e_rest" ]; do
      e_each=${e_rest%%;*} e_rest=${e_rest#*;}
      case ";$addresses" in *";$e_each;"*) ;; *) continue ;; esac
      if [ "$e_sentinels" -eq 1 ]; then
        e_seen="$e_seen${e_each%%=*};"
      else
        case $e_names in *";${e_each%%=*};"*) e_seen="$e_seen${e_each%%=*};" ;; esac
      fi
    done
    e_names=$e_seen
  done <<EOT
$sits
EOT
  if [ $e_sentinels -lt 2 ]; then why="there is one sentinel" && return; fi
  votes=$((e_sentinels / 2 + 1))
  [ "$votes" -ge "$e_quorum" ] || votes=$e_quorum
  while read -r e_name e_state e_role _ e_follows _ _ e_replid_of _; do
    if [ "$e_name" = "$name" ]; then
      if [ "$e_state.$e_role" != up.master ]; then why="this node is not the master" && return; fi
      e_replid=$e_replid_of
    elif [ "$e_role" = master ]; then
      why="$e_name says that it is a master, too" && return
    elif [ "$e_state" = up ] && [ "$e_follows" != "$name" ]; then
      why="$e_name does not replicate this node" && return
    fi
  done <<EOT
$table
EOT
  e_offsets='' e_wanted='' e_older=''
  while read -r e_name e_state _ e_keys _ e_link e_offset e_replid_of e_priority _; do
    if [ "$e_name" = "$name" ] || [ "$e_state.$e_link" != up.up ] || [ "$e_keys" = unknown ] ||
        [ "$e_priority" -eq 0 ]; then
      continue
    fi
    if [ "$e_replid_of" = - ] || [ "$e_replid_of" != "$e_replid" ]; then continue; fi
    case $e_names in *";$e_name;"*) ;; *) continue ;; esac
    if [ "$wanted" = "$e_name" ]; then e_wanted=$e_priority; fi
    [ "$e_priority" -ge $behind_older ] || e_older=$e_name
    if [ -n "$wanted" ]; then
      if [ "$wanted" = "$e_name" ]; then candidates=" $e_name"; fi
    elif [ -z "$e_best" ] || [ "$e_priority" -lt "$e_best" ]; then
      e_best=$e_priority candidates=" $e_name" e_offsets=$e_offset
    elif [ "$e_priority" -eq "$e_best" ]; then
      if [ "$e_offset" -gt "$e_offsets" ]; then
        candidates=" $e_name$candidates" e_offsets=$e_offset
      else
        candidates="$candidates $e_name"
      fi
    fi
  done <<EOT
$table
EOT
  if [ -n "$e_older" ] && [ "${e_wanted:-0}" -ge $behind_older ]; then
    why="it runs a newer version than $e_older, which may be unable to follow it: pulumi up first, or the older version again" &&
      return
  fi
  [ -n "$candidates" ] ||
    why="no replica that all sentinels see${wanted:+ as $wanted} is linked and may be promoted"
}
