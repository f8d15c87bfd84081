# Settings set on the running server, all of them or none. Needs replies.sh.

# only_at_start KEY VALUE: 0 for what says where the server is, and for values whose quoting would
# have to be undone.
only_at_start() {
  case $1 in
    bind | port | dir | dbfilename | logfile | pidfile | unixsocket | *announce* | tls-* | \
      resolve-hostnames)
      return 0
      ;;
  esac
  case $2 in '""') return 1 ;; *[\"\'\\]*) return 0 ;; esac
  return 1
}

# set_one KEY VALUE...: sets set_said to the reply of the running server, set_what and set_to to
# what was asked for.
set_one() {
  if [ "$1" = sentinel ]; then
    set_what="$2 of $3" set_option=$2 set_master=$3
    shift 3
    set_to="$*"
    set_said=$(reply_to SENTINEL SET "$set_master" "$set_option" "$@")
  else
    set_what=$1
    shift
    # More than a setting: ready does it, step by step (aof_as_wanted).
    if [ "$set_what" = appendonly ]; then set_to=$* set_said=OK && return; fi
    if [ "$*" = '""' ]; then set -- ''; fi
    set_to=${*:-nothing}
    set_said=$(reply_to CONFIG SET "$set_what" "$*")
  fi
}

# set_live CHANGES OLD: all of these settings or none. 0: they are set; 1: one needs a restart; 2:
# one is refused, or the server could not be asked.
set_live() {
  live_old=$2 live_done='' live_told='' live_status=0
  while read -r live_change; do
    # shellcheck disable=SC2086
    set -- $live_change
    if [ "$1" = sentinel ]; then live_key="$1 $2 $3" live_name=$2; else live_key=$1 live_name=$1; fi
    if only_at_start "$live_name" "${live_change#"$live_key "}"; then live_status=1 && break; fi
    set_one "$@"
    case $(judge_set "$set_said") in
      set)
        live_done="$live_done$live_key
" live_told="$live_told$name: set $set_what to $set_to, without a restart
"
        ;;
      restart) live_status=1 && break ;;
      refused)
        say "refused, and nothing is changed: $set_what cannot be $set_to. The server says: $set_said" >&2
        live_status=2
        break
        ;;
      *)
        # It may still do it, later.
        live_done="$live_done$live_key
"
        say "nothing is to be changed then: asked to set $set_what, the server says: ${set_said:-nothing within $ask_limit s}" >&2
        live_status=2
        break
        ;;
    esac
  done <<EOF
$1
EOF
  if [ "$live_status" -eq 0 ]; then
    printf '%s' "$live_told"
    return 0
  fi
  # A restart sets all of it at once; till then, or where there will be none, what runs is what is
  # written down.
  while read -r live_key; do
    [ -n "$live_key" ] || continue
    # shellcheck disable=SC2046
    set_one $(printf '%s\n' "$live_old" | grep "^$live_key ")
    [ "$set_said" = OK ] ||
      say "and $set_what could not be put back to $set_to. The server says: $set_said" >&2
  done <<EOF
$live_done
EOF
  return "$live_status"
}
