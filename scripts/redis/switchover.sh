# can_hand_over: sets problem if the sentinels would not carry out a failover now.
can_hand_over() {
  problem=
  # A sentinel that is still busy with the failover before would end it after ours, and stay with
  # another master than the rest, at the same epoch: for ever.
  c_until=$(($(date +%s) + 60))
  while gather && [ -n "$failover" ] && [ "$(date +%s)" -lt $c_until ]; do sleep 0.2; done
  if [ "$named" != "$name" ]; then
    problem="the sentinels do not name this node as the master (a majority says: ${named:-nothing})"
  elif [ -n "$failover" ]; then
    refuse "refusing to stop this master while a failover is in progress: it has been for 60 s. See the logs of the sentinels, then try again"
  elif [ "$check_quorum" = 1 ]; then
    # One that gives no answer is no reason: a majority named this node a moment ago.
    problem=$(answers quorum "$sentinels" quorum SENTINEL CKQUORUM "$master" |
      sed -n 's/^quorum \([^ ]*\) ! \(NOQUORUM.*\)/\1 says: \2/p' | head -n 1)
  fi
}

block_writes() {
  if [ "$pause_write" = 1 ]; then
    [ "$(ask_me CLIENT PAUSE 30000 WRITE)" = OK ]
  else
    [ "$(ask_me CONFIG SET "$min_replicas" 1000000)" = OK ]
  fi
}

allow_writes() {
  if [ "$pause_write" = 1 ]; then
    ask_me CLIENT UNPAUSE >/dev/null
  else
    ask_me CONFIG SET "$min_replicas" "$min_replicas_value" >/dev/null
  fi
}

give_up() {
  [ -z "$following" ] || ask_me "$replicaof" NO ONE >/dev/null
  allow_writes
  refuse "hand-over failed, writes are allowed again: $*"
}

# replicas_caught_up: every replica that is online, one at least, has all that this master ever
# wrote; sets caught_up to their names.
replicas_caught_up() {
  gather
  offset=$(printf '%s\n' "$table" | awk -v name="$name" '$1 == name && $3 == "master" { print $7 }')
  [ -n "$offset" ] || return 1
  caught_up=$(printf '%s\n' "$table" | awk -v name="$name" -v offset="$offset" '
    $5 == name && $6 == "up" { if ($7 >= offset) print $1; else behind = 1 }
    END { exit behind }') || return 1
  [ -n "$caught_up" ]
}

# follow_promoted: be the replica of the one that was promoted before any sentinel takes note of
# that. One that met a former master as a master and was then cut off would make it its own master's
# replica afterwards, whatever it had become in between (docs/decisions/0004-hand-over.md).
follow_promoted() {
  [ -z "$following" ] || return 0
  following=$(answers node "$peers" info INFO | sed -n 's/^node \([^ ]*\) = role:master$/\1/p' |
    grep -x -F "$caught_up" | head -n 1)
  # shellcheck disable=SC2046
  [ -z "$following" ] || ask_me "$replicaof" $(address_of "$following") >/dev/null
}

# cannot_hand_over WHY: to a node of one's choice, or to none; else this one may stop where its data
# stays.
cannot_hand_over() {
  [ -z "$chosen" ] || refuse "not handed over to $chosen: $*"
  # The sentinels would go on to name the port that it had, and nobody would be the master.
  # shellcheck disable=SC1090
  [ "$(. "$(staged parameters)" && echo "$port")" = "$port" ] ||
    refuse "refusing to stop this master for another port: $*"
  say "$*"
  must_be_persistent
}

# handover [NODE]: by an election of our own (election.sh); where that can't be, by a failover of
# the sentinels, unless it is to be that NODE. Anything less loses acknowledged writes (measured:
# docs/decisions/0004-hand-over.md).
handover() {
  following='' chosen=${1:-}
  settle
  if ! answer_me info INFO && [ -n "$gone" ] && [ -z "$chosen" ]; then return 0; fi
  [ -n "$answer" ] ||
    refuse "refusing to stop this server: whether it is the master it does not say ($no_answer)"
  if [ "$(printf '%s\n' "$answer" | field role)" != master ]; then
    [ -z "$chosen" ] || refuse "not handed over to $chosen: this node is not the master"
    return 0
  fi
  if ! printf '%s\n' "$answer" | grep -q '^slave[0-9]*:.*state=online'; then
    cannot_hand_over "no replica is linked: nobody can take over"
    return 0
  fi
  can_hand_over
  if [ -n "$problem" ]; then
    cannot_hand_over "no hand-over: $problem"
    return 0
  fi
  say "handing over"
  # What has begun to change roles goes on to its end, or takes it back: both have limits.
  trap '' HUP INT TERM
  elect "$chosen"
  case $? in
    0)
      say \
        "handed over to $target by an election of our own: writes were paused for $((took * 10)) ms"
      ;;
    1)
      [ -z "$chosen" ] || refuse "not handed over to $chosen: $why"
      say "by a failover of the sentinels: $why"
      hand_over_by_failover
      ;;
    *) refuse "hand-over failed: $why. $after_guard" ;;
  esac
}

# Pause, let the replicas catch up, SENTINEL FAILOVER, follow the new master at once.
hand_over_by_failover() {
  block_writes || refuse "hand-over failed: writes could not be paused"
  # By the clock: both limits together have to end before the pause does.
  h_until=$(($(date +%s) + 10))
  until replicas_caught_up; do
    [ "$(date +%s)" -lt $h_until ] || give_up "the replicas did not catch up within 10 s"
    sleep 0.1
  done
  force_failover "$name" 15 " $(printf '%s' "$caught_up" | tr '\n' ' ')" '' follow_promoted ||
    give_up "the sentinels named no other master within 15 s ($f_why). See their logs (+failover-… events), then try again"
  # shellcheck disable=SC2046
  [ "$f_named" = "$following" ] || ask_me "$replicaof" $(address_of "$f_named") >/dev/null
  ask_me CLIENT KILL TYPE normal >/dev/null
  allow_writes
  say "handed over to $f_named"
}

must_be_persistent() {
  if answer_me yes-no CONFIG GET appendonly; then
    case $answer in *yes) return ;; esac
    case $(ask_me CONFIG GET save) in save"$newline"[0-9]*) return ;; esac
  else
    refuse "refusing to stop: this master cannot hand over, and whether its data would be kept it does not say ($no_answer)"
  fi
  refuse "refusing to stop: this master has no persistence and cannot hand over; its data would be lost. Turn on appendonly, or bring a replica and the sentinels back first"
}
