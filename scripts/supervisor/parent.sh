# Who starts a process again: its parent, which is a container's first process, a service, or, where
# there is neither, a process of our own. DIRECTORY.supervisor has the parent's pid and birth, and
# "own" behind them if it is ours. Needs process.sh and lib/born.sh.

supervised() {
  s_pid='' s_birth='' s_own=
  [ -s "$directory.supervisor" ] || return 1
  read -r s_pid s_birth s_own <"$directory.supervisor"
  [ -n "$s_birth" ] && [ "$(born "$s_pid")" = "$s_birth" ]
}

# Where there has to be a parent of another kind (PARENT says what that is), nobody else may start
# the process.
await_parent() {
  [ -n "${PARENT:-}" ] || return 0
  parent_left=150
  until supervised; do
    parent_left=$((parent_left - 1))
    [ $parent_left -gt 0 ] || fail "${directory##*/} cannot be started: $PARENT does not run"
    sleep 0.1
  done
}

# have_parent: where there is none, a process of our own. Only who has the lock calls it, and only
# who is in the file does anything (recorded): so there are never two, whoever is killed when.
have_parent() {
  if [ -n "${PARENT:-}" ] || supervised; then return; fi
  # A session of its own: neither the terminal's Ctrl-C nor the end of the engine may reach it.
  if command -v setsid >/dev/null 2>&1; then own_session=setsid; else own_session=; fi
  # An environment of its own, too: that of a `pulumi up` holds passphrases, and a server's can be
  # read for years.
  # shellcheck disable=SC2086
  env -i PATH="$PATH" HOME="${HOME:-/}" ${TZ:+"TZ=$TZ"} \
    $own_session sh "$here/host.sh" supervise "$directory" "$settings" own </dev/null >>log 2>&1 &
  { echo "$! $(born "$!") own" >"$directory.supervisor.new" &&
    mv "$directory.supervisor.new" "$directory.supervisor"; } 2>/dev/null ||
    fail "${directory%/*} cannot be written"
}

# recorded: this is the parent that the step which has started it has written down.
recorded() { supervised && [ "$s_pid" = $$ ]; }

# release: the end of a parent of our own, which has nothing to do any more; what it has started
# stays. It has no say in that: it might be about to start the process.
release() {
  supervised && [ "$s_own" = own ] || return 0
  kill -KILL "$s_pid" 2>/dev/null
  while supervised; do sleep 0.05; done
  rm -f "$directory.supervisor" "$directory.held" "$directory.wanted"
}

# hold: the parent is to leave the process ended until start_process, or until the step that holds
# it has ended.
hold() { ! supervised || : >"$directory.held"; }
held() { [ -e "$directory.held" ] && [ -d "$directory.lock" ] && ! lock_is_stale; }
