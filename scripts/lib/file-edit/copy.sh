# The copy beside a file, and how it takes that one's place. Needs acting (rights.sh), beside and
# lib/born.sh.

staging='' staged=''
make_staging() {
  [ -z "$staging" ] || return 0
  staging=$(beside "$1").$$
  staged=$staging/new
  acting mkdir -m 700 "$staging" 2>/dev/null || { staging=''; return 1; }
}

stage() {
  make_staging "$1" || return 1
  # -a keeps extended attributes and the SELinux context where cp knows how.
  acting cp -a "$1" "$staged" 2>/dev/null || acting cp -p "$1" "$staged" 2>/dev/null
}

# A full disk shows in the size only: not every program tells.
fill() {
  # shellcheck disable=SC2016
  acting sh -c 'cat >"$1"' sh "$staged" 2>/dev/null || return 1
  [ "$(acting wc -c "$staged" 2>/dev/null | { read -r size _ && echo "$size"; })" = "$1" ] ||
    return 1
  acting sync "$staged" 2>/dev/null || :
}

same_owner() {
  [ "$(facts_of "$1" | { read -r mode _ uid gid _ && echo "$mode $uid $gid"; })" = \
    "$(facts_of "$2" | { read -r mode _ uid gid _ && echo "$mode $uid $gid"; })" ]
}

publish() {
  acting mv -f "$staged" "$1" || return 1
  acting sync "${1%/*}" 2>/dev/null || :
}

put_beside() {
  make_staging "$1" || return 1
  # shellcheck disable=SC2016
  acting sh -c 'umask 022; cat >"$1"' sh "$staging/other" 2>/dev/null || return 1
  acting mv -f "$staging/other" "$2"
}

unstage() {
  [ -n "$staging" ] || return 0
  acting rm -f "$staging/new" "$staging/other" 2>/dev/null
  acting rmdir "$staging" 2>/dev/null
  staging=''
}

sweep_beside() {
  for each in "$(beside "$1")".*; do
    case ${each##*.} in *[!0-9]* | '') continue ;; esac
    if [ "${each##*.}" = $$ ] || [ -n "$(born "${each##*.}")" ]; then continue; fi
    if [ -d "$each" ] && [ ! -L "$each" ]; then
      acting rm -f "$each/new" "$each/other" 2>/dev/null
      acting rmdir "$each" 2>/dev/null || :
    else
      acting rm -f "$each" 2>/dev/null
    fi
  done
}
