# gather [whole]: everything there is to know of the whole, asked at once; the decisions are
# functions of it. With `whole`, what only judge looks at, too.
gather() {
  ask_all "$@"
  failover=$(printf '%s\n' "$gathered" | grep -q '^sentinel [^ ]* = .*failover_in_progress' &&
    echo 1)
  table=$(printf '%s\n' "$known" "$gathered" | node_table)
}

# ask_all [whole]: the same without failover and table.
ask_all() {
  g_sentinels="address address SENTINEL get-master-addr-by-name $master
sentinel fields SENTINEL MASTER $master"
  g_nodes='note note CONFIG GET syslog-ident
node info INFO'
  if [ "${1:-}" = whole ]; then
    [ "$check_quorum" != 1 ] || g_sentinels="$g_sentinels
quorum quorum SENTINEL CKQUORUM $master"
    g_sentinels="$g_sentinels
slaves list SENTINEL slaves $master
peers list SENTINEL sentinels $master
tilt tilt INFO sentinel"
    # Before Redis 5 the name has another word in it.
    g_nodes="wanted setting CONFIG GET min-*-to-write
$g_nodes"
  fi
  gathered=$(
    ask_each "$sentinels" "$g_sentinels" &
    ask_each "$nodes" "$g_nodes" &
    wait
  )
  known=$(each_with is "$nodes")
  named=$(printf '%s\n' "$known" "$gathered" | majority)
}

# majority: the node that a strict majority of all sentinels (dead ones count) names as the master,
# or nothing.
majority() {
  awk -v all="$(count "$sentinels")" '
    $1 == "is" { name[$3 ":" $5] = $2; name[$4 ":" $5] = $2 }
    $1 == "address" && $3 == "=" && !($2 in host) { host[$2] = $4; next }
    $1 == "address" && $3 == "=" { at = host[$2] ":" $4; votes[at in name ? name[at] : at]++ }
    END { for (each in votes) if (votes[each] * 2 > all) print each }'
}

# one_is_named MOST: a function of named, failover and said ("SENTINEL NODE EPOCH" for each sentinel
# that answers): most name one master, none of those that answer names another, and no failover runs.
# Else why is set; MOST are the words for them in it.
one_is_named() {
  if [ -z "$named" ]; then why="no majority of the sentinels names a master" && return 1; fi
  if [ -n "$failover" ]; then why="a failover is in progress" && return 1; fi
  on_other=
  while read -r on_sentinel on_names _; do
    [ -z "$on_sentinel" ] || [ "$on_names" = "$named" ] || on_other="$on_sentinel names $on_names"
  done <<EOT
$said
EOT
  [ -n "$on_other" ] || return 0
  why="$1 $named as the master, and $on_other"
  return 1
}

# node_table: a line for each node: NAME STATE ROLE KEYS FOLLOWS LINK OFFSET REPLID PRIORITY AOF NOTE.
# STATE is up, gone (nobody listens there) or unknown (no answer: nothing is known of it, and it may
# be alive); KEYS yes, no or unknown (it still loads); FOLLOWS the node that it replicates, a
# HOST:PORT that is none, or - for a master; LINK up or down; OFFSET how far it is in the
# replication history REPLID (- before Redis 4); AOF aof or snapshot; NOTE what
# outage.sh has written of one that started while nobody was the master, EPOCH:REPLID:OFFSET:PRIORITY,
# else -.
node_table() {
  awk '
    $1 == "is" {
      name[$3 ":" $5] = $2
      name[$4 ":" $5] = $2
      order[++n] = $2
      state[$2] = "unknown"
      next
    }
    $1 == "note" && $3 == "=" && $4 ~ /^redis-ha:[0-9-]+:[0-9a-f-]+:[0-9]+:[0-9]+$/ {
      note[$2] = substr($4, 10)
    }
    $1 != "node" { next }
    $3 == "+" { state[$2] = "up" }
    $3 == "-" { state[$2] = "gone" }
    $3 == "=" && (at = index($4, ":")) { field[$2, substr($4, 1, at - 1)] = substr($4, at + 1) }
    $3 == "=" && $4 ~ /^db[0-9]+:keys=/ { keys[$2] = "yes" }
    function get(of, which, otherwise) {
      return (of, which) in field && field[of, which] != "" ? field[of, which] : otherwise
    }
    END {
      for (i = 1; i <= n; i++) {
        of = order[i]
        if (state[of] != "up") { print of, state[of], "- unknown - down 0 - 100 - -"; continue }
        role = get(of, "role", "-")
        at = get(of, "master_host", "-") ":" get(of, "master_port", "-")
        has = of in keys ? "yes" : get(of, "loading", 0) != 0 ? "unknown" : "no"
        link = get(of, "master_link_status", "down") == "up" &&
          get(of, "master_sync_in_progress", 1) == 0 ? "up" : "down"
        print of, "up", role, has, (role == "master" ? "-" : at in name ? name[at] : at), link, \
          (role == "master" ? get(of, "master_repl_offset", 0) : get(of, "slave_repl_offset", 0)), \
          get(of, "master_replid", "-"), \
          get(of, "slave_priority", 100), \
          (get(of, "aof_enabled", 0) == 1 ? "aof" : "snapshot"), (of in note ? note[of] : "-")
      }
    }'
}

# named_master: as majority, asked for now.
named_master() {
  {
    printf '%s\n' "$nodes" | sed 's/^/is /'
    answers address "$sentinels" address SENTINEL get-master-addr-by-name "$master"
  } | majority
}

failover_in_progress() {
  answers sentinel "$sentinels" fields SENTINEL MASTER "$master" | grep -q 'failover_in_progress'
}
