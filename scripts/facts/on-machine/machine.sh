# The machine: the room on it, who else may write above a directory, and the names that it knows.

# look_machine DIRECTORY: KiB left where the directory is or will be; and what is wrong with a place
# in which root is to run scripts: somebody else could put others there.
look_machine() {
  echo "directory $1"
  at=$1
  until [ -d "$at" ]; do at=$(dirname "$at"); done
  echo "space_kib $(df -Pk "$at" | awk 'NR == 2 { print $4 }')"
  theirs=$(theirs_above "$at")
  real=$(cd "$at" && pwd -P)
  [ -n "$theirs" ] || [ "$real" = "$at" ] || theirs=$(theirs_above "$real")
  [ -z "$theirs" ] || echo "refused.parents $theirs"
}

# theirs_above DIRECTORY: what in the path to it is somebody else's than root's or of who has logged
# in. Where everybody may write but only remove what is his own, somebody else could make the next
# directory.
theirs_above() {
  above=$1
  set -- "$above"
  until [ "$above" = / ]; do
    above=${above%/*}
    above=${above:-/}
    set -- "$@" "$above"
  done
  # In one call, as each takes a millisecond; it lists what is above before what is in it.
  # shellcheck disable=SC2012
  ls -ldn "$@" | awk -v login="$(id -u "${SUDO_USER:-root}")" '
    { line[NR] = $0 }
    function theirs(text, is_last,   field, path) {
      split(text, field, / +/)
      path = text
      sub(/^([^ ]+ +){8}/, "", path)
      sub(/ -> .*/, "", path)
      if (field[3] != 0 && field[3] != login) return path " is another user'"'"'s"
      if ((text ~ /^d....w/ && field[4] != 0 || text ~ /^d.......w/) &&
        (field[1] !~ /[tT]/ || is_last)) return "others may write in " path
    }
    END {
      for (i = NR; i > 0; i--)
        if ((wrong = theirs(line[i], i == NR)) != "") { print wrong; exit }
    }'
}

# look_names "ADDRESS NAME"...: which of these names stand for something else here.
look_names() {
  command -v getent >/dev/null || return 0
  wrong=$(for pair in "$@"; do
    is=$( (getent ahostsv4 "${pair#* }" || getent hosts "${pair#* }") 2>/dev/null |
      awk 'NR == 1 { print $1 }')
    [ "$is" = "${pair%% *}" ] ||
      printf '%s is %s instead of %s, ' "${pair#* }" "${is:-not known}" "${pair%% *}"
  done)
  [ -z "$wrong" ] || echo "refused.names ${wrong%, }"
}
