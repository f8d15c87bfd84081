running() {
  pid='' its_birth=
  [ -s pid ] || return 1
  read -r pid its_birth <"$directory/pid"
  [ -n "$its_birth" ] && [ "$(born "$pid")" = "$its_birth" ]
}

# A pid file that was lost does not make the process somebody else's.
adopt() {
  [ -z "$made" ] && ! is_anothers "$directory" || return 1
  pid=$(lifecycle orphan 2>/dev/null)
  [ -n "$pid" ] && echo "$pid $(born "$pid")" >pid
}

# supervised: the process has a parent (a container's first process, a service), which is the one to start it.
supervised() {
  s_pid='' s_birth=
  [ -s "$directory.supervisor" ] || return 1
  read -r s_pid s_birth <"$directory.supervisor"
  [ -n "$s_birth" ] && [ "$(born "$s_pid")" = "$s_birth" ]
}

# Where there has to be a parent (PARENT in the environment says what that is), nobody else may start the process.
await_parent() {
  [ -n "${PARENT:-}" ] || return 0
  parent_left=150
  until supervised; do
    parent_left=$((parent_left - 1))
    [ $parent_left -gt 0 ] || fail "${directory##*/} cannot be started: $PARENT does not run"
    sleep 0.1
  done
}

# hold: the parent is to leave the process ended until start_process, or until the step that holds it has ended.
hold() { ! supervised || : >"$directory.held"; }
