# The servers' programs, and how a program is ended that hangs.

# A program that hangs must not hang us.
# limited SECONDS COMMAND...: ends it then. Where timeout(1) is missing, by hand.
if command -v timeout >/dev/null 2>&1; then
  limited() { timeout -s KILL "$@"; }
else
  limited() {
    limited_for=$1
    shift
    "$@" &
    limited_pid=$!
    (sleep "$limited_for" && kill -KILL "$limited_pid") >/dev/null 2>&1 &
    limited_by=$!
    wait "$limited_pid"
    limited_status=$?
    kill "$limited_by" 2>/dev/null
    [ $limited_status -ne 137 ] && return $limited_status
    return 124
  }
fi

# look_program FIELD FILE: why servers could not run it.
look_program() {
  if [ ! -f "$2" ]; then
    echo "refused.program.$1 there is no such file"
  elif [ ! -x "$2" ]; then
    echo "refused.program.$1 nobody may execute it (chmod +x)"
  fi
}

# look_version NAME SERVER...: which of these programs there is, and its version; of the same
# programs, which most processes of a machine have, it is asked once.
look_version() {
  asked=$1
  shift
  [ "$*" = "${versions_of:-}" ] || { versions_of="$*" version_said=$(look_server "$@"); }
  while read -r said_key said_value; do
    printf '%s.%s %s\n' "$said_key" "$asked" "$said_value"
  done <<END
$version_said
END
}

# look_server SERVER...: lines of "server" and "version".
look_server() {
  server=$1
  for each in "$@"; do
    if command -v "$each" >/dev/null 2>&1; then server=$each && break; fi
  done
  echo "server $server"
  command -v "$server" >/dev/null 2>&1 || { echo "version $server: not found" && return; }
  # Into a file and not a pipe, which what it left behind could hold open; in a container, which may
  # have no mktemp, all of this has a limit of its own.
  if said=$(mktemp 2>/dev/null); then
    limited 10 "$server" --version >"$said" 2>&1 </dev/null
    case $? in
      124 | 137) echo "version no answer within 10 s" ;;
      *) echo "version $(sed '1s/^\(.\{150\}.\{150\}\).*/\1/; q' "$said")" ;;
    esac
    rm -f "$said"
  else
    echo "version $(
      limited 10 "$server" --version 2>&1 </dev/null | head -n 1 | cut -c 1-300
    )"
  fi
}
