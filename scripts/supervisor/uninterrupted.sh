# uninterrupted ACTION [ARGUMENT]: the lifecycle script's action, which changes roles, is finished
# or undone by that script, whatever ends this one: a terminal's Ctrl-C, a plugin that kills its
# shell, a connection that goes away. It has a session of its own, writes to files, as a closed pipe
# would end it, and owns the lock, too, as long as it runs.
uninterrupted() {
  u_out=$directory.lock/out u_err=$directory.lock/err u_signal=
  { : >"$u_out" && : >"$u_err"; } 2>/dev/null || { u_out=/dev/null u_err=/dev/null; }
  trap 'u_signal=1' HUP INT TERM
  (
    trap '' HUP INT
    u_self=$(exec sh -c 'echo $PPID')
    # Somebody else has it where this step was killed a moment ago.
    [ "$(cat "$directory.lock/owner" 2>/dev/null)" = "$lock_mine" ] || exit 1
    printf '%s\n' "$lock_mine" "$u_self $(born "$u_self")" >"$directory.lock/owner.new" &&
      mv "$directory.lock/owner.new" "$directory.lock/owner" || exit 1
    # In place of this shell: what runs is the process that owns the lock.
    if command -v setsid >/dev/null 2>&1; then
      sh() { exec setsid sh "$@"; }
    else
      sh() { exec sh "$@"; }
    fi
    lifecycle "$@"
  ) </dev/null >"$u_out" 2>"$u_err" &
  u_pid=$!
  wait "$u_pid"
  u_status=$?
  # A signal ends the waiting, not what is waited for.
  while kill -0 "$u_pid" 2>/dev/null; do
    wait "$u_pid"
    u_status=$?
  done
  echo "$lock_mine" >"$directory.lock/owner"
  trap 'exit 1' HUP INT TERM
  cat "$u_out"
  cat "$u_err" >&2
  [ -z "$u_signal" ] ||
    fail "${directory##*/}: ended by a signal, after the hand-over and before anything else; the next pulumi up goes on"
  return "$u_status"
}
