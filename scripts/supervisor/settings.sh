# The settings that a step is given: staged beside those that the process runs with, then put in
# their place. Needs lib/space.sh, and enter (process.sh).

# put NAME CONTENT: as the settings on standard input have it: beside the file that it is to take
# the place of, until commit.
put() {
  rm -f "$1.next"
  if [ -e "$1" ] && [ "$(cat "$1"; echo .)" = "$2." ]; then return; fi
  write "$1.next" "$2"
  staged="$staged $1"
}

# write NAME CONTENT: in one piece.
write() {
  if ! { printf '%s' "$2" >"$1.new" && mv "$1.new" "$1"; }; then
    rm -f "$1.new"
    fail "$directory/$1 cannot be written$(writable "$directory" | sed 's/^/: /')"
  fi
}

# find_staged: what somebody else has staged, in a directory of theirs.
find_staged() {
  staged=
  for each in "$settings"/*.next; do
    [ ! -e "$each" ] || staged="$staged $(basename "$each" .next)"
  done
}

# await_commit: only whose the settings are can put them in their place (root/settings.sh).
await_commit() {
  : >"$directory.commit" || fail "$directory.commit cannot be written"
  commit_until=$(($(date +%s) + 60))
  while find_staged && [ -n "$staged" ]; do
    [ "$(date +%s)" -lt $commit_until ] ||
      fail "the settings in $settings were not put in their place within 60 s: is the step that was to do it still running?"
    sleep 0.05
  done
  rm -f "$directory.commit"
}

# commit: what was staged is what runs from now on, or what is started.
commit() {
  if [ "$settings" != "$directory" ]; then
    [ -z "$staged" ] || await_commit
  else
    for each in $staged; do
      mv "$each.next" "$each" || fail "$directory/$each cannot be written"
    done
  fi
  staged=
  enter
}
