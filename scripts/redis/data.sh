# What the server would load at its next start. With an append-only file it never looks at the
# snapshot, and without one it looks at nothing else: so it is not enough that there are files.

# rdb_facts: sets rdb (absent, empty: no key in it, keys, unreadable), rdb_ctime (when it was
# written, by its own account, in s since 1970; 0 where it doesn't say), rdb_replid and rdb_offset
# (the replication history that it is part of, and how far). A search for the byte that starts a
# database would find it by chance in a time or in the checksum.
rdb_facts() {
  rdb=absent rdb_ctime=0 rdb_replid=- rdb_offset=0
  [ -e "$rdb_name" ] || return 0
  read -r rdb rdb_ctime rdb_replid rdb_offset <<EOT
$(od -An -v -tu1 -N 4096 "$rdb_name" 2>/dev/null | awk '
    { for (i = 1; i <= NF; i++) byte[++n] = $i }
    function after(at) {
      if (byte[at] < 64) return at + 1 + byte[at]
      if (byte[at] < 128) return at + 2 + (byte[at] - 64) * 256 + byte[at + 1]
      if (byte[at] == 192) return at + 2
      if (byte[at] == 193) return at + 3
      if (byte[at] == 194) return at + 5
      return n + 1
    }
    function text(at,   end, begin, found) {
      if (byte[at] == 192) return byte[at + 1] ""
      if (byte[at] == 193) return (byte[at + 1] + byte[at + 2] * 256) ""
      if (byte[at] == 194)
        return sprintf("%.0f", byte[at + 1] + byte[at + 2] * 256 + byte[at + 3] * 65536 + \
          byte[at + 4] * 16777216)
      end = after(at)
      begin = byte[at] < 64 ? at + 1 : at + 2
      for (found = ""; begin < end && begin <= n; begin++)
        found = found sprintf("%c", byte[begin] + 0)
      return found
    }
    END {
      for (i = 1; i <= 6; i++) magic = magic sprintf("%c", byte[i] + 0)
      if (magic !~ /^REDIS/ && magic != "VALKEY") { print "unreadable 0 - 0"; exit }
      at = 10
      while (byte[at] == 250 && at <= n) {
        found[text(at + 1)] = text(after(at + 1))
        at = after(after(at + 1))
      }
      replid = found["repl-id"] ~ /^[0-9a-f]+$/ ? found["repl-id"] : "-"
      print (byte[at] == 255 ? "empty" : "keys"), found["ctime"] + 0, replid, \
        (found["repl-offset"] ~ /^[0-9]+$/ ? found["repl-offset"] : 0)
    }')
EOT
}

# aof_facts: sets aof (absent, empty, keys, orphan: files that this server would not load, though
# there is something in them) and aof_time (when it was last written to, in s since 1970). From
# Redis 7 on a manifest in a directory lists the files; what it does not list is not loaded. A file
# of an older version is taken over if there is no manifest.
aof_facts() {
  aof=absent aof_time=0
  if [ -e "$aof_dir/$aof_name.manifest" ]; then
    if [ "$multi_part" != 1 ]; then aof=orphan && return; fi
    aof=empty
    while read -r a_part; do
      [ -n "$a_part" ] || continue
      a_file=$aof_dir/$a_part
      a_written=$(date -r "$a_file" +%s 2>/dev/null)
      if [ "${a_written:-0}" -gt "$aof_time" ]; then aof_time=$a_written; fi
      [ -s "$a_file" ] || continue
      case $a_part in
        *.rdb)
          a_rdb=$rdb_name rdb_name=$a_file
          rdb_facts
          rdb_name=$a_rdb
          [ "$rdb" = empty ] || aof=keys
          ;;
        *) aof=keys ;;
      esac
    done <<EOT
$(sed -n 's/^file \(.*\) seq [0-9]* type [bi].*/\1/p' "$aof_dir/$aof_name.manifest" |
  sed 's/^"\(.*\)"$/\1/; s/\\\(["\\]\)/\1/g')
EOT
  elif [ -e "$aof_name" ]; then
    aof=empty aof_time=$(date -r "$aof_name" +%s 2>/dev/null || echo 0)
    [ ! -s "$aof_name" ] || aof=keys
  elif [ -n "$(find "$aof_dir" -type f ! -name 'temp-*' -size +0 2>/dev/null | head -n 1)" ]; then
    aof=orphan
  fi
}

# decide_data: which of the files counts. A function of append_only (yes, no: what is wanted now),
# record (on, off, turning-off: what the server last ran with; empty: it never ran here), rdb,
# rdb_ctime, aof and aof_time. Sets load (aof, rdb, nothing, or refuse), begin_with (yes or no: what
# the server has to be started with for that) and data_why.
decide_data() {
  load='' begin_with=$append_only data_why=''
  d_snapshot_is_newer=
  if [ "$rdb" != absent ] && [ "$rdb_ctime" -gt "$aof_time" ]; then d_snapshot_is_newer=1; fi
  if [ "$aof" = orphan ]; then
    load=refuse data_why="there are files in $aof_dir that this server would not load"
  elif [ "$rdb" = unreadable ]; then
    if [ "$aof" != absent ] && [ "$record" = on ]; then
      load=aof
    else
      load=refuse data_why="$rdb_name is no snapshot that a server could read"
    fi
  elif [ "$aof" = absent ]; then
    case $rdb in keys) load=rdb begin_with=no ;; *) load=nothing ;; esac
  elif [ "$rdb" = absent ]; then
    case $record in
      off)
        load=refuse data_why="the append-only file was off, and yet there is one, and no $rdb_name"
        ;;
      *) load=aof ;;
    esac
  else
    case $record.$d_snapshot_is_newer.$aof.$rdb in
      # Killed while a synchronisation was being written into a new append-only file: all there is,
      # is in the snapshot.
      on.1.empty.keys) load=rdb begin_with=no ;;
      on.*) load=aof ;;
      off.1.* | turning-off.1.*) load=rdb begin_with=no ;;
      turning-off..*) load=aof ;;
      off..*)
        load=refuse data_why="the append-only file was off, and yet $rdb_name is older than it"
        ;;
      *)
        # Nobody can tell which of the two belongs to the last run; where one has no key, the other
        # one is meant.
        case $rdb.$aof in
          *.empty) case $rdb in keys) load=refuse ;; *) load=aof ;; esac ;;
          empty.keys) load=aof ;;
          *) load=refuse ;;
        esac
        [ "$load" != refuse ] ||
          data_why="there are both $rdb_name and an append-only file, and no record of which one was in use"
        ;;
    esac
  fi
  # One that is to be turned off is read first.
  [ "$load" != aof ] || begin_with=yes
}

# own_data: sets own (none, aof, rdb or doubt), with rdb_replid and rdb_offset for a snapshot, and
# what decide_data sets.
own_data() {
  record=$(cat persistence 2>/dev/null)
  aof_facts
  rdb_facts
  decide_data
  case $load in
    refuse) own=doubt ;;
    nothing) own=none ;;
    rdb) own=rdb ;;
    aof) case $aof in keys) own=aof ;; *) own=none ;; esac ;;
  esac
}

refuse_doubt() {
  refuse "refusing to start in $directory: $data_why. Starting would load one and lose the other. See which one holds the right data, move the other away (${aof_dir}, ${aof_name}, ${rdb_name}), then start again"
}

# put_aside: what the server will not load from now on, and would find there another time.
put_aside() {
  for p_old in "$aof_dir" "$aof_name"; do
    [ -e "$p_old" ] || continue
    rm -rf "$p_old.aside"
    mv "$p_old" "$p_old.aside" || return 1
  done
}

note_persistence() { printf '%s\n' "$1" >persistence.new && mv persistence.new persistence; }

# aof_as_wanted INFO: succeeds if the server keeps its append-only file, or none, as the settings
# say, and that file has all of the data; otherwise takes the next step to it and says which. A
# server that was started from a snapshot has it off.
aof_as_wanted() {
  w() { printf '%s\n' "$1" | field "$2"; }
  w_enabled=$(w "$1" aof_enabled) w_record=$(cat persistence 2>/dev/null)
  case $append_only.$w_enabled in
    yes.0)
      ask_me CONFIG SET appendonly yes >/dev/null
      say "turning the append-only file on"
      return 1
      ;;
    yes.1)
      [ "$w_record" != on ] || return 0
      if [ "$(w "$1" aof_rewrite_in_progress)" != 0 ] ||
          [ "$(w "$1" aof_rewrite_scheduled)" != 0 ]; then
        say "turning the append-only file on: writing what there is, $(w "$1" aof_current_size) bytes so far"
        return 1
      fi
      if [ "$(w "$1" aof_last_bgrewrite_status)" != ok ]; then
        say "the append-only file could not be written: see the server's log"
        return 1
      fi
      note_persistence on
      ;;
    no.0)
      case $w_record in
        off) ;;
        # A replica that synchronises has it off for a while, and on again afterwards.
        *) [ "$(ask_me CONFIG SET appendonly no)" = OK ] && put_aside && note_persistence off ;;
      esac
      ;;
    no.1)
      # The snapshot first: without the file nobody has the data but that one.
      if [ "$w_record" != turning-off ]; then
        note_persistence turning-off
        w_begun=$(w "$1" rdb_last_save_time)
        printf '%s\n' "$w_begun" >snapshot-before
        ask_me BGSAVE >/dev/null
        say "writing a snapshot, to turn the append-only file off"
        return 1
      fi
      if [ "$(w "$1" rdb_bgsave_in_progress)" != 0 ]; then
        say "writing a snapshot, to turn the append-only file off: for $(w "$1" rdb_current_bgsave_time_sec) s"
        return 1
      fi
      if [ "$(w "$1" rdb_last_save_time)" = "$(cat snapshot-before 2>/dev/null)" ] ||
          [ "$(w "$1" rdb_last_bgsave_status)" != ok ]; then
        ask_me BGSAVE >/dev/null
        say "writing a snapshot, to turn the append-only file off"
        return 1
      fi
      [ "$(ask_me CONFIG SET appendonly no)" = OK ] && put_aside && note_persistence off &&
        rm -f snapshot-before
      ;;
  esac
}
