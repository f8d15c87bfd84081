# The record of whether the append-only file was in use, and how a server that runs is brought to
# what the settings say of it. Needs lib/ask.sh.

# put_aside [FILE]: what the server will not load from now on, and would find there another time.
put_aside() {
  for p_old in "$aof_dir" "$aof_name" "$@"; do
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
