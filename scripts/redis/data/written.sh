# How far the append-only file of a killed master reaches, against those of its replicas. While an
# fsync runs, a server that syncs every second holds back what it would write, two seconds at most,
# and answers all the same: what was acknowledged then is with the replicas, and not in the file.
# Offsets can't tell: what is published, a PING or a WAIT is for the replicas only. From Redis 7 on
# the same writes are the same bytes in each node's file; so it is enough to know, for a moment at
# which both had the same writes, how many bytes there were in each. Needs lib/ask.sh.

# watch PARENT: notes that, the position (position.sh) and how long a load would take
# (load-time.sh), and sets hz back (relink.sh), beside a server whose parent would start it again at
# once, until that has ended.
# With aof-timestamp-enabled a file gets bytes of its own, and there is no note of them.
watch() {
  [ "$kind.$append_only" = node.yes ] || return 0
  w_written=$multi_part w_rest=0 w_round=0
  ! grep -q -i '^aof-timestamp-enabled  *"\{0,1\}yes' "$settings/settings.conf" || w_written=0
  until outlived "$1"; do
    [ "$multi_part.$((w_round % 10))" != 1.0 ] || note_expected
    [ $((w_round % 10)) -ne 5 ] || keep_hz
    w_round=$((w_round + 1))
    note_position
    # What is known of all of them stays true until one begins a file anew.
    case $w_written.$role_now in
      1.master) if [ $w_rest -gt 0 ]; then w_rest=$((w_rest - 1)); elif note_written; then w_rest=9; fi ;;
      1.replica)
        w_rest=0
        [ ! -e written ] || rm -f written
        ;;
    esac
    sleep 1
  done
}

# note_written: the file "written": a line "REPLID PARTS", and a line "NODE RUNID BASE AHEAD" for
# each replica, by how many bytes our file is ahead of its one. Succeeds if all replicas are in it.
# What can't be asked leaves the last note.
note_written() {
  n_parts=$(listed_parts)
  [ -n "$n_parts" ] && [ "$(cat persistence 2>/dev/null)" = on ] || return 1
  n_noted=$({
    before=$(tell "node =before" "$address" "$port" info INFO)
    printf '%s\n' "$before"
    case $before in
      *role:master*)
        answers node "$peers" info INFO
        tell "node =after" "$address" "$port" info INFO
        ;;
    esac
  } | positions | { cat; echo end; cat written 2>/dev/null; } | note_of "$n_parts" "$(bytes_in b)")
  case $n_noted in
    '') return 1 ;;
    replica) rm -f written && return 1 ;;
  esac
  # Begun anew meanwhile: the next time.
  [ "$(listed_parts)" = "$n_parts" ] || return 1
  [ "$n_noted" = "$(cat written 2>/dev/null)" ] ||
    { printf '%s\n' "$n_noted" >written.new && mv written.new written; }
  [ "$(count "$n_noted")" -gt "$(count "$peers")" ]
}

# positions: from lines as answers prints them, one for each node that answers: NODE ROLE RUNID
# REPLID OFFSET LINK BASE BYTES: BYTES in its append-only file, or about to be, since that was begun
# anew with BASE bytes; - without one. Numbers as they are: some awks round large ones.
positions() {
  awk '
    $1 != "node" { next }
    $3 == "+" { order[++n] = $2 }
    $3 == "=" && (at = index($4, ":")) { field[$2, substr($4, 1, at - 1)] = substr($4, at + 1) }
    function get(of, which, otherwise) {
      return (of, which) in field && field[of, which] != "" ? field[of, which] : otherwise
    }
    END {
      for (i = 1; i <= n; i++) {
        of = order[i]
        role = get(of, "role", "-")
        on = get(of, "aof_enabled", 0) == 1 && get(of, "loading", 1) == 0
        print of, role, get(of, "run_id", "-"), get(of, "master_replid", "-"), \
          (role == "master" ? get(of, "master_repl_offset", 0) : get(of, "slave_repl_offset", 0)), \
          get(of, "master_link_status", "down"), get(of, "aof_base_size", 0), \
          (on ? get(of, "aof_current_size", 0) : "-"), get(of, "aof_buffer_length", 0)
      }
    }' | while read -r p_node p_role p_run p_replid p_offset p_link p_base p_size p_buffer; do
    if [ "$p_size" = - ]; then p_bytes=-; else p_bytes=$((p_size - p_base + p_buffer)); fi
    echo "$p_node $p_role $p_run $p_replid $p_offset $p_link $p_base $p_bytes"
  done
}

# note_of PARTS BASE: what is to be noted: on stdin positions of "=before", replicas and "=after"
# (this node, asked before them and after them), the line "end", and the last note. "replica" if it
# is none of a master, nothing if it was not answered. A replica that was asked at an offset between
# ours had as many bytes less of writes than we had before as its offset is further, if all that
# came in between were writes.
# Of our own file only the size will be known: so bytes are counted from the end of its base, which
# has BASE of them. What a server calls the base's size is, after a rewrite, all that there was at
# its end, and what was written meanwhile is in the next part.
note_of() {
  o_parts=$1 o_base_part=$2 o_before='' o_after='' o_replicas='' o_kept='' o_same=''
  while read -r o_line; do
    case $o_line in
      '=before '*) o_before=$o_line ;;
      '=after '*) o_after=$o_line ;;
      end) break ;;
      *) o_replicas=$o_replicas$o_line$newline ;;
    esac
  done
  # shellcheck disable=SC2086
  {
    set -- $o_before
    o_role=${2:-} o_replid=${4:-} o_from=${5:-} o_our_base=${7:-} o_bytes=${8:-}
    set -- $o_after
    o_until=${5:-} o_until_bytes=${8:-}
  }
  if [ "$o_role" = slave ]; then echo replica && return; fi
  [ "$o_role.${2:-}.${4:-}" = "master.master.$o_replid" ] || return 0
  # A rewrite that has ended in between begins the counting anew.
  [ "${7:-}" = "$o_our_base" ] || return 0
  case $o_bytes.$o_until_bytes in -* | *.-) return ;; esac
  if [ $((o_until - o_from)) -eq $((o_until_bytes - o_bytes)) ]; then o_same=1; fi
  read -r o_line
  if [ "$o_line" = "$o_replid $o_parts" ]; then o_kept=$(cat); fi
  o_bytes=$((o_bytes + o_our_base - o_base_part))
  echo "$o_replid $o_parts"
  printf '%s' "$o_replicas" | while read -r o_node o_is o_run o_its o_offset o_link o_base o_has; do
    if [ "$o_is.$o_its.$o_link" != "slave.$o_replid.up" ] || [ "$o_has" = - ]; then continue; fi
    if [ -n "$o_same" ] && [ "$o_offset" -ge "$o_from" ] && [ "$o_offset" -le "$o_until" ]; then
      echo "$o_node $o_run $o_base $((o_bytes + o_offset - o_from - o_has))"
    else
      printf '%s\n' "$o_kept" | grep "^$o_node $o_run $o_base " || :
    fi
  done
}

# listed_parts: what tells one list of the file's parts from another; a rewrite makes a new list.
listed_parts() {
  [ ! -r "$aof_dir/$aof_name.manifest" ] ||
    tr -s ' \n' '--' <"$aof_dir/$aof_name.manifest" | head -c 1000
}

# decide_written: a function of noted (the note, empty where there is none), parts (listed_parts)
# and bytes (of the parts but for the base) as they are now, and others (positions of the other
# nodes). Sets further: the replicas that may have writes which our file lacks, also because nobody
# can tell; level: those that are known to lack none that our file has; lacking: "NODE BYTES" for
# each that does; and reading: 1 if one of them has not yet read all that the killed server sent it.
decide_written() {
  further='' level='' lacking='' reading=''
  [ -n "$noted" ] || return 0
  f_first=${noted%%"$newline"*}
  while read -r f_node f_role f_run f_replid _ f_link f_base f_has; do
    if [ "$f_role.$f_replid" != "slave.${f_first%% *}" ]; then continue; fi
    [ "$f_link" != up ] || reading=1
    f_ahead=$(printf '%s\n' "$noted" | sed -n "s/^$f_node $f_run $f_base //p")
    if [ "$f_has" = - ] || [ -z "$f_ahead" ] || [ "${f_first#* }" != "$parts" ]; then
      further="$further $f_node"
      continue
    fi
    f_has=$((f_has + f_ahead))
    [ "$f_has" -le "$bytes" ] || further="$further $f_node"
    if [ "$f_has" -ge "$bytes" ]; then
      level="$level $f_node"
    else
      lacking="$lacking $f_node $((bytes - f_has))"
    fi
  done <<EOT
$others
EOT
}
