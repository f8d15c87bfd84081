# Which program may take over data, a role or a place from which: by versions alone. Needs
# put_aside (data/persistence.sh) and lib/first-line.sh.

# What a priority is raised by while older nodes are left.
behind_older=1000000000

# version_of LABEL: of "Redis 7.0.15" sets v_flavour, v_major, v_minor and v_patch; fails where it is
# no such thing.
version_of() {
  v_flavour=${1%% *} v_patch=0
  v_rest=${1#* }
  v_rest=${v_rest%%[!0-9.]*}
  v_major=${v_rest%%.*}
  v_rest=${v_rest#*.}
  v_minor=${v_rest%%.*}
  case $v_rest in *.*) v_rest=${v_rest#*.} v_patch=${v_rest%%.*} ;; esac
  case $v_flavour.$v_major.$v_minor.$v_patch in
    *..* | *. | *.*[!0-9.]*) return 1 ;;
    Redis.* | Valkey.*) return 0 ;;
  esac
  return 1
}

# older ONE OTHER: ONE is of an older line than OTHER (its second number counts, the third does
# not): it may be unable to read what that has written, or, what is worse, leave out what that says
# to its replicas. As isOlder of components/redis/version.ts.
older() {
  version_of "$1" || return 1
  set -- "$2" "$v_flavour" "$v_major" "$v_minor"
  version_of "$1" || return 1
  case $2.$v_flavour in
    # Valkey came out of Redis 7.2, and up to 8 writes what that wrote.
    Valkey.Redis) set -- "$1" "$2" 7 2 ;;
    Redis.Valkey) if [ "$v_major" -lt 9 ]; then v_major=7 v_minor=2; else v_major=99; fi ;;
  esac
  [ "$3" -lt "$v_major" ] || { [ "$3" -eq "$v_major" ] && [ "$4" -lt "$v_minor" ]; }
}

# newer ONE OTHER: ONE is the newer program of the two, be it by the third number alone.
newer() {
  if older "$2" "$1"; then
    # Each may be unable to read the other.
    if older "$1" "$2"; then return 1; fi
    return 0
  fi
  version_of "$1" || return 1
  set -- "$2" "$v_flavour.$v_major.$v_minor" "$v_patch"
  version_of "$1" || return 1
  [ "$2" = "$v_flavour.$v_major.$v_minor" ] && [ "$3" -gt "$v_patch" ]
}

# program_of NODE: sets its to its label, of programs; empty where that is not known.
program_of() {
  its=
  case "$newline$programs" in
    *"$newline$1 "*)
      its="$newline$programs"
      its=${its#*"$newline$1 "}
      its=${its%%"$newline"*}
      ;;
  esac
}

# node_programs: of what gather has brought, a line "NODE LABEL" for each that says it.
node_programs() {
  awk '
    $1 != "node" || $3 != "=" { next }
    $4 ~ /^redis_version:[0-9]/ { redis[$2] = substr($4, 15) }
    $4 ~ /^valkey_version:[0-9]/ { valkey[$2] = substr($4, 16) }
    END { for (of in redis) print of, of in valkey ? "Valkey " valkey[of] : "Redis " redis[of] }'
}

# label_of PROGRAM: as node_programs, of a program that does not run; nothing where it can't be told.
label_of() {
  limited 10 "$1" --version 2>/dev/null </dev/null |
    sed -n -e '1s/^Redis server v=\([0-9.]*\).*/Redis \1/p' \
      -e '1s/^Valkey server v=\([0-9.]*\).*/Valkey \1/p'
}

# decide_writer: a function, without any asking, of name, mine (what is to run), wrote (the newest
# program that has run on what is kept here; empty: not known), own (none: nothing is kept), named,
# table (node_table) and programs (node_programs). Sets writer: "keep" what is here, "aside" (another
# one has written it, which is newer, and the master is not: begin without it, and take all from the
# master) or "refuse", and why. Nobody follows a master of a newer line: it would leave out commands
# that it does not know, and go on.
decide_writer() {
  writer=keep why='' w_leader='' w_keys='' w_mine='' w_could='' w_newer=''
  while read -r w_name w_state w_role w_has w_follows w_link _ _ w_priority _; do
    if [ "$w_state" != up ]; then continue; fi
    if [ "$w_name" = "$name" ]; then w_mine=$w_role; fi
    if [ "$w_name" = "$named" ] && [ "$w_role" = master ]; then
      w_leader=$w_name w_keys=$w_has
    elif [ "$w_follows.$w_link" = "$name.up" ] && [ "$w_priority" != 0 ]; then
      program_of "$w_name"
      if older "$mine" "$its"; then w_newer=$its; else w_could=$w_name; fi
    fi
  done <<EOT
$table
EOT
  if [ -n "$w_leader" ] && [ "$w_leader" != "$name" ]; then
    program_of "$w_leader"
    if older "$mine" "$its"; then
      writer=refuse why="$w_leader, the master, runs $its, and $mine can't follow that: an older version is possible only as long as the master is of it"
      return
    fi
  elif [ "$w_mine" = master ] && [ -n "$w_newer" ] && [ -z "$w_could" ]; then
    writer=refuse why="this is the master, and could only hand over to one that runs $w_newer, which $mine can't follow"
    return
  fi
  if [ "$own" = none ] || ! older "$mine" "$wrote"; then return; fi
  if [ -n "$w_leader" ] && [ "$w_leader" != "$name" ] && [ "$w_keys" = yes ]; then
    writer=aside why="$wrote has written what is here, and $mine may be unable to read that"
    return
  fi
  writer=refuse why="$wrote has written what is here, $mine may be unable to read that, and there is no master of such a version to take it from"
}

# decide_priorities: a function, without any asking, of table, programs and leads (the priority that
# a master has: its line has another one). Prints "NODE PRIORITY" for each that is to get another
# one: while an older program is left, a newer replica comes after all of them. Nothing is taken back
# as long as one does not say what it runs.
decide_priorities() {
  dp_all=1
  while read -r dp_name dp_state _; do
    program_of "$dp_name"
    if [ "$dp_state" != up ] || [ -z "$its" ]; then dp_all=; fi
  done <<EOT
$table
EOT
  while read -r dp_name dp_state dp_role _ _ _ _ _ dp_has _; do
    if [ "$dp_role" = master ]; then dp_has=$leads; fi
    case $dp_state.$dp_has in up. | up.0 | up.*[!0-9]*) continue ;; up.*) ;; *) continue ;; esac
    dp_wanted=$dp_has
    [ "$dp_has" -lt $behind_older ] || dp_wanted=$((dp_has - behind_older))
    program_of "$dp_name"
    if [ "$dp_role" = slave ] && is_newest "$its"; then
      dp_wanted=$((dp_wanted + behind_older))
    fi
    if [ "$dp_wanted" -gt "$dp_has" ] ||
        { [ "$dp_wanted" -lt "$dp_has" ] && [ -n "$dp_all" ]; }; then
      echo "$dp_name $dp_wanted"
    fi
  done <<EOT
$table
EOT
}

# is_newest LABEL: somebody of programs is older.
is_newest() {
  while read -r _ in_label; do
    if newer "$1" "$in_label"; then return 0; fi
  done <<EOT
$programs
EOT
  return 1
}

# settle_priorities: of what was gathered; the master is asked, as INFO of a master does not tell.
settle_priorities() {
  programs=$(printf '%s\n' "$gathered" | node_programs) leads=
  # shellcheck disable=SC2046
  set -- $(where "$nodes" "$named")
  if [ $# -eq 2 ] && answer setting "$@" CONFIG GET slave-priority; then
    leads=${answer#*"$newline"}
  fi
  decide_priorities | while read -r sp_name sp_priority; do
    # shellcheck disable=SC2046
    ask $(where "$nodes" "$sp_name") CONFIG SET slave-priority "$sp_priority" >/dev/null
  done
}

# note_writer LABEL: it is about to write here; the newest that ever did stays.
note_writer() {
  first_line wrote
  nw_was=$line
  if [ "$1" = "$nw_was" ] || [ -z "$1" ] || newer "$nw_was" "$1" || older "$1" "$nw_was"; then
    return 0
  fi
  printf '%s\n' "$1" >wrote.new && mv wrote.new wrote
}

# may_take_over: before anything is stopped: may the program that is to run have what is here? Else
# refuses. Sets writer.
may_take_over() {
  writer=keep mine=$(label_of "$server")
  # shellcheck source=/dev/null
  runs=$([ ! -s "$settings/parameters" ] || . "$settings/parameters"; ask_me INFO server |
    running_program)
  runs=${runs%%,*}
  note_writer "$runs"
  first_line wrote
  wrote=$line
  if [ "$mine" = "${runs:-$mine}" ] && ! older "$mine" "$wrote"; then return; fi
  own_data
  gather
  programs=$(printf '%s\n' "$gathered" | node_programs)
  decide_writer
  [ "$writer" != refuse ] || refuse "refused before anything was changed: $why"
  [ "$writer" != aside ] || say "$why: it is to begin without it, and to take all from $named"
}

# take_over: at a start, once the role is decided: puts aside what the program that starts can't
# read, notes that this one writes from now on, and sets with_priority to a line for node.conf.
take_over() {
  first_line wrote
  mine=$(label_of "$server") wrote=$line with_priority=
  programs=$(printf '%s\n' "$gathered" | node_programs | grep -v "^$name ")
  decide_writer
  case $writer in
    refuse) refuse "refusing to start: $why" ;;
    aside)
      say "$why: beginning without it, and taking all from $named; it is put aside ($aof_dir.aside, $rdb_name.aside)"
      { put_aside "$rdb_name" && rm -f wrote written position; } || refuse "cannot write $directory"
      own=none load=nothing begin_with=$append_only position=
      ;;
  esac
  note_writer "$mine" || refuse "cannot write $directory/wrote"
  [ ! -e behind ] || rm -f behind
  if is_newest "$mine"; then
    : >behind || refuse "cannot write $directory"
    with_priority="slave-priority $(own_priority)"
  fi
}
