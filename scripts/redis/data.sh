# What the server would load at its next start. With an append-only file it never looks at the
# snapshot, and without one it looks at nothing else: so it is not enough that there are files.

# use redis/data/snapshot.sh
# use redis/data/append-only.sh
# use redis/data/persistence.sh
# use redis/data/written.sh
# use redis/data/position.sh

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
  first_line persistence
  record=$line
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
