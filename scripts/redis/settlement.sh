# What is left of a hand-over by an election that did not come to its end: who hands over writes
# down, beside the data, what it is about to do; a guard beside it, and everybody who comes later,
# finishes that or undoes it. Only the guard, which is in time, may go on with what nobody has heard
# of yet: after the pause the former master may have acknowledged more.

# use redis/settlement/record.sh
# use redis/settlement/decision.sh
# use redis/settlement/guard.sh

# settle [UNTIL]: with the clock until which what nobody has heard of may be finished, by the guard.
# 0: there was nothing, or target is the master now; 3: nothing is left of it; 1: neither, why says
# why.
settle() {
  [ -f "$election_record" ] || return 0
  s_until=${1:-0}
  read_record
  # shellcheck disable=SC2086
  set -- $maker
  # Who is at it will say how it went.
  if [ "$s_until" -eq 0 ] && [ $# -eq 2 ] && [ "$(born "$1")" = "$2" ]; then return 1; fi
  s_limit=$ask_limit ask_limit=0.5 s_tries=8
  limited 0.5 true 2>/dev/null || ask_limit=1
  while :; do
    gather
    said=$(printf '%s\n' "$known" "$gathered" | names_said) asked=$(count "$sentinels")
    in_time=
    [ "$s_until" -eq 0 ] || clock
    if [ "$s_until" -gt 0 ] && [ "$clock" -lt "$s_until" ]; then in_time=1; fi
    decide_settlement
    s_tries=$((s_tries - 1))
    if [ "$settlement" != wait ] || [ $s_tries -le 0 ]; then break; fi
    sleep 0.1
  done
  s_status=1
  case $settlement in
    nothing)
      # Where another is the master, who writes here writes in vain.
      [ "$named" != "$name" ] || ask_me CLIENT UNPAUSE >/dev/null
      s_status=3
      ;;
    undo)
      say "the hand-over to $target is undone: no sentinel names it"
      # shellcheck disable=SC2046
      ask $(where "$nodes" "$target") "$replicaof" $(address_of "$name") >/dev/null
      ask_me CLIENT UNPAUSE >/dev/null
      s_status=3
      ;;
    finish)
      say "the hand-over to $target is finished"
      finish && s_status=0
      ;;
    wait) say "a hand-over to $target has not come to its end: $why" ;;
  esac
  [ $s_status -eq 1 ] || rm -f "$election_record"
  ask_limit=$s_limit
  return $s_status
}

# finish: all of it again, as nobody knows how far it was. Writes are allowed here when this node
# follows the other one.
finish() {
  printf '%s' "$tells" | {
    while read -r f_sentinel f_peer; do
      # shellcheck disable=SC2046
      ask $(where "$sentinels" "$f_sentinel") PUBLISH __sentinel__:hello "$(hello "$f_peer")" \
        >/dev/null &
    done
    wait
  }
  printf '%s\n' "$nodes" | {
    while read -r f_node _ f_address f_port; do
      [ "$f_node" = "$target" ] ||
        ask "$f_address" "$f_port" "$replicaof" "${to%,*}" "${to##*,}" >/dev/null &
    done
    wait
  }
  if [ "$(ask_me ROLE | head -n 1)" = master ]; then
    why="this node still says that it is the master" && return 1
  fi
  ask_me CLIENT KILL TYPE normal >/dev/null
  ask_me CLIENT UNPAUSE >/dev/null
  printf '%s\n' "$nodes" | {
    while read -r _ _ f_address f_port; do
      ask "$f_address" "$f_port" CONFIG REWRITE >/dev/null &
    done
    wait
  }
}
