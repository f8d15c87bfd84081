#!/bin/sh
# The lifecycle of one Redis node or one Sentinel, the same on every kind of host.
#
#   sh lifecycle.sh exec DIRECTORY      decide the role, write the run-time configuration, become the server
#   sh lifecycle.sh ready DIRECTORY     0: ready, 1: not yet (says what it waits for), 2: never will be
#   sh lifecycle.sh alive DIRECTORY     0: the server answers, be it that it is still loading
#   sh lifecycle.sh reload DIRECTORY    0: the running server has the settings in the directory, be it that they were set
#                                       now; 1: it needs a restart
#   sh lifecycle.sh handover DIRECTORY  if this is the master and somebody can take over: hand over, losing no write
#   sh lifecycle.sh retry DIRECTORY     0: the start failed for a reason that passes by itself (says which)
#   sh lifecycle.sh place DIRECTORY     while this node waits to be told who is the master: ask again, until it has its role
#   sh lifecycle.sh orphan DIRECTORY    print the pid of a server that runs on this directory's configuration
#   sh lifecycle.sh check DIRECTORY     0: the whole topology is what it should be, at this moment
#   sh lifecycle.sh verify DIRECTORY    wait until the whole topology is what it should be, or say what is not
#
# DIRECTORY/parameters holds sh assignments (components/parameters.ts lists them), DIRECTORY/settings.conf
# the stack's settings, for Sentinel DIRECTORY/masters.conf its options per master. Everything else in there
# belongs to the server. Needs a POSIX sh, the usual small tools and redis-cli (or valkey-cli).
# FIRST_CREATION=1 in the environment: the stack says that this process never ran before.
set -u
umask 077
LC_ALL=C
export LC_ALL

action=${1:?action} directory=${2:?directory}
cd "$directory" || exit 2
# shellcheck source=/dev/null
. ./parameters || exit 2
: "${kind:?}" "${name:?}" "${host:?}" "${address:?}" "${port:?}" "${server:?}" "${cli:?}" "${names:?}" "${nodes:?}"
: "${ask_limit:?}" "${verify_limit:?}" "${master:=}" "${initial:=}" "${sentinels:=}" "${peers:=}" "${monitored:=}"
: "${replicaof:=}" "${pause_write:=}" "${min_replicas:=}" "${min_replicas_value:=}" "${data_files:=}"

say() { printf '%s: %s\n' "$name" "$*"; }
refuse() { say "$*" >&2; exit 2; }

# Without it every server would look dead.
command -v "$cli" >/dev/null || refuse "the program $cli is missing on $host"

# A hung server must not hang us. Where timeout(1) is missing (it is not in POSIX), go without.
if command -v timeout >/dev/null 2>&1; then limited() { timeout "$@"; }; else limited() { shift; "$@"; }; fi

# ask ADDRESS PORT COMMAND...: the reply, one value a line; nothing if nobody answers.
ask() {
  ask_address=$1 ask_port=$2
  shift 2
  limited "$ask_limit" "$cli" -h "$ask_address" -p "$ask_port" "$@" </dev/null 2>/dev/null | tr -d '\r'
}
ask_me() { ask "$address" "$port" "$@"; }
field() { sed -n "s/^$1://p"; }

# ask_all LIST COMMAND...: ask everyone in LIST ("name host address port" a line) at once;
# the replies are in $replies/NAME afterwards, empty for those who did not answer.
make_scratch() {
  for left in .replies.*; do
    [ ! -d "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
  scratch=$directory/.replies.$$
  rm -rf "$scratch"
  mkdir "$scratch" || refuse "cannot write to $directory"
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
}
ask_all() {
  ask_list=$1
  shift
  replies=$(mktemp -d "$scratch/XXXXXX") || refuse "cannot write to $directory"
  while read -r ask_name _ ask_a ask_p; do
    [ -n "$ask_name" ] || continue
    ask "$ask_a" "$ask_p" "$@" >"$replies/$ask_name" &
  done <<EOF
$ask_list
EOF
  wait
}

# node_at HOST PORT: the name of the node that is reached there, by host name or address.
node_at() {
  while read -r at_name at_host at_address at_port; do
    if [ "$at_port" = "$2" ] && { [ "$at_host" = "$1" ] || [ "$at_address" = "$1" ]; }; then
      echo "$at_name"
      return
    fi
  done <<EOF
$nodes
EOF
  echo "$1:$2"
}

# where LIST NAME: "address port" of the one of that name.
where() { printf '%s\n' "$1" | while read -r w_name _ w_address w_port; do [ "$w_name" = "$2" ] && echo "$w_address $w_port"; done; }
count() { printf '%s\n' "$1" | grep -c .; }

# named_master: the node that a strict majority of all sentinels (dead ones count) names as the master, or nothing.
named_master() {
  ask_all "$sentinels" SENTINEL get-master-addr-by-name "$master"
  for reply in "$replies"/*; do
    { read -r named_host && read -r named_port; } <"$reply" || continue
    case $named_port in '' | *[!0-9]*) continue ;; esac
    node_at "$named_host" "$named_port"
  done | sort | uniq -c | sort -rn | {
    read -r votes named || exit 0
    [ $((votes * 2)) -gt "$(count "$sentinels")" ] && echo "$named"
  }
}

failover_in_progress() {
  ask_all "$sentinels" SENTINEL MASTERS
  cat "$replies"/* | grep -q failover_in_progress
}

# force_failover NAME SECONDS [MEANWHILE]: make the sentinels promote a replica; succeeds, with f_named set, when a majority
# names another node than NAME. "No good replica" may just mean that a sentinel's news is some seconds old: ask again.
# MEANWHILE, if given, is done at every look.
force_failover() {
  f_until=$(($(date +%s) + $2)) f_asked=0 f_accepted='' f_meanwhile=${3:-:}
  while f_now=$(date +%s) && [ "$f_now" -lt $f_until ]; do
    if [ -z "$f_accepted" ] && [ "$f_now" -gt "$f_asked" ]; then
      f_asked=$f_now
      while read -r _ _ f_address f_port; do
        case $(ask "$f_address" "$f_port" SENTINEL FAILOVER "$master") in OK | INPROG*) f_accepted=1 && break ;; esac
      done <<EOF
$sentinels
EOF
    fi
    "$f_meanwhile"
    f_named=$(named_master)
    [ -n "$f_named" ] && [ "$f_named" != "$1" ] && return 0
    sleep 0.1
  done
  return 1
}

# Files count as data only if there is a key in them: a server that was merely started leaves files, too.
has_data() {
  for data_file in $data_files; do
    [ -s "$data_file" ] || continue
    case $data_file in
      *.manifest) ;;
      *.rdb) rdb_is_empty "$data_file" || return 0 ;;
      *) return 0 ;;
    esac
  done
  return 1
}

# rdb_is_empty FILE: nothing but auxiliary fields (0xFA name value) between the nine bytes of the header and the end
# (0xFF). A search for the byte that starts a database would find it by chance in a time or in the checksum.
rdb_is_empty() {
  od -An -v -tu1 -N 4096 "$1" | tr -s ' ' '\n' | grep . | awk '
    { byte[NR] = $1 }
    function skip(at) {
      if (byte[at] < 64) return at + 1 + byte[at]
      if (byte[at] < 128) return at + 2 + (byte[at] - 64) * 256 + byte[at + 1]
      if (byte[at] == 192) return at + 2
      if (byte[at] == 193) return at + 3
      if (byte[at] == 194) return at + 5
      return NR + 1
    }
    END {
      at = 10
      while (byte[at] == 250) at = skip(skip(at + 1))
      exit byte[at] != 255
    }'
}

holds_keys() { ask "$1" "$2" INFO keyspace | grep -q '^db[0-9]'; }

some_peer_holds_keys() {
  ask_all "$peers" INFO keyspace
  grep -q '^db[0-9]' "$replies"/* 2>/dev/null
}

# no_peer_holds_keys: one that says nothing may be too busy to: only one that refuses the connection is surely not there.
no_peer_holds_keys() {
  some_peer_holds_keys && return 1
  for reply in "$replies"/*; do
    # shellcheck disable=SC2046
    [ ! -e "$reply" ] || [ -s "$reply" ] || cannot_connect $(where "$peers" "${reply##*/}") || return 1
  done
}

cannot_connect() { limited "$ask_limit" "$cli" -h "$1" -p "$2" PING </dev/null 2>&1 | grep -q '^Could not connect'; }

# To be called after some_peer_holds_keys.
every_peer_answered() {
  for reply in "$replies"/*; do [ -s "$reply" ] || return 1; done
}

# decide: sets role to "master", "replica HOST PORT" (of another node) or "wait" (nobody can tell yet who is the
# master). Never falls back to "I am the master". The rules are in docs/decisions/0003-role-at-start.md.
decide() {
  named=$(named_master)
  if [ "$named" = "$name" ] && failover_in_progress; then
    say "a failover is in progress: waiting for its end"
    d_left=100
    while [ $d_left -gt 0 ] && failover_in_progress; do d_left=$((d_left - 1)); sleep 0.1; done
    named=$(named_master)
  fi
  if [ "$named" = "$name" ] && ! has_data; then
    if some_peer_holds_keys; then
      say "the sentinels name this node, but it has no data and others have: asking for a failover first"
      force_failover "$name" 10 || refuse "refusing to start: an empty master would wipe the replicas, and the sentinels did not fail over. See which replica holds the data, then: $cli -h HOST -p PORT SENTINEL FAILOVER $master"
      named=$f_named
    elif ! every_peer_answered; then
      role=wait why="the sentinels name this node, but it has no data, and not every other node can be asked for some"
      return
    fi
  fi
  case $named in
    '') ;;
    "$name") role=master why="a majority of the sentinels names this node"; return ;;
    *) role="replica $named" why="a majority of the sentinels names $named"; return ;;
  esac

  ask_all "$peers" INFO replication
  masters='' reachable=0
  for reply in "$replies"/*; do
    [ -s "$reply" ] || continue
    reachable=$((reachable + 1))
    [ "$(field role <"$reply")" = master ] && masters="$masters ${reply##*/}"
  done
  # shellcheck disable=SC2086
  set -- $masters
  if [ $# -gt 1 ]; then
    refuse "refusing to start: more than one node says it is the master ($*), and no majority of the sentinels names one. Decide which one holds the right data, make the other its replica ($cli -p PORT REPLICAOF HOST PORT), then start again"
  elif [ $# -eq 1 ]; then
    # shellcheck disable=SC2046
    if has_data && ! holds_keys $(where "$nodes" "$1"); then
      refuse "refusing to start: $1 says it is the master and is empty, this node has data, and no majority of the sentinels names a master. Following it would wipe the data in $directory"
    fi
    role="replica $1" why="no majority of the sentinels, but $1 is the one master"
  elif [ -e created ]; then
    role=wait why="no majority of the sentinels, and no other node is master"
  elif [ "$initial" = "$name" ] && [ "${FIRST_CREATION:-0}" = 1 ] && no_peer_holds_keys; then
    role=master why="first creation, this is the initial master"
  elif [ "$initial" != "$name" ] && [ $reachable -eq 0 ] && [ "${FIRST_CREATION:-0}" = 1 ] && ! has_data; then
    role="replica $initial" why="first creation, $initial is the initial master"
  else
    role=wait why="no majority of the sentinels, and no other node is master"
  fi
}

# address_of NODE-OR-HOST:PORT: "host port" in the form that this server version can use.
address_of() {
  a_line=$(printf '%s\n' "$nodes" | while read -r a_name a_host a_address a_port; do
    [ "$a_name" = "$1" ] || continue
    if [ "$names" = 1 ]; then echo "$a_host $a_port"; else echo "$a_address $a_port"; fi
  done)
  echo "${a_line:-${1%:*} ${1##*:}}"
}

become_server() {
  mv "$kind.conf.new" "$kind.conf" || refuse "cannot write $directory/$kind.conf"
  rm -rf "$scratch"
  exec "$server" "$directory/$kind.conf" "$@"
}

# Where another server answers, ours could not listen, and everyone would take that one for ours.
port_must_be_free() {
  taken=$(ask_me INFO server)
  [ -n "$taken" ] || return 0
  taken_by=$(printf '%s\n' "$taken" | field config_file)
  taken_pid=$(printf '%s\n' "$taken" | field process_id)
  [ -n "$taken_pid" ] || refuse "port $port on $host is taken by a server that says: $(printf '%s\n' "$taken" | head -n 1)"
  refuse "port $port on $host is taken by the server that runs ${taken_by:+on $taken_by }(pid $taken_pid)"
}

# An outgoing connection that ended within the last minute, or still goes on, may hold a port that lies in the range
# the kernel gives to such connections (the seed's 36300 does): nobody listens there, and yet nobody can.
only_held_by_a_connection() {
  tail -n 5 log 2>/dev/null | grep -q 'Address already in use' || return 1
  listening=$(printf ':%04X ' "$port")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '{ print $2 " " $4 }' | {
    if grep -q "${listening}0A"; then return 1; fi
  } && [ -r /proc/net/tcp ] && say "port $port is held by an outgoing connection of this machine: waiting until that has passed, a minute at most"
}

exec_node() {
  port_must_be_free
  decide
  say "starting as $role: $why"
  {
    cat settings.conf &&
    case $role in
      replica*) echo "$replicaof $(address_of "${role#replica }")" ;;
      wait) echo "$replicaof $(last_known_master)" ;;
    esac
  } >node.conf.new || refuse "cannot write $directory/node.conf"
  cat settings.conf >loaded || refuse "cannot write $directory/loaded"
  become_server
}

# A node that waits keeps to the master it knew; a former master to itself, the one state in which a server
# neither serves as a master nor takes data from anybody.
last_known_master() {
  last=$([ -e node.conf ] && sed -n 's/^[a-z]*of \([^ ]* [0-9]*\)$/\1/p' node.conf)
  echo "${last:-$(address_of "$name")}"
}

# A sentinel whose file was lost, with its disk or its machine, is the same one to the others: under another identity
# they would count it twice, for ever.
known_identity() {
  [ "${FIRST_CREATION:-0}" = 0 ] && [ "$replicaof" = replicaof ] || return 0
  printf '%s\n' "$monitored" | while read -r k_name _; do
    ask_all "$sentinels" SENTINEL SENTINELS "$k_name"
    cat "$replies"/* | awk -v host="$host" -v address="$address" -v port="$port" '
      NR % 2 { key = $0; next }
      key == "ip" { ip = $0 }
      key == "port" { at = $0 }
      key == "runid" { id = $0 }
      key == "last-hello-message" && (ip == host || ip == address) && at == port { print id }'
  done | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* /sentinel myid /p'
}

sentinel_state() {
  cat settings.conf
  grep -E '^sentinel (myid|current-epoch) ' sentinel.conf || known_identity
  while read -r m_name m_initial m_quorum; do
    m_where=$(sed -n "s/^sentinel monitor $m_name \([^ ]* [0-9]*\) .*/\1/p" sentinel.conf)
    if [ -z "$m_where" ]; then
      master=$m_name
      m_named=$(named_master)
      m_where=$(address_of "${m_named:-$(only_master)}")
      [ "$m_where" != " " ] || m_where=$(address_of "$m_initial")
    fi
    echo "sentinel monitor $m_name $m_where $m_quorum"
    grep "^sentinel [a-z-]* $m_name " masters.conf
    # A 2.8 sentinel that ends in the middle of a failover has written the promoted node as a slave of itself.
    grep -E "^sentinel (config-epoch|leader-epoch|known-replica|known-slave|known-sentinel) $m_name " sentinel.conf |
      grep -v -x -F "sentinel known-slave $m_name $m_where"
  done <<EOF
$monitored
EOF
}

# What Sentinel owns is taken over from its own file; only a sentinel without one is told whom to monitor.
exec_sentinel() {
  port_must_be_free
  if [ ! -s sentinel.conf ]; then say "no state of an earlier run"; : >sentinel.conf; fi
  # Written in one piece: what fails to be written must not become a sentinel that has forgotten.
  s_state=$(sentinel_state)
  printf '%s\n' "$s_state" >sentinel.conf.new || refuse "cannot write $directory/sentinel.conf"
  cat settings.conf masters.conf >loaded || refuse "cannot write $directory/loaded"
  say "monitoring$(sed -n 's/^sentinel monitor / /p' sentinel.conf.new)"
  become_server --sentinel
}

# only_master: the one node that says it is the master; or, while all wait to be told, the one that most of them
# knew as the master last. At the first creation nobody knew one: a node that waits then names only itself.
only_master() {
  ask_all "$nodes" INFO replication
  only=$(grep -l '^role:master' "$replies"/* 2>/dev/null)
  case $(count "$only") in
    0)
      [ "${FIRST_CREATION:-0}" = 0 ] || return
      for reply in "$replies"/*; do
        [ -s "$reply" ] && node_at "$(field master_host <"$reply")" "$(field master_port <"$reply")"
      done | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* //p'
      ;;
    1) echo "${only##*/}" ;;
  esac
}

# While ours has not looked at its port yet, another server there would be found ready.
answers_itself() {
  [ "$(ask_me INFO server | field config_file)" = "$directory/$kind.conf" ] || { say "no answer of its own on $host:$port yet"; return 1; }
}

ready_node() {
  pong=$(ask_me PING)
  case $pong in
    PONG | MASTERDOWN*) ;;
    LOADING*) say "loading, $(ask_me INFO persistence | field loading_loaded_perc) % of the data"; return 1 ;;
    '') say "no answer on $host:$port"; return 1 ;;
    *) say "$host:$port says: $pong"; return 1 ;;
  esac
  answers_itself || return 1
  replication=$(ask_me INFO replication)
  its() { printf '%s\n' "$replication" | field "$1"; }
  if [ "$(its role)" = master ]; then
    # A hand-over that was killed leaves writes refused on servers that know no pause that ends by itself.
    [ "$pause_write" = 1 ] || allow_writes
    say "ready: master"
  elif [ "$(node_at "$(its master_host)" "$(its master_port)")" = "$name" ]; then
    say "ready: waits to be told who is the master"
  elif [ "$(its master_link_status)" = up ] && [ "$(its master_sync_in_progress)" = 0 ]; then
    say "ready: replica of $(its master_host):$(its master_port)"
  elif [ "$(its master_sync_in_progress)" = 1 ]; then
    say "synchronising with the master, $(its master_sync_left_bytes) bytes left"
    return 1
  else
    # A master that is down as well, or waits itself, is repaired after this node: not a reason to stop here.
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$(node_at "$(its master_host)" "$(its master_port)")")
    if [ $# -eq 2 ] && [ "$(ask "$@" INFO replication | field role)" != master ]; then
      say "ready: replica, but $(its master_host):$(its master_port) is not there as its master yet"
    else
      say "the link to the master $(its master_host):$(its master_port) is down"
      return 1
    fi
  fi
  [ -e created ] || : >created
}

ready_sentinel() {
  if [ "$(ask_me PING)" != PONG ]; then say "no answer on $host:$port"; return 1; fi
  answers_itself || return 1
  printf '%s\n' "$monitored" | while read -r m_name _; do
    m_answer=$(ask_me SENTINEL get-master-addr-by-name "$m_name")
    if [ -z "$m_answer" ]; then say "does not know $m_name"; exit 1; fi
    # shellcheck disable=SC2086
    set -- $m_answer
    say "ready: $m_name is at $1:$2"
  done
}

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

# settle [NODE]: end the state in which nodes wait to be told who is the master, of that node or of all. The sentinels'
# persisted state says who it was: that is the node with every acknowledged write.
settle() {
  only=${1:-}
  ask_all "$nodes" INFO replication
  told=$replies
  grep -q '^role:master' "$told"/* && settled=$named || settled=
  if [ -z "$settled" ] && [ "${only:-$named}" = "$named" ] && [ -s "$told/$named" ] && ! failover_in_progress; then
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$named")
    if ! holds_keys "$@" && some_node_holds_keys; then
      say "$named was the master and is empty, others are not: asking for a failover"
      force_failover "$named" 10
      return
    fi
    say "$named was the master and is again"
    ask "$@" "$replicaof" NO ONE >/dev/null
    ask "$@" CONFIG REWRITE >/dev/null
    settled=$named
  fi
  [ -n "$settled" ] || return 0
  for reply in "$told"/*; do
    each=${reply##*/}
    if [ "$each" = "$settled" ] || [ "${only:-$each}" != "$each" ]; then continue; fi
    [ "$(node_at "$(field master_host <"$reply")" "$(field master_port <"$reply")")" = "$each" ] || continue
    say "$each follows $settled"
    # shellcheck disable=SC2046
    set -- $(where "$nodes" "$each") $(address_of "$settled")
    ask "$1" "$2" "$replicaof" "$3" "$4" >/dev/null
    ask "$1" "$2" CONFIG REWRITE >/dev/null
  done
}

# A node that was told its role, be it by the sentinels, has no need of us any more.
place() {
  [ "$kind" = node ] || return 0
  until [ -n "$(ask_me PING)" ]; do sleep 0.5; done
  while replication=$(ask_me INFO replication) && [ -n "$replication" ]; do
    [ "$(printf '%s\n' "$replication" | field role)" != master ] || return 0
    [ "$(printf '%s\n' "$replication" | field master_link_status)" != up ] || return 0
    named=$(named_master)
    [ -z "$named" ] || settle "$name"
    rm -rf "${scratch:?}"/*
    sleep 1
  done
}

# settings_of TEXT: without comments, one line a directive; what repeats is joined as CONFIG SET wants it.
settings_of() {
  printf '%s\n' "$1" | awk '
    /^#/ || NF == 0 { next }
    { key = $1; sub(/^[^ ]+ */, "") }
    key == "sentinel" && NF > 2 { key = key " " $1 " " $2; sub(/^[^ ]+ +[^ ]+ */, "") }
    key in value { value[key] = value[key] " " $0; next }
    { order[++n] = key; value[key] = $0 }
    END { for (i = 1; i <= n; i++) print order[i] " " value[order[i]] }'
}

# only_at_start KEY VALUE: 0 for what says where the server is, and for values whose quoting would have to be undone.
only_at_start() {
  case $1 in
    bind | port | dir | dbfilename | logfile | pidfile | unixsocket | *announce* | tls-* | resolve-hostnames) return 0 ;;
  esac
  case $2 in '""') return 1 ;; *[\"\'\\]*) return 0 ;; esac
  return 1
}

# set_live KEY VALUE...: 1 if only a restart can do it.
set_live() {
  if [ "$1" = sentinel ]; then
    sl_option=$2 sl_master=$3
    shift 3
    only_at_start "$sl_option" "$*" && return 1
    [ "$(ask_me SENTINEL SET "$sl_master" "$sl_option" "$@")" = OK ] && say "set $sl_option of $sl_master to $*, without a restart"
  else
    sl_key=$1
    shift
    only_at_start "$sl_key" "$*" && return 1
    if [ "$*" = '""' ]; then set -- ''; fi
    [ "$(ask_me CONFIG SET "$sl_key" "$*")" = OK ] && say "set $sl_key to ${*:-nothing}, without a restart"
  fi
}

# reload: what changed is set on the running server; a restart does what can't be, or was removed.
reload() {
  if [ "$kind" = sentinel ]; then
    set_quorums || return 1
    wanted=$(cat settings.conf masters.conf)
  else
    wanted=$(cat settings.conf)
  fi
  have=$(cat loaded 2>/dev/null)
  [ "$wanted" != "$have" ] || return 0
  [ -n "$have" ] || return 1
  new=$(settings_of "$wanted") old=$(settings_of "$have")
  keys() { printf '%s\n' "$1" | awk '{ print $1 == "sentinel" ? $1 " " $2 " " $3 : $1 }' | sort; }
  [ "$(keys "$old")" = "$(printf '%s\n%s\n' "$(keys "$old")" "$(keys "$new")" | sort | uniq -d)" ] || return 1
  set -f
  printf '%s\n' "$new" | grep -v -x -F "$old" | while read -r change; do
    # shellcheck disable=SC2086
    set_live $change || exit 1
  done || return 1
  printf '%s\n' "$wanted" >loaded || refuse "cannot write $directory/loaded"
}

set_quorums() {
  printf '%s\n' "$monitored" | while read -r m_name _ m_quorum; do
    [ "$(ask_me SENTINEL MASTER "$m_name" | sed -n '/^quorum$/{n;p;}')" != "$m_quorum" ] || continue
    [ "$(ask_me SENTINEL SET "$m_name" quorum "$m_quorum")" = OK ] || exit 1
    say "set the quorum of $m_name to $m_quorum, without a restart"
  done
}

some_node_holds_keys() {
  ask_all "$nodes" INFO keyspace
  grep -q '^db[0-9]' "$replies"/* 2>/dev/null
}

# check: prints every way in which the topology is not what it should be.
check() {
  named=$(named_master)
  if [ -z "$named" ]; then echo "no majority of the sentinels names a master"; return; fi
  ask_all "$sentinels" SENTINEL MASTER "$master"
  epochs=
  for reply in "$replies"/*; do
    of() { grep -A 1 -x "$1" "$reply" | tail -n 1; }
    who=${reply##*/}
    if [ ! -s "$reply" ]; then echo "$who does not answer"; continue; fi
    [ "$(node_at "$(of ip)" "$(of port)")" = "$named" ] || echo "$who names $(of ip):$(of port), the majority $named"
    [ "$(of flags)" = master ] || echo "$who sees the master as: $(of flags)"
    [ "$(of num-other-sentinels)" = $(($(count "$sentinels") - 1)) ] || echo "$who knows $(of num-other-sentinels) other sentinels"
    [ "$(of num-slaves)" = $(($(count "$nodes") - 1)) ] || echo "$who knows $(of num-slaves) replicas"
    epochs="$epochs $(of config-epoch)"
  done
  # shellcheck disable=SC2086
  [ "$(printf '%s\n' $epochs | sort -u | grep -c .)" -le 1 ] || echo "the sentinels are in different epochs:$epochs"
  # A replica that it is not connected to it would not promote, a sentinel it would not hear.
  for each in slave sentinel; do
    ask_all "$sentinels" SENTINEL ${each}s "$master"
    for reply in "$replies"/*; do
      awk -v who="${reply##*/}" -v wanted=$each '
        before == "ip" { ip = $0 }
        before == "port" { at = $0 }
        before == "flags" && $0 != wanted { print who " sees the " wanted " " ip ":" at " as: " $0 }
        { before = $0 }' "$reply"
    done
  done
  ask_all "$sentinels" SENTINEL CKQUORUM "$master"
  for reply in "$replies"/*; do
    grep -qi -e "^OK $(count "$sentinels") usable" -e unknown "$reply" || echo "${reply##*/} on the quorum: $(head -n 1 "$reply")"
  done
  ask_all "$nodes" INFO replication
  for reply in "$replies"/*; do
    who=${reply##*/}
    if [ ! -s "$reply" ]; then
      echo "$who does not answer"
    elif [ "$who" = "$named" ]; then
      [ "$(field role <"$reply")" = master ] || echo "$who is named as the master but says it is a replica"
    elif [ "$(field role <"$reply")" = master ]; then
      echo "$who says it is a master, too"
    elif [ "$(node_at "$(field master_host <"$reply")" "$(field master_port <"$reply")")" != "$named" ]; then
      echo "$who replicates $(field master_host <"$reply"):$(field master_port <"$reply") instead of $named"
    elif [ "$(field master_link_status <"$reply")" != up ] || [ "$(field master_sync_in_progress <"$reply")" != 0 ]; then
      echo "$who is not in sync with the master"
    fi
  done
}

# replicas_known: prints which sentinels have yet to hear, every 10 s at the latest, that a former master is a replica.
# Cut off before, they would make it their own master's replica when they are back.
replicas_known() {
  ask_all "$sentinels" SENTINEL slaves "$master"
  for reply in "$replies"/*; do
    awk -v who="${reply##*/}" '
      before == "name" { its = $0 }
      before == "role-reported" && $0 == "master" { print who " has not heard yet that " its " is a replica" }
      { before = $0 }' "$reply"
  done
}

verify() {
  deadline=$(($(date +%s) + verify_limit))
  occasion=$(cat)
  while :; do
    named=$(named_master)
    [ -z "$named" ] || settle
    problems=$(check)
    problems=${problems:-$(replicas_known)}
    if [ -z "$problems" ]; then
      # shellcheck disable=SC2046
      set -- $(where "$nodes" "$named")
      written=$(ask "$@" SET "pulumi-redis-ha:verify" "$$" EX 10)
      [ "$written" = OK ] && break
      problems="$named takes no write: $written"
    fi
    if [ "$(date +%s)" -ge $deadline ]; then
      say "not a working high-availability set after $verify_limit s:" >&2
      printf '%s\n' "$problems" | sed 's/^/  /' >&2
      echo "Next: npm run status shows the topology as the sentinels see it; each process logs to its own directory" >&2
      exit 1
    fi
    sleep 0.1
  done
  ask "$@" DEL "pulumi-redis-ha:verify" >/dev/null
  # What looks at this machine later compares: the same, as long as it still holds.
  if ! { printf '%s\n' "$occasion" | sed -n 's/^verified //p' >verified.new && mv verified.new verified; }; then refuse "cannot write $directory/verified"; fi
  say "verified: $(count "$nodes") nodes, $(count "$sentinels") sentinels agree"
}

# What looks at a running server must work on a full disk, too.
case $action in alive | reload | orphan) ;; *) make_scratch ;; esac

case $action in
  exec) "exec_$kind" ;;
  ready) "ready_$kind" ;;
  alive) [ -n "$(ask_me PING)" ] ;;
  reload) reload ;;
  handover) [ "$kind" != node ] || handover ;;
  retry) only_held_by_a_connection ;;
  orphan)
    ours=$(ask_me INFO server)
    [ "$(printf '%s\n' "$ours" | field config_file)" != "$directory/$kind.conf" ] || printf '%s\n' "$ours" | field process_id
    ;;
  check)
    # The first one tells enough, and after it nobody who is slow to answer is waited for again. Where the signal of a
    # closed pipe is ignored, as under systemd, the ones after it would complain.
    problem=$(check 2>/dev/null | head -n 1)
    if [ -n "$problem" ]; then
      echo "$problem"
      exit 1
    fi
    ;;
  verify) verify ;;
  place) place ;;
  *) refuse "unknown action $action" ;;
esac
