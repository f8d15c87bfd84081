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
    cat "$settings/settings.conf" &&
    case $role in
      replica*) echo "$replicaof $(address_of "${role#replica }")" ;;
      wait) echo "$replicaof $(last_known_master)" ;;
    esac
  } >node.conf.new || refuse "cannot write $directory/node.conf"
  cat "$settings/settings.conf" >loaded || refuse "cannot write $directory/loaded"
  become_server
}

# A node that waits keeps to the master it knew; a former master to itself, the one state in which a server
# neither serves as a master nor takes data from anybody.
last_known_master() {
  last=$([ -e node.conf ] && sed -n 's/^[a-z]*of \([^ ]* [0-9]*\)$/\1/p' node.conf)
  echo "${last:-$(address_of "$name")}"
}
