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
