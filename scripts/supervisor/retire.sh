# A process that the program no longer has: ended, and kept from being started, until the end of the
# update deletes it or the program has it again. DIRECTORY/retired says how far that is: begun, or
# stopped. Needs process.sh, lock.sh, uninterrupted.sh and update.sh.

# is_retired: nobody is to start it, be it its parent or the next boot.
is_retired() {
  [ -s "$directory/retired" ] && [ "$(head -c 8 "$directory/retired" 2>/dev/null)" = stopped ]
}

not_retired() {
  ! is_retired ||
    fail "${directory##*/} has left: it starts again when the program has it again"
}

# retire: SETTINGS/staying, which whoever has the settings apart has written there, is who stays.
retire() {
  if is_anothers "$directory"; then
    echo "$directory stays: it belongs to $(owner_of "$directory")"
    return 0
  fi
  enter
  [ -s "$settings/parameters" ] || fail "$directory holds no process that was ever set up"
  [ "$settings" != "$directory" ] || write staying "$(cat)"
  [ -e retired ] || write retired begun
  uninterrupted retire || exit 1
  write retired stopped
  if running || adopt; then
    end_process
    echo "${directory##*/} has left: stopped"
  fi
}

# taken_back: the program has it again. Until it is ready, a look is to find that it is not.
taken_back() {
  hold
  [ "$settings" != "$directory" ] || rm -f staying
  write retired begun
}
