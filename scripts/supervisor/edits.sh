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
  for each in "$here"/*/parameters; do
    directory=${each%/parameters}
    [ ! -e "$each" ] || (lock && delete)
  done
  for each in "$here"/edits/*/*; do
    case $each in *.new | *'*') continue ;; esac
    script=${each%/*}
    edit remove "${script##*/}" "${each##*/}" || exit 1
  done
  remove_ours
}

# remove_ours: what installing and the steps since have made here, and the directory itself if installing made that; what else
# is in it stays, and is told.
remove_ours() {
  was_made=$(grep -x made "$here/.pulumi-redis-ha")
  if [ -f "$here/.files" ]; then
    while read -r each; do rm -f "${here:?}/$each" "$here/$each.new"; done <"$here/.files"
  fi
  for each in "$here"/*.lock; do [ ! -f "$each/owner" ] || rm -rf "$each"; done
  rm -rf "${here:?}/edits" "$here/kvdb" "$here/kernel" "$here/services" "$here/firewall" "$here/redis" "$here/hardening"
  rm -f "$here/.files" "$here/.pulumi-redis-ha"
  remaining=$(content_of "$here")
  if [ -n "$remaining" ]; then
    echo "$here stays, with what is not of this deployment: $(printf '%s\n' "$remaining" | tr -cd ' -~\n' | tr '\n' ' ')"
  elif [ -n "$was_made" ]; then
    rmdir "$here"
    unmake "${here%/*}"
  fi
  true
}

# unmake DIRECTORY: whoever is last in it removes the directories that installing made, and only those; one that somebody else
# has something in is left to whoever is last there.
unmake() {
  u_at=$1
  while [ "$(ls -A "$u_at" 2>/dev/null)" = made ] && [ "$(head -n 1 "$u_at/made")" = "$u_at" ] && mv "$u_at/made" "$u_at/made.$$" 2>/dev/null; do
    u_rest=$(sed 1d "$u_at/made.$$")
    rm "$u_at/made.$$"
    rmdir "$u_at" 2>/dev/null || return 0
    u_at=${u_at%/*}
    [ -z "$u_rest" ] || printf '%s\n' "$u_rest" >>"$u_at/made"
  done
}
