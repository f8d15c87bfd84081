# address_of NODE-OR-HOST:PORT: "host port" in the form that this server version can use.
address_of() {
  a_line=$(printf '%s\n' "$nodes" | while read -r a_name a_host a_at a_its_port; do
    [ "$a_name" = "$1" ] || continue
    if [ "$names" = 1 ]; then echo "$a_host $a_its_port"; else echo "$a_at $a_its_port"; fi
  done)
  echo "${a_line:-${1%:*} ${1##*:}}"
}

become_server() {
  mv "$kind.conf.new" "$kind.conf" || refuse "cannot write $directory/$kind.conf"
  exec "$server" "$directory/$kind.conf" "$@"
}

# Where another server answers, ours could not listen, and everyone would take that one for ours.
# One that does not say who it is (it has no client slot left, or a password) is there as well.
port_must_be_free() {
  if answer_me info INFO; then
    taken_by=$(printf '%s\n' "$answer" | field config_file | one_line)
    taken_pid=$(printf '%s\n' "$answer" | field process_id | one_line)
    refuse "port $port on $host is taken by the server that runs ${taken_by:+on $taken_by }(pid $taken_pid)"
  fi
  if [ -n "$gone" ]; then return; fi
  # Sentinels have no keyspace to tell of.
  taken=$(ask_me INFO server)
  if [ -n "$taken" ]; then
    taken_by=$(printf '%s\n' "$taken" | field config_file | one_line)
    taken_pid=$(printf '%s\n' "$taken" | field process_id | one_line)
    [ -n "$taken_pid" ] ||
      refuse "port $port on $host is taken by a server that says: $(
        printf '%s\n' "$taken" | head -n 1 | one_line
      )"
    refuse "port $port on $host is taken by the server that runs ${taken_by:+on $taken_by }(pid $taken_pid)"
  fi
}

# An outgoing connection that ended within the last minute, or still goes on, may hold a port that
# lies in the range the kernel gives to such connections (the seed's 36300 does): nobody listens
# there, and yet nobody can.
only_held_by_a_connection() {
  tail -n 5 log 2>/dev/null | grep -q 'Address already in use' || return 1
  listening=$(printf ':%04X ' "$port")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '{ print $2 " " $4 }' | {
    if grep -q "${listening}0A"; then return 1; fi
  } && [ -r /proc/net/tcp ] &&
    say "port $port is held by an outgoing connection of this machine: waiting until that has passed, a minute at most"
}

exec_node() {
  port_must_be_free
  settle
  own_data
  [ "$own" != doubt ] || refuse_doubt
  decide
  why_role=$why
  take_over
  say "starting as $role: $why_role"
  [ ! -e unplaced ] || rm -f unplaced || refuse "cannot write $directory"
  case $load in rdb) say "starting from $rdb_name" ;; esac
  {
    cat "$settings/settings.conf" &&
    node_access &&
    if [ "$begin_with" != "$append_only" ]; then echo "appendonly $begin_with"; fi &&
    if [ -n "$with_priority" ]; then echo "$with_priority"; fi &&
    case $role in
      replica*) echo "$replicaof $(address_of "${role#replica }")" ;;
      wait) echo "$replicaof $(waits_for)" ;;
    esac &&
    if [ "$role" != master ] && [ "$first" != 1 ] &&
        ! printf '%s\n' "$table" | grep -q "^${role#replica } up master "; then
      unplaced_lines
    fi
  } >node.conf.new || refuse "cannot write $directory/node.conf"
  cat "$settings/settings.conf" >loaded || refuse "cannot write $directory/loaded"
  if [ "$load" = rdb ]; then put_aside || refuse "cannot write $directory"; fi
  if [ "$begin_with" = yes ]; then note_persistence on; else note_persistence off; fi ||
    refuse "cannot write $directory/persistence"
  case $first.$role in 1.replica*) await_listening "${role#replica }" ;; esac
  become_server
}

# await_listening NODE: at a first creation all start at once, and who is refused by its master tries
# again after a second.
await_listening() {
  aw_at=$(where "$nodes" "$1") aw_left=40
  # shellcheck disable=SC2086
  until [ -z "$aw_at" ] || [ $aw_left -eq 0 ] || [ -n "$(ask $aw_at PING)" ]; do
    aw_left=$((aw_left - 1))
    sleep 0.05
  done
}

# followed_last: the node that this one followed when it ended, itself if it was the master.
followed_last() {
  fl_last=$([ -e node.conf ] &&
    sed -n 's/^[a-z]*of \([^ ]*\) \([0-9]*\)$/\1 \2/p' node.conf | tail -n 1)
  # shellcheck disable=SC2086
  if [ -n "$fl_last" ]; then node_at $fl_last; else echo "$name"; fi
}

# A node that waits keeps to the master it knew; a former master to itself, the one state in which a
# server neither serves as a master nor takes data from anybody. One that is at odds with a master
# must not follow that.
waits_for() {
  case $named.$r_masters in
    .) address_of "$(followed_last)" ;;
    *) address_of "$name" ;;
  esac
}
