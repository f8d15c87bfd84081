# The mark of a paused deployment, on command. Needs here, fail, and lib/paused.sh.

# pause: the line on standard input is the mark, unless there is one: who came first had a reason,
# and stays. In one piece, and also where two come at the same time. Prints the mark that counts.
pause() {
  mark=$(head -n 1 | tr -d '\000-\037\177' | cut -c 1-400)
  [ -n "$mark" ] || fail "no mark was given"
  (printf '%s\n' "$mark" >"$here/.paused.$$" && chmod 644 "$here/.paused.$$") 2>/dev/null
  ln "$here/.paused.$$" "$here/.paused" 2>/dev/null
  rm -f "$here/.paused.$$"
  paused_in "$here" || fail "$here/.paused cannot be written"
}

# resume: prints the mark that there was.
resume() {
  paused_in "$here"
  rm -rf "$here/.paused" || fail "$here/.paused cannot be removed"
}
