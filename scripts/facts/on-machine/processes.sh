# The processes, and the whole that they are. Needs lib/as-user.sh, lib/paused.sh, ours (places.sh)
# and limited (programs.sh).

# look_instance NAME DIRECTORY LIFECYCLE [SETTINGS USER]: where the process is, and the identity of
# the instance that runs, if that is well. Where it is another user's, nothing is read but the
# settings, and that user looks at the rest.
look_instance() {
  i_settings=${4:-$2}
  if [ -e "$2/created" ] || [ -s "$i_settings/instance" ]; then echo "populated.$1 1"; fi
  ours "${3%/*}" || return 0
  i_paused=$(paused_in "${3%/*}") && printf 'paused.%s %s\n' "$1" "$i_paused"
  # shellcheck disable=SC1091
  [ ! -s "$i_settings/parameters" ] || (
    auth='' && . "$i_settings/parameters" && echo "endpoint.$1 ${host:-}:${port:-}" &&
      { [ -z "${program:-}" ] || echo "program.$1 $program"; } &&
      { [ -z "${auth:-}" ] || echo "auth.$1 $auth"; }
  )
  [ -s "$i_settings/settings.conf" ] &&
    [ -s "$i_settings/instance" ] &&
    [ ! -e "$2/retired" ] &&
    comes_back "$1" "${3%/*}" || return 0
  as_limit=10
  i_changed=$(
    look_as "${5:-}" sh "${3%/*}/host.sh" well "$2" "$i_settings" 2>/dev/null </dev/null
  )
  case $? in
    0) read -r i_identity <"$i_settings/instance"; echo "instance.$1 ${i_identity:-}" ;;
    # Whatever that says, it is one line of an answer.
    3) echo "changed.$1 $(
      printf '%s\n' "$i_changed" | head -n 1 | tr -cd '\040-\176' | cut -c 1-300
    )" ;;
  esac
}

# comes_back NAME DIRECTORY: where the process is a service, nobody has disabled that; it would not
# be there after the next boot.
comes_back() (
  unit='' services=1
  [ -d /run/systemd/system ] && [ -f "$2/machine.conf" ] || exit 0
  # shellcheck source=/dev/null
  . "$2/machine.conf"
  [ "$services" = 0 ] || [ "$(systemctl is-enabled "$unit-$1.service" 2>/dev/null)" = enabled ]
)

# look_as USER WORD...: USER is empty where the process is ours.
look_as() {
  user=$1
  shift
  if [ -n "$user" ]; then as_user "$@"; else limited "$as_limit" "$@"; fi
}

# look_check NAME DIRECTORY LIFECYCLE [SETTINGS USER]: the identity of the last verification if what
# it found still holds, else what does not; and whom the others follow, if that can be told. Busy
# machines take seconds for it; check_limit, in seconds, leaves those who wait for us enough.
look_check() {
  c_settings=${4:-$2}
  [ -s "$c_settings/verified" ] && ours "${3%/*}" || return 0
  as_limit=${check_limit:-12}
  found=$(look_as "${5:-}" sh "$3" check "$2" "$c_settings" 2>&1 </dev/null)
  case $? in
    0) echo "verified.$1 $(cat "$c_settings/verified")" ;;
    124 | 137)
      echo "unverified.$1 no answer within $as_limit s"
      # The order of a change hangs on it: without it a roll-out has handed over three times.
      found=$(look_as "${5:-}" sh "$3" leader "$2" "$c_settings" 2>/dev/null </dev/null)
      ;;
    # Whatever that says, it is one line of an answer.
    *)
      echo "unverified.$1 $(printf '%s\n' "$found" | head -n 1 | tr -cd '\040-\176' | cut -c 1-300)"
      ;;
  esac
  case ${found##*leader } in
    "$found" | '' | *[!A-Za-z0-9._-]*) ;;
    *) echo "leader.$1 ${found##*leader }" ;;
  esac
}
