# Who else could put something in the place of a directory. Needs facts_of and myself
# (lib/file-edit.sh).

# Of the path as it is written and as it is without links: both lead there.
trusted() {
  distrusted=''
  ! plainly_ours "$1" || return 0
  for trusted_path in "$1" "$(cd -P "$1" 2>/dev/null && pwd -P)"; do
    while :; do
      why_not "$trusted_path" || [ "$distrusted" = sticky ] || return 1
      [ -n "$trusted_path" ] || break
      trusted_path=${trusted_path%/*}
    done
  done
  distrusted=''
}

# Why others could put something else into DIRECTORY, in distrusted, and whose it is, in owning;
# `sticky`: their own only.
why_not() {
  distrusted=''
  owning=$(facts_of "$1/." | { read -r mode _ uid _ && echo "$mode $uid"; })
  case $owning in
    d????w???[tT]* | d???????w[tT]*) distrusted=sticky ;;
    d????w* | d???????w*) distrusted="others than its owner may write in ${1:-/}" ;;
    d*) ;;
    *) distrusted="${1:-/} is no directory" ;;
  esac
  owning=${owning##* }
  [ "$owning" = 0 ] || [ "$owning" = "$myself" ] ||
    distrusted="the user with the number $owning owns ${1:-/}"
  [ -z "$distrusted" ]
}

# Whether all of the way is root's alone, and has no links: the usual case, in one look.
plainly_ours() {
  plain_path=$1
  [ "$(cd -P "$1" 2>/dev/null && pwd -P)" = "$1" ] || return 1
  plain_last=$1/.
  set -- /.
  while [ -n "$plain_path" ]; do
    set -- "$@" "$plain_path/."
    plain_path=${plain_path%/*}
  done
  plain_lines=$(facts_of "$@") || return 1
  while read -r mode _ uid _ _ _ _ _ name; do
    [ "$uid" = 0 ] || return 1
    case $mode in
      d????w???[tT]* | d???????w[tT]*) [ "$name" != "$plain_last" ] || return 1 ;;
      d????w* | d???????w*) return 1 ;;
    esac
  done <<END
$plain_lines
END
}
