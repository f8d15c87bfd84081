# can_hand_over: sets problem if the sentinels would not carry out a failover now.
can_hand_over() {
  problem=
  # A sentinel that is still busy with the failover before would end it after ours, and stay with another master than
  # the rest, at the same epoch: for ever.
  c_until=$(($(date +%s) + 60))
  while failover_in_progress && [ "$(date +%s)" -lt $c_until ]; do sleep 0.2; done
  named=$(named_master)
  if [ "$named" != "$name" ]; then
    problem="the sentinels do not name this node as the master (a majority says: ${named:-nothing})"
  elif failover_in_progress; then
    refuse "refusing to stop this master while a failover is in progress: it has been for 60 s. See the logs of the sentinels, then try again"
  else
    ask_all "$sentinels" SENTINEL CKQUORUM "$master"
    for reply in "$replies"/*; do
      [ -s "$reply" ] || continue
      # 2.8 has no CKQUORUM; the majority that named this node stands for it.
      grep -qi -e '^OK' -e 'unknown' "$reply" || problem="${reply##*/} says: $(head -n 1 "$reply")"
    done
  fi
}

block_writes() {
  if [ "$pause_write" = 1 ]; then
    [ "$(ask_me CLIENT PAUSE 30000 WRITE)" = OK ]
  else
    ask_me CONFIG SET "$min_replicas" 1000000 >/dev/null
  fi
}

allow_writes() {
  if [ "$pause_write" = 1 ]; then ask_me CLIENT UNPAUSE >/dev/null; else ask_me CONFIG SET "$min_replicas" "$min_replicas_value" >/dev/null; fi
}

take_back() {
  [ -z "$following" ] || ask_me "$replicaof" NO ONE >/dev/null
  allow_writes
}

give_up() {
  take_back
  refuse "hand-over failed, writes are allowed again: $*"
}

# replicas_caught_up: every replica that is online, one at least, has all that this master ever wrote; sets caught_up to
# their names.
replicas_caught_up() {
  offset=$(ask_me INFO replication | field master_repl_offset)
  [ -n "$offset" ] || return 1
  ask_all "$peers" INFO replication
  caught_up=
  for reply in "$replies"/*; do
    [ "$(field master_link_status <"$reply")" = up ] || continue
    [ "$(node_at "$(field master_host <"$reply")" "$(field master_port <"$reply")")" = "$name" ] || continue
    its_offset=$(field slave_repl_offset <"$reply")
    [ "${its_offset:-0}" -ge "$offset" ] || return 1
    caught_up="$caught_up ${reply##*/}"
  done
  [ -n "$caught_up" ]
}

# follow_promoted: be the replica of the one that was promoted before any sentinel takes note of that. One that met a
# former master as a master and was then cut off would make it its own master's replica afterwards, whatever it had
# become in between (docs/decisions/0004-hand-over.md).
follow_promoted() {
  [ -z "$following" ] || return 0
  ask_all "$peers" INFO replication
  for each in $caught_up; do
    if [ "$(field role <"$replies/$each")" != master ]; then continue; fi
    following=$each
    # shellcheck disable=SC2046
    ask_me "$replicaof" $(address_of "$each") >/dev/null
    return
  done
}

# Pause, let the replicas catch up, SENTINEL FAILOVER, follow the new master at once: anything less loses
# acknowledged writes (measured: docs/decisions/0004-hand-over.md).
handover() {
  following=
  replication=$(ask_me INFO replication)
  [ "$(printf '%s\n' "$replication" | field role)" = master ] || return 0
  if ! printf '%s\n' "$replication" | grep -q '^slave[0-9]*:.*state=online'; then
    say "no replica is linked: nobody can take over"
    must_be_persistent
    return 0
  fi
  can_hand_over
  if [ -n "$problem" ]; then
    say "no hand-over: $problem"
    must_be_persistent
    return 0
  fi
  say "handing over"
  block_writes || refuse "hand-over failed: writes could not be paused"
  trap 'take_back; exit 1' HUP INT TERM
  # By the clock: both limits together have to end before the pause does.
  h_until=$(($(date +%s) + 10))
  until replicas_caught_up; do
    [ "$(date +%s)" -lt $h_until ] || give_up "the replicas did not catch up within 10 s"
    sleep 0.1
  done
  force_failover "$name" 15 follow_promoted || give_up "the sentinels named no other master within 15 s. See their logs (+failover-… events), then try again"
  # shellcheck disable=SC2046
  [ "$f_named" = "$following" ] || ask_me "$replicaof" $(address_of "$f_named") >/dev/null
  ask_me CLIENT KILL TYPE normal >/dev/null
  allow_writes
  say "handed over to $f_named"
}

must_be_persistent() {
  [ "$(ask_me CONFIG GET appendonly | tail -n 1)" = yes ] || [ -n "$(ask_me CONFIG GET save | sed -n 2p)" ] ||
    refuse "refusing to stop: this master has no persistence and cannot hand over; its data would be lost. Turn on appendonly, or bring a replica and the sentinels back first"
}
