# The contract of an edit: sh SCRIPT check|apply|remove, its settings on standard input. check: 0
# applied, exactly as apply with these settings would leave it; 3 not applied, yet or any more; 1
# refused, with the reason. apply and remove: 0, or 1 with the reason. Each of them can be killed at
# any step and converges with the next one.

# What an edit is an edit of, and in whose name: with another of these it is another one, and the
# one that was made before has to be taken back.
place_of() { grep -E '^(FILE|STANZA|ENVIRONMENT|TABLE|OWNER|STORE)=' "$1"; }

edit() {
  kept="$here/edits/$2/$3"
  if [ "$1" = apply ]; then
    if ! { mkdir -p "${kept%/*}" && cat >"$kept.new"; }; then fail "$kept cannot be written"; fi
    sh "$here/$2" check <"$kept.new"
    checked=$?
    if [ $checked -ne 0 ] && [ $checked -ne 3 ]; then
      rm -f "$kept.new"
      [ $checked -eq 1 ] || echo "$2 ended with status $checked, which is no answer" >&2
      exit 1
    fi
    if [ -e "$kept" ] && [ "$(place_of "$kept")" != "$(place_of "$kept.new")" ]; then
      sh "$here/$2" remove <"$kept" || exit 1
    fi
    mv "$kept.new" "$kept" && sh "$here/$2" apply <"$kept"
  elif [ -e "$kept" ]; then
    rm -f "$kept.new"
    sh "$here/$2" remove <"$kept" && rm "$kept"
  else
    # The directory was lost; the stack's state has the settings as well.
    rm -f "$kept.new"
    sh "$here/$2" remove
  fi
}

again() {
  for kept in "$here/edits/$1"/*; do
    case $kept in *.new | *'*') continue ;; esac
    sh "$here/$1" apply <"$kept"
  done
}

uninstall() {
  # Where root keeps the settings apart, it has ended the processes itself, and what is left of
  # theirs is not for us to read.
  [ -e "$here/machine.conf" ] || for each in "$here"/*/parameters; do
    directory=${each%/parameters} settings=${each%/parameters}
    [ ! -e "$each" ] || (lock && delete)
  done
  for each in "$here"/edits/*/*; do
    case $each in *.new | *'*') continue ;; esac
    script=${each%/*}
    edit remove "${script##*/}" "${each##*/}" || exit 1
  done
  remove_ours
}

# remove_ours: what installing and the steps since have made here, and the directory itself if
# installing made that; what else is in it stays, and is told.
remove_ours() {
  was_made=$(grep -x made "$here/.pulumi-redis-ha")
  if [ -f "$here/.files" ]; then
    while read -r each; do rm -f "${here:?}/$each" "$here/$each.new"; done <"$here/.files"
  fi
  for each in "$here"/*.lock; do [ ! -f "$each/owner" ] || rm -rf "$each"; done
  rm -rf "${here:?}/edits" "$here/kvdb" "$here/kernel" "$here/services" "$here/firewall" \
    "$here/redis" "$here/hardening"
  rm -rf "$here/.paused"
  rm -f "$here/.files" "$here/.pulumi-redis-ha"
  remaining=$(content_of "$here")
  if [ -n "$remaining" ]; then
    echo "$here stays, with what is not of this deployment: $(
      printf '%s\n' "$remaining" | tr -cd ' -~\n' | tr '\n' ' '
    )"
  elif [ -n "$was_made" ]; then
    rmdir "$here"
    unmake "${here%/*}"
  fi
  true
}

# unmake DIRECTORY: whoever is last in it removes the directories that installing made, and only
# those; one that somebody else has something in is left to whoever is last there. Of two that were
# installed at the same moment, both have noted the same directories.
unmake() {
  u_at=$1
  while [ "$(ls -A "$u_at" 2>/dev/null)" = made ] && grep -q -x -F -e "$u_at" "$u_at/made" &&
      mv "$u_at/made" "$u_at/made.$$" 2>/dev/null; do
    u_rest=$(grep -v -x -F -e "$u_at" "$u_at/made.$$")
    rm "$u_at/made.$$"
    rmdir "$u_at" 2>/dev/null || return 0
    u_at=${u_at%/*}
    [ -z "$u_rest" ] || printf '%s\n' "$u_rest" >>"$u_at/made"
  done
}
