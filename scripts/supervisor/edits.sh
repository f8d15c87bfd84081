edit() {
  kept="$here/edits/$2/$3"
  if [ "$1" = apply ]; then
    if ! { mkdir -p "${kept%/*}" && cat >"$kept.new"; }; then fail "$kept cannot be written"; fi
    if ! sh "$here/$2" check <"$kept.new"; then
      rm -f "$kept.new"
      exit 1
    fi
    # Another file is another edit: the one that was edited before has to be put back.
    if [ -e "$kept" ] && [ "$(grep '^FILE=' "$kept")" != "$(grep '^FILE=' "$kept.new")" ]; then sh "$here/$2" remove <"$kept" || exit 1; fi
    mv "$kept.new" "$kept" && sh "$here/$2" apply <"$kept"
  elif [ -e "$kept" ]; then
    sh "$here/$2" remove <"$kept" && rm "$kept"
  else
    # The directory was lost; the stack's state has the settings as well.
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
