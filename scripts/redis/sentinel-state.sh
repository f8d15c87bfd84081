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
  cat "$settings/settings.conf"
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
    grep "^sentinel [a-z-]* $m_name " "$settings/masters.conf"
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
  cat "$settings/settings.conf" "$settings/masters.conf" >loaded || refuse "cannot write $directory/loaded"
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
