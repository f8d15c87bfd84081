# A hand-over by an election of our own, in hundredths of a second: the sentinels' own votes, asked
# for before writes are paused; then the pause, the replica that has everything, its promotion, and
# the news of it to the sentinels in the form in which they tell each other
# (docs/decisions/0004-hand-over.md). The slow way, by SENTINEL FAILOVER, is for where this can't
# be.

# Hundredths of a second: for one round of answers; how long replicas may take to get near before
# the pause, and to get there within it; from the beginning of the pause until which a replica may
# be promoted, and until which that may be told.
answer_limit=50 near_limit=1000 equal_limit=100 promote_by=150 tell_by=180
# ms that the pause lasts if nobody ends it. The guard (settlement.sh) takes over 2.5 s after its
# beginning at the latest.
pause_limit=5000
# Bytes that a replica may still lack when the pause begins.
near=65536

# sentinel_table: from what examine gathered, a line for each sentinel: NAME MASTER FLAGS EPOCH
# QUORUM AT PEER REPLICAS. MASTER is the node that it names, AT the address that it knows that by
# (HOST,PORT); PEER another sentinel that it hears (HOST,PORT,RUNID), REPLICAS those that it sees
# and is connected to (NODE=HOST,PORT;…); - for what it does not say.
sentinel_table() {
  {
    printf '%s\n' "$nodes" | sed 's/^/is /'
    printf '%s\n' "$sentinels" | sed 's/^/sits /'
    printf '%s\n' "$gathered"
  } | awk '
    $1 == "is" { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2; next }
    $1 == "sits" { peer[$3 ":" $5] = $2; peer[$4 ":" $5] = $2; order[++n] = $2; next }
    $3 != "=" { next }
    { line = $0; sub(/^[^ ]* [^ ]* = ?/, "", line) }
    ++place[$1, $2] % 2 { key[$1, $2] = line; if (line == "name") item[$1, $2]++; next }
    $1 == "sentinel" { of[$2, key[$1, $2]] = line; next }
    $1 == "slaves" || $1 == "peers" { of[$1, $2, item[$1, $2], key[$1, $2]] = line }
    function get(value) { return value == "" ? "-" : value }
    function address(list, who, i) { return of[list, who, i, "ip"] ":" of[list, who, i, "port"] }
    function comma(at) { sub(/:[^:]*$/, "," substr(at, match(at, /[^:]*$/)), at); return at }
    END {
      for (s = 1; s <= n; s++) {
        who = order[s]
        at = of[who, "ip"] ":" of[who, "port"]
        heard = replicas = ""
        for (i = 1; i <= item["peers", who]; i++) {
          id = of["peers", who, i, "runid"]
          if (of["peers", who, i, "flags"] == "sentinel" && address("peers", who, i) in peer &&
              id ~ /^[0-9a-f]+$/ && length(id) == 40)
            heard = comma(address("peers", who, i)) "," id
        }
        for (i = 1; i <= item["slaves", who]; i++)
          if (of["slaves", who, i, "flags"] == "slave" && address("slaves", who, i) in name)
            replicas = replicas name[address("slaves", who, i)] "=" \
              comma(address("slaves", who, i)) ";"
        print who, (at in name ? name[at] : "-"), get(of[who, "flags"]), \
          get(of[who, "config-epoch"]), get(of[who, "quorum"]), \
          (at == ":" ? "-" : comma(at)), get(heard), get(replicas)
      }
    }'
}

# decide_election: a function, without any asking, of name (the master), pause_write, failover,
# table (node_table), sits (sentinel_table), addresses (NODE=HOST,PORT;… as nodes are to be called)
# and wanted (a node of one's choice, or nothing). Sets why (it can't be done: the reason) or
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
  e_offsets=
  while read -r e_name e_state _ e_keys _ e_link e_offset e_replid_of e_priority _; do
    if [ "$e_name" = "$name" ] || [ "$e_state.$e_link" != up.up ] || [ "$e_keys" = unknown ] ||
        [ "$e_priority" -eq 0 ]; then
      continue
    fi
    if [ "$e_replid_of" = - ] || [ "$e_replid_of" != "$e_replid" ]; then continue; fi
    case $e_names in *";$e_name;"*) ;; *) continue ;; esac
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
  [ -n "$candidates" ] ||
    why="no replica that all sentinels see${wanted:+ as $wanted} is linked and may be promoted"
}

# decide_target: a function, without any asking, of candidates, name, within (bytes that may be
# missing) and replies (to ROLE, a line for each node: "NAME master OFFSET …" or "NAME slave HOST
# PORT STATE OFFSET"). Sets target: the first candidate that has all that the master had when it
# answered, and no less than any other has; or nothing.
decide_target() {
  target='' t_master='' t_most=0 t_linked=' '
  while read -r t_name t_role t_two _ t_state t_offset _; do
    case $t_role in
      master)
        # One more master: nothing that could be compared.
        [ "$t_name" = "$name" ] || return 0
        t_master=$t_two
        ;;
      slave)
        case $t_state.$t_offset in
          connected.*[!0-9]* | connected.) continue ;;
          connected.*) ;;
          *) continue ;;
        esac
        t_linked="$t_linked$t_name $t_offset "
        [ "$t_offset" -le "$t_most" ] || t_most=$t_offset
        ;;
    esac
  done <<EOT
$replies
EOT
  case $t_master in '' | *[!0-9]*) return 0 ;; esac
  [ "$t_most" -ge "$t_master" ] || t_most=$t_master
  for t_name in $candidates; do
    case $t_linked in
      *" $t_name "*)
        t_offset=${t_linked#*" $t_name "}
        if [ $((${t_offset%% *} + within)) -ge "$t_most" ]; then target=$t_name && return; fi
        ;;
    esac
  done
}

# count_votes: a function of replies (to IS-MASTER-DOWN-BY-ADDR: "SENTINEL 0|1 RUNID EPOCH"), runid
# and epoch. Sets given, and later (the highest epoch that somebody has voted in, if that is not
# ours).
count_votes() {
  given=0 later=0
  while read -r v_name v_down v_for v_epoch _; do
    case $v_down.$v_epoch in [01].*[!0-9]* | [01].) continue ;; [01].*) ;; *) continue ;; esac
    if [ "$v_for.$v_epoch" = "$runid.$epoch" ]; then
      given=$((given + 1))
    elif [ "$v_epoch" -gt "$later" ]; then
      later=$v_epoch
    fi
  done <<EOT
$replies
EOT
}

# await_target HUNDREDTHS EACH: asks all nodes at once, again and again, EACH with its limit, until
# there is a target.
await_target() {
  clock
  at_until=$((clock + $1))
  while :; do
    next_round
    for each in $node_names; do send "$each" ROLE; done
    # Who does not answer at once is not waited for: the others may be enough.
    collect "$2"
    decide_target
    [ -z "$target" ] || return 0
    clock
    [ $clock -lt $at_until ] || return 1
  done
}

# get_votes: of as many sentinels as are needed. Those that were not asked can still begin a
# failover of their own if this machine fails now; one that has voted waits twice its
# failover-timeout.
get_votes() {
  gv_tries=3
  while [ $gv_tries -gt 0 ]; do
    gv_tries=$((gv_tries - 1)) epoch=$((epoch + 1)) gv_asked=0
    write_record || return 1
    next_round
    for each in $sentinel_names; do
      [ $gv_asked -lt "$votes" ] || break
      gv_asked=$((gv_asked + 1))
      send "$each" "SENTINEL IS-MASTER-DOWN-BY-ADDR ${at%,*} ${at##*,} $epoch $runid"
    done
    collect $answer_limit
    count_votes
    [ $given -lt "$votes" ] || return 0
    [ "$later" -lt "$epoch" ] || epoch=$later
  done
  return 1
}

# elect [NODE]: hands over to the best replica, or to that one. 0: done, with target and took
# (hundredths of a second that writes were paused for); 1: it can't be done, or was taken back, and
# writes are allowed: why; 2: what became of it is not known, and writes may be paused still, for
# pause_limit at most: why.
elect() {
  wanted=${1:-} el_limit=$ask_limit ask_limit=0.5
  elect_in_half_seconds
  el_status=$?
  ask_limit=$el_limit
  return $el_status
}

elect_in_half_seconds() {
  if ! links_possible; then why="this machine lacks mkfifo, timeout or a clock" && return 1; fi
  node_names=$(printf '%s\n' "$nodes" | cut -d ' ' -f 1) \
    sentinel_names=$(printf '%s\n' "$sentinels" | cut -d ' ' -f 1)
  addresses=
  for each in $node_names; do addresses="$addresses$each=$(address_of "$each" | tr ' ' ,);"; done
  # Nothing has begun: a machine that is busy for a moment, and sentinels that have yet to connect,
  # are asked again.
  for _ in 1 2 3 4 5; do
    examine
    sits=$(sentinel_table)
    decide_election
    case $why in
      *'gives no answer' | *disconnected* | 'no replica that '*) sleep 0.2 ;;
      *) break ;;
    esac
  done
  [ -z "$why" ] || return 1
  at=$(printf '%s\n' "$sits" | sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .*/\1/p;q')
  runid=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')
  if [ ${#runid} -ne 40 ]; then why="no random number" && return 1; fi
  if ! open_links "$nodes
$sentinels" 20; then close_links; why="no connections that stay open" && return 1; fi
  begin_and_guard && elect_over_links
  el_result=$?
  # Writes were never paused.
  if [ $el_result -eq 1 ]; then rm -f "$election_record"; fi
  # One who does not know how it stands leaves it to the guard.
  if [ $el_result -ne 2 ]; then release_guard; else await_guard; fi
  close_links
  return $el_result
}

# Each no return is behind a look at the clock, and behind a line in the record.
elect_over_links() {
  why="the replicas did not get near within $((near_limit / 100)) s"
  within=$near
  await_target $near_limit $answer_limit || return 1
  why="too few votes"
  get_votes || return 1

  clock
  began=$clock
  warn_guard
  why="writes could not be paused"
  next_round
  send "$name" "CLIENT PAUSE $pause_limit WRITE"
  collect $answer_limit
  reply_of "$name"
  if [ "$reply" != OK ]; then take_back; return; fi

  why="no replica had everything within $((equal_limit / 100)) s"
  within=0
  await_target $equal_limit 10 || { take_back; return; }
  to=${addresses#*"$target="}
  to=${to%%;*}
  why="it took too long"
  clock
  if [ $((clock - began)) -ge $promote_by ] || ! record "promoting $target $to"; then
    take_back
    return
  fi
  next_round
  send "$target" "REPLICAOF NO ONE"
  collect $answer_limit
  reply_of "$target"
  clock
  if [ "$reply" != OK ] || [ $((clock - began)) -ge $tell_by ] ||
      ! record "telling $target $to"; then
    why="$target was not promoted in time"
    take_back "$target"
    return
  fi
  why="the sentinels were told of $target, and too few took note of that in time"
  tell_sentinels
  [ $told -ge "$votes" ] || return 2
  why="this node did not say that it follows $target"
  follow_target || return 2
  clock
  took=$((clock - began))
  next_round
  for each in $node_names; do send "$each" "CONFIG REWRITE"; done
  collect 200
  rm -f "$election_record"
}

# take_back [TARGET]: that one, which may be promoted now or later, is told of this node again;
# nobody else knows of it.
take_back() {
  if [ -n "${1:-}" ]; then
    # shellcheck disable=SC2046
    ask $(where "$nodes" "$1") "$replicaof" $(address_of "$name") >/dev/null
  fi
  next_round
  send "$name" "CLIENT UNPAUSE"
  collect $answer_limit
  reply_of "$name"
  [ "$reply" = OK ] || return 2
  rm -f "$election_record"
  return 1
}

# tell_sentinels: what a sentinel would hear of another one that it knows. Sets told, how many have
# taken note of it.
tell_sentinels() {
  next_round
  while read -r ts_name _ _ _ _ _ ts_peer _; do
    send "$ts_name" "PUBLISH __sentinel__:hello $(hello "$ts_peer")"
  done <<EOT
$sits
EOT
  collect $answer_limit "$votes"
  told=0
  while read -r ts_name ts_heard; do
    case $ts_heard in 1) told=$((told + 1)) ;; esac
  done <<EOT
$replies
EOT
}

# follow_target: this node at once, and it has to say so before its clients may write again.
follow_target() {
  next_round
  for each in $node_names; do
    [ "$each" = "$target" ] || send "$each" "REPLICAOF ${to%,*} ${to##*,}"
  done
  # One of the others that does not answer is none of its clients' business.
  awaited=" $name "
  collect $answer_limit
  reply_of "$name"
  case $reply in OK*) ;; *) return 1 ;; esac
  next_round
  send "$name" "CLIENT KILL TYPE normal"
  send "$name" "CLIENT UNPAUSE"
  collect $answer_limit
  return 0
}
