# A hand-over by an election of our own, in hundredths of a second: the sentinels' own votes, asked
# for before writes are paused; then the pause, the replica that has everything, its promotion, and
# the news of it to the sentinels in the form in which they tell each other
# (docs/decisions/0004-hand-over.md). The slow way, by SENTINEL FAILOVER, is for where this can't
# be.

# Hundredths of a second: for one round of answers; how long replicas may take to get near before
# the pause, and to get there within it; from the beginning of the pause until which a replica may
# be promoted, and until which that may be told.
answer_limit=50 near_limit=1000 equal_limit=100 promote_by=150 tell_by=180
# ms that the pause lasts if nobody ends it. The guard (settlement/guard.sh) takes over 2.5 s after
# its beginning at the latest.
pause_limit=5000
# Bytes that a replica may still lack when the pause begins.
near=65536

# use redis/election/sentinel-table.sh
# use redis/election/candidates.sh
# use redis/election/target.sh
# use redis/election/votes.sh
# use redis/election/telling.sh

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
    gather whole
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
