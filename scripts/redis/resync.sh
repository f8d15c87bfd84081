# why_not_synchronised: what the master says of a synchronisation that does not come to its end.
why_not_synchronised() {
  [ "$kind" = node ] || return 0
  wn_replication=$(ask_me INFO replication)
  [ "$(printf '%s\n' "$wn_replication" | field role)" = slave ] || return 0
  wn_master=$(
    node_at "$(printf '%s\n' "$wn_replication" | field master_host)" \
      "$(printf '%s\n' "$wn_replication" | field master_port)"
  )
  # shellcheck disable=SC2046
  set -- $(where "$nodes" "$wn_master")
  [ $# -eq 2 ] || return 0
  wn_info=$(ask "$@" INFO)
  of_master() { printf '%s\n' "$wn_info" | field "$1"; }
  wn_limit=$(ask "$@" CONFIG GET client-output-buffer-limit | sed -n 2p)
  [ "$(of_master rdb_last_bgsave_status)" != err ] ||
    echo "$wn_master could not write the last snapshot (rdb_last_bgsave_status:err): see whether its disk is full"
  wn_log=$(ask "$@" CONFIG GET logfile | sed -n 2p)
  wn_line=$([ -n "$wn_log" ] &&
    tail -n 2000 "$wn_log" 2>/dev/null | grep 'output buffer limits' | tail -n 1 | cut -c 1-400)
  wn_dropped=$(of_master client_output_buffer_limit_disconnections)
  if [ -n "$wn_line" ] || [ "${wn_dropped:-0}" -gt 0 ]; then
    echo "$wn_master ended the link, because more was written meanwhile than it keeps for a replica (client-output-buffer-limit is: $wn_limit): raise that in redis.directives${wn_line:+. Its log: $wn_line}"
  elif [ -n "$wn_limit" ]; then
    echo "$wn_master has begun $(of_master sync_full) full synchronisations; see its log. It keeps for a replica (client-output-buffer-limit): $wn_limit"
  fi
}
