# How far a node is, noted beside its data, since an append-only file does not say it: after an
# outage of all, nodes that come back can be told apart by nothing else. The sentinels' epoch of the
# configuration tells which of two masters was the later one, the offset how far a node had followed
# it. Needs sentinels.sh, election/sentinel-table.sh and append-only.sh.

# note_position: once a second, beside a server with an append-only file: the file "position", a line
# "EPOCH REPLID OFFSET SEQUENCE BYTES" of what was so two seconds ago; by then that is on the disk,
# as a server syncs once a second. Only of a master that most sentinels name, and of a replica that
# is linked to it; what can't be told leaves the last note.
# Sets role_now to what it is, master or replica, or to nothing.
note_position() {
  p_now=$(position_now) role_now=
  # shellcheck disable=SC2086
  set -- $p_now
  case ${1:-} in '') ;; -) role_now=master ;; *) role_now=replica ;; esac
  # A master is made with another history: within one of them there is one epoch, unless the
  # sentinels lost theirs.
  p_rest=$((${p_rest:-0} - 1))
  if [ -n "$p_now" ] && { [ "$2" != "${p_history:-}" ] || [ $p_rest -le 0 ]; }; then
    if epoch_of "$1"; then p_history=$2 p_rest=30; elif [ "$2" != "${p_history:-}" ]; then p_now=''; fi
  fi
  [ -z "$p_now" ] || p_now="$p_epoch $2 $3 $4 $5"
  p_due=${p_before:-} p_before=${p_last:-} p_last=$p_now
  if [ -n "$p_due" ] && [ "$p_due" != "${p_noted:-}" ]; then
    printf '%s\n' "$p_due" >position.new && mv position.new position && p_noted=$p_due
  fi
}

# position_now: "MASTER REPLID OFFSET SEQUENCE BYTES", MASTER as HOST:PORT, "-" for a master itself;
# nothing where the server does not answer all of it, is not linked, loads, or does not write its
# file. By as few programs as can be: this goes on for ever.
position_now() {
  set -- -
  [ ! -r "$aof_dir/$aof_name.manifest" ] || set -- - "$aof_dir/$aof_name.manifest"
  client "$ask_limit" "$address" "$port" INFO </dev/null 2>/dev/null | awk '
    { sub(/\r$/, "") }
    match($0, /^file .* seq [0-9]+ type /) {
      sub(/ type .*/, "")
      sub(/.* /, "")
      if (length($0) > length(seq) || length($0) == length(seq) && $0 > seq) seq = $0
      next
    }
    /^# Keyspace/ { whole = 1 }
    (at = index($0, ":")) { is[substr($0, 1, at - 1)] = substr($0, at + 1) }
    END {
      master = is["role"] == "master"
      if (!whole || is["loading"] != 0 || is["aof_enabled"] != 1) exit
      if (is["aof_last_write_status"] != "ok") exit
      if (!master && (is["master_link_status"] != "up" || is["master_sync_in_progress"] != 0)) exit
      offset = master ? is["master_repl_offset"] : is["slave_repl_offset"]
      if (is["master_replid"] == "" || offset == "" || is["aof_current_size"] == "") exit
      print (master ? "-" : is["master_host"] ":" is["master_port"]), is["master_replid"], offset, \
        (seq == "" ? 0 : seq), is["aof_current_size"]
    }' "$@"
}

# epoch_of MASTER: sets p_epoch: since which epoch most sentinels name it, "-" for this node. Fails
# where they don't, or do not all say the same.
epoch_of() {
  gather
  case $1 in -) e_master=$name ;; *) e_master=$(node_at "${1%:*}" "${1##*:}") ;; esac
  [ "$named" = "$e_master" ] && [ -z "$failover" ] || return 1
  p_epoch=$(sentinel_table | awk -v of="$e_master" '
    $2 == of && $4 ~ /^[0-9]+$/ && $4 + 0 >= most + 0 { most = $4 }
    $2 != of && $2 != "-" { other = 1 }
    END { if (!other) print most }')
  [ -n "$p_epoch" ]
}

# noted_position: sets position to "EPOCH REPLID OFFSET" of the note, or to nothing where it does not
# count: the data that it was about is not there, or not all of it. Of a snapshot that would be
# loaded it is what that says of itself. Needs own_data.
noted_position() {
  position=''
  first_line position
  # shellcheck disable=SC2086
  set -- $line
  case $own in
    rdb)
      [ "$rdb_replid" = - ] ||
        position="$([ "${2:-}" = "$rdb_replid" ] && echo "$1" || echo -) $rdb_replid $rdb_offset"
      return
      ;;
    aof) ;;
    *) return ;;
  esac
  [ $# -eq 5 ] || return 0
  case $1$3$4$5 in *[!0-9]*) return ;; esac
  case $2 in *[!0-9a-f]*) return ;; esac
  np_seq=0
  if [ -e "$aof_dir/$aof_name.manifest" ]; then
    np_seq=$(awk '
      match($0, /^file .* seq [0-9]+ type /) {
        $0 = substr($0, 1, RLENGTH - 6)
        if ($NF + 0 > most) most = $NF + 0
      }
      END { printf "%.0f\n", most }' "$aof_dir/$aof_name.manifest")
    np_bytes=$(bytes_in bi)
  else
    np_bytes=$(size_of "$aof_name")
  fi 2>/dev/null
  # A rewrite takes nothing away, and begins a part of a higher number.
  if [ "${np_seq:-0}" -gt "$4" ] ||
      { [ "${np_seq:-0}" -eq "$4" ] && [ "${np_bytes:-0}" -ge "$5" ]; }; then
    position="$1 $2 $3"
  fi
}
