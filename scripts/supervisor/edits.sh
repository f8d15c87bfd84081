# The contract of an edit: sh SCRIPT check|apply|remove, its settings on standard input. check: 0 applied, exactly as apply
# with these settings would leave it; 3 not applied, yet or any more; 1 refused, with the reason. apply and remove: 0, or 1 with
# the reason. Each of them can be killed at any step and converges with the next one.

# What an edit is an edit of, and in whose name: with another of these it is another one, and the one that was made before has
# to be taken back.
place_of() { grep -E '^(FILE|STANZA|TABLE|OWNER|STORE)=' "$1"; }

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
    if [ -e "$kept" ] && [ "$(place_of "$kept")" != "$(place_of "$kept.new")" ]; then sh "$here/$2" remove <"$kept" || exit 1; fi
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
  # Where root keeps the settings apart, it has ended the processes itself, and what is left of theirs is not for us to read.
  [ -e "$here/machine.conf" ] || for each in "$here"/*/parameters; do
    directory=${each%/parameters} settings=${each%/parameters}
    [ ! -e "$each" ] || (lock && delete)
  done
  for each in "$here"/edits/*/*; do
    case $each in *.new | *'*') continue ;; esac
    script=${each%/*}
    edit remove "${script##*/}" "${each##*/}" || exit 1
  done
  base=${here%/*}
  rm -rf "$here"
  # Whoever is last removes the directories that installing made, and only those.
  if [ "$(ls -A "$base")" = made ] && mv "$base/made" "$base/made.$$" 2>/dev/null; then
    made=$(cat "$base/made.$$")
    rm "$base/made.$$"
    printf '%s\n' "$made" | while read -r each; do rmdir "$each" 2>/dev/null; done
  fi
  true
}
