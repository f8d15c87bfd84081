# A replica that has lost its master tries to reach it once, at once, and then each second. A master
# that its parent starts again is there after some tenths of one; where min-replicas-to-write holds
# its writes back until a replica is linked, the rest of that second is most of the gap. No command
# has a replica try, but what tries (replicationCron, which is due each 1000 ms by serverCron's own
# count) is due each time where hz is 1, and the next time is within 1/hz s.
# Needs lib/ask.sh and lib/ask-each.sh.

# relink: has the replicas of this node, the master, that are not linked try now.
relink() {
  while read -r _ _ rl_address rl_port; do
    [ -z "$rl_port" ] || relink_one "$rl_address" "$rl_port" &
  done <<EOT
$peers
EOT
  wait
}

# relink_one ADDRESS PORT: a replica without an append-only file has nobody who would set hz back
# (keep_hz) if we were killed in between.
relink_one() {
  answer info "$1" "$2" INFO || return 0
  case $answer in
    *"${newline}aof_enabled:1"*"${newline}master_link_status:down"*) ;;
    *) return 0 ;;
  esac
  rl_host=$(printf '%s\n' "$answer" | field master_host)
  [ "$(node_at "$rl_host" "$(printf '%s\n' "$answer" | field master_port)")" = "$name" ] &&
    answer setting "$1" "$2" CONFIG GET hz || return 0
  rl_hz=${answer##*"$newline"}
  [ "$rl_hz" -gt 1 ] && [ "$(ask "$1" "$2" CONFIG SET hz 1)" = OK ] || return 0
  if [ "$rl_hz" -ge 10 ]; then sleep 0.12; else sleep 0.6; fi
  for _ in 1 2 3; do
    [ "$(ask "$1" "$2" CONFIG SET hz "$rl_hz")" != OK ] || return 0
  done
}

# keep_hz: what relink has left behind on this node, where it was ended: found twice, that is 10 s
# apart. Other values, set by hand, are whoever's set them.
keep_hz() {
  answer_me setting CONFIG GET hz || return 0
  kh_before=${kh_now:-} kh_now=${answer##*"$newline"}
  [ "$kh_before.$kh_now" = 1.1 ] || return 0
  kh_hz=$(awk 'tolower($1) == "hz" { gsub(/"/, "", $2); hz = $2 } END { print hz == "" ? 10 : hz }' \
    "$settings/settings.conf")
  [ "$kh_hz" = 1 ] || ask_me CONFIG SET hz "$kh_hz" >/dev/null
}
