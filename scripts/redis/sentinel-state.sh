# A sentinel whose file was lost, with its disk or its machine, is the same one to the others: under
# another identity they would count it twice, for ever.
known_identity() {
  [ "${FIRST_CREATION:-0}" = 0 ] && [ "$replicaof" = replicaof ] || return 0
  printf '%s\n' "$monitored" | while read -r k_name _; do
    answers peer "$sentinels" list SENTINEL SENTINELS "$k_name" |
      awk -v host="$host" -v address="$address" -v port="$port" '
      $3 != "=" { next }
      before[$2] == "ip" { ip[$2] = $4 }
      before[$2] == "port" { at[$2] = $4 }
      before[$2] == "runid" { id[$2] = $4 }
      before[$2] == "last-hello-message" && (ip[$2] == host || ip[$2] == address) &&
        at[$2] == port && id[$2] ~ /^[0-9a-f]+$/ { print id[$2] }
      { before[$2] = $4 }'
  done | sort | uniq -c | sort -rn | sed -n '1s/^ *[0-9]* /sentinel myid /p'
}

# state_of MASTER: what Sentinel has learnt of that one, from its own file; without those that it is
# to forget.
state_of() {
  awk -v master="$1" -v forget="$forget" '
    BEGIN { n = split(forget, each, "\n"); for (i = 1; i <= n; i++) forgotten[each[i]] = 1 }
    $1 != "sentinel" || $3 != master { next }
    $2 ~ /^known-/ && ($4 ":" $5) in forgotten { next }
    $2 ~ /^(config-epoch|leader-epoch|known-replica|known-slave|known-sentinel)$/ { print }' \
      sentinel.conf
}

# Masters that somebody else has it watch are not ours to drop. What the stack had it watch before
# is.
others_masters() {
  sed -n 's/^sentinel monitor \([^ ]*\) .*/\1/p' sentinel.conf | while read -r o_name; do
    case "$newline$monitored" in *"$newline$o_name "*) continue ;; esac
    ! grep -q -F "sentinel down-after-milliseconds $o_name " loaded 2>/dev/null || continue
    awk -v master="$o_name" '$1 == "sentinel" && $2 == "monitor" && $3 == master' sentinel.conf
    awk -v master="$o_name" '$1 == "sentinel" && $2 != "monitor" && $3 == master' sentinel.conf
  done
}

sentinel_state() {
  cat "$settings/settings.conf"
  sentinel_access
  grep -E '^sentinel (myid|current-epoch) ' sentinel.conf || known_identity
  while read -r m_name m_initial m_quorum; do
    m_where=$(
      awk -v master="$m_name" \
        '$1 == "sentinel" && $2 == "monitor" && $3 == master { print $4, $5 }' sentinel.conf
    )
    if [ -z "$m_where" ]; then
      master=$m_name
      m_named=$(named_master)
      m_where=$(address_of "${m_named:-$(only_master)}")
      [ "$m_where" != " " ] || m_where=$(address_of "$m_initial")
    fi
    echo "sentinel monitor $m_name $m_where $m_quorum"
    awk -v master="$m_name" '$1 == "sentinel" && $3 == master' "$settings/masters.conf"
    master_access "$m_name"
    # A 2.8 sentinel that ends in the middle of a failover has written the promoted node as a slave
    # of itself.
    state_of "$m_name" | grep -v -x -F "sentinel known-slave $m_name $m_where"
  done <<EOT
$monitored
EOT
  others_masters
}

# What Sentinel owns is taken over from its own file; only a sentinel without one is told whom to
# monitor.
exec_sentinel() {
  port_must_be_free
  if [ ! -s sentinel.conf ]; then say "no state of an earlier run"; : >sentinel.conf; fi
  remember || refuse "cannot write $directory/members"
  forget=$forget$newline$(have_left "$nodes" "$sentinels")
  # Written in one piece: what fails to be written must not become a sentinel that has forgotten.
  s_state=$(sentinel_state)
  printf '%s\n' "$s_state" >sentinel.conf.new || refuse "cannot write $directory/sentinel.conf"
  cat "$settings/settings.conf" "$settings/masters.conf" >loaded ||
    refuse "cannot write $directory/loaded"
  say "monitoring$(sed -n 's/^sentinel monitor / /p' sentinel.conf.new)"
  become_server --sentinel
}

# only_master: the one node that says it is the master; or, while all wait to be told, the one that
# most of them knew as the master last. At the first creation nobody knew one: a node that waits
# then names only itself.
only_master() {
  gather
  only=$(printf '%s\n' "$table" | awk '$3 == "master" { print $1 }')
  case $(count "$only") in
    0)
      [ "${FIRST_CREATION:-0}" = 0 ] || return
      printf '%s\n' "$table" | awk '$2 == "up" { print $5 }' | sort | uniq -c | sort -rn |
        sed -n '1s/^ *[0-9]* //p'
      ;;
    1) echo "$only" ;;
  esac
}
