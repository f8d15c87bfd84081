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
