# What is left of a hand-over by an election that did not come to its end: who hands over writes
# down, beside the data, what it is about to do; a guard beside it, and everybody who comes later,
# finishes that or undoes it. Only the guard, which is in time, may go on with what nobody has heard
# of yet: after the pause the former master may have acknowledged more.

election_record=election

# write_record: everything that is needed to go on, before anybody is asked for a vote.
write_record() {
  {
    printf 'maker %s\nepoch %s\n' "$maker" "$epoch" &&
    printf '%s\n' "$sits" | while read -r wr_name _ _ _ _ _ wr_peer _; do
      printf 'sentinel %s %s\n' "$wr_name" "$wr_peer"
    done &&
    echo 'voting - -'
  } >"$election_record" && return
  rm -f "$election_record"
  why="what is begun could not be written down"
  return 1
} 2>/dev/null

# record STAGE NODE ADDRESS: voting, promoting, telling; each before its first word to anybody.
record() { echo "$*" >>"$election_record"; } 2>/dev/null

# read_record: sets maker, epoch, stage, target, to (its address) and tells.
read_record() {
  maker='' epoch=0 stage=voting target=- to='' tells=''
  while read -r rr_what rr_one rr_two; do
    case $rr_what in
      maker) maker="$rr_one $rr_two" ;;
      epoch) epoch=$rr_one ;;
      sentinel) tells="$tells$rr_one $rr_two$newline" ;;
      voting | promoting | telling) stage=$rr_what target=$rr_one to=$rr_two ;;
    esac
  done <"$election_record"
}

# hello PEER: the news as that one would tell it.
hello() { printf '%s' "$1,$epoch,$master,${to%,*},${to##*,},$epoch"; }

# decide_settlement: a function, without any asking, of name (who handed over), stage, target,
# epoch, in_time (1: writes are paused still), named (by a majority), said ("SENTINEL NODE EPOCH"
# for each that answered: whom it names, since which election), asked (how many there are) and
# table. Sets settlement: "finish" (some sentinel knows, and so will all; or one may, and it is in
# time), "undo" (none of them knows), "nothing", or "wait" (nobody can tell yet, with why).
decide_settlement() {
  settlement=wait why='' d_role=unknown d_answered=0 d_knows='' d_later=''
  while read -r d_name d_state d_as _; do
    if [ "$d_name" = "$target" ]; then
      case $d_state in up) d_role=$d_as ;; *) d_role=$d_state ;; esac
    fi
  done <<EOT
$table
EOT
  while read -r d_name d_names d_epoch; do
    case $d_epoch in '' | *[!0-9]*) continue ;; esac
    d_answered=$((d_answered + 1))
    if [ "$d_epoch" -gt "$epoch" ]; then
      d_later=1
    elif [ "$d_names.$d_epoch" = "$target.$epoch" ]; then
      d_knows=1
    fi
  done <<EOT
$said
EOT
  if [ "$stage" = voting ] || [ -n "$d_later" ]; then
    settlement=nothing
  elif [ -n "$d_knows" ] || { [ "$stage" = telling ] && [ -n "$in_time" ]; }; then
    if [ "$d_role" = master ]; then
      settlement=finish
    else
      why="$target, which was elected, does not say that it is the master"
    fi
  elif [ "$stage" = telling ] && [ $d_answered -lt "$asked" ]; then
    why="not all sentinels answer, and one may have been told that $target is the master"
  elif [ "$named" = "$name" ]; then
    # What does not answer may be about to be promoted.
    case $d_role in slave | gone) settlement=nothing ;; *) settlement=undo ;; esac
  elif [ -n "$named" ]; then
    settlement=nothing
  else
    why="no majority of the sentinels names a master"
  fi
}

# names_said: which node each sentinel that answers names, and since which election, a line each.
names_said() {
  awk '
    $1 == "is" { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2 }
    $1 != "sentinel" || $3 != "=" { next }
    ++place[$2] % 2 { key[$2] = $4; next }
    { of[$2, key[$2]] = $4; who[$2] = 1 }
    END {
      for (each in who) {
        at = of[each, "ip"] ":" of[each, "port"]
        print each, (at in name ? name[at] : at), of[each, "config-epoch"]
      }
    }'
}

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

# begin_and_guard: the record, and a process beside this one that ends neither with it nor with its
# terminal.
begin_and_guard() {
  maker="$$ $(born $$)"
  write_record || return 1
  why="there is nobody to finish it if this process ends"
  mkfifo "$links/guard" || return 1
  # Both ends: no opening of it ever waits, and the other one sees the end of this process.
  exec 4<>"$links/guard"
  if command -v setsid >/dev/null; then bg_session=setsid; else bg_session=; fi
  # shellcheck disable=SC2086
  $bg_session sh "$0" guard "$directory" "$settings" <"$links/guard" >>log 2>&1 3<&- 4<&- &
  guard_pid=$!
  link_round=0 awaited=' guard ' replies=''
  collect 200
}

# What the guard is told. It is let go when nothing is left to settle, else it sees our end.
warn_guard() { echo paused >&4; }
release_guard() {
  [ -n "${guard_pid:-}" ] || return 0
  echo 'done' >&4
  exec 4<&-
  wait "$guard_pid"
}

# await_guard: sets el_result (as elect) and after_guard, what became of it.
await_guard() {
  exec 4<&-
  wait "$guard_pid"
  case $? in
    0)
      clock
      el_result=0 after_guard='' took=$((clock - began))
      ;;
    3) el_result=2 after_guard="It was taken back, and writes are allowed again" ;;
    *)
      el_result=2 after_guard="Writes are allowed again $((pause_limit / 1000)) s after its beginning at the latest, and whoever comes next goes on: try again"
      ;;
  esac
}

guard() {
  # Before the record is written anew.
  read_record
  clock
  g_timer=
  echo 'guard round.0 ready' >"$directory/election.links/said"
  while read -r g_said; do
    case $g_said in
      done)
        [ -z "$g_timer" ] || kill -KILL "$g_timer"
        exit 0
        ;;
      paused)
        clock
        # By whose it is: the next hand-over has a FIFO of the same name.
        { sleep 2.5 && echo "late $maker" 1<>"$directory/election.links/guard"; } 2>/dev/null &
        g_timer=$!
        ;;
      "late $maker")
        # It hangs, and must not go on at some other time.
        kill -KILL "${maker%% *}"
        break
        ;;
    esac
  done
  [ -z "$g_timer" ] || kill -KILL "$g_timer" 2>/dev/null
  # A second less than the pause, for what then has to be done.
  settle $((clock + pause_limit / 10 - 100))
  g_status=$?
  links=$directory/election.links
  close_links
  return $g_status
}
