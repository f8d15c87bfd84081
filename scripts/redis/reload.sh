# settings_of TEXT: without comments, one line a directive; what repeats is joined as CONFIG SET
# wants it.
settings_of() {
  printf '%s\n' "$1" | awk '
    /^#/ || NF == 0 { next }
    { key = $1; sub(/^[^ ]+ */, "") }
    key == "sentinel" && NF > 2 { key = key " " $1 " " $2; sub(/^[^ ]+ +[^ ]+ */, "") }
    key in value { value[key] = value[key] " " $0; next }
    { order[++n] = key; value[key] = $0 }
    END { for (i = 1; i <= n; i++) print order[i] " " value[order[i]] }'
}

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

# judge_set REPLY: what the reply to CONFIG SET or SENTINEL SET says of a setting: set, restart
# (only that can do it) or refused. Anything else, or nothing, is no answer.
judge_set() {
  case $1 in
    OK) echo set ;;
    # 2.8 to 6.2 say "Unsupported" of all that is not to be set at run time, 7 and later tell why.
    'ERR Unsupported CONFIG parameter'* | 'ERR Unknown option '* | 'ERR Unknown sentinel option'*)
      echo restart
      ;;
    'ERR CONFIG SET failed'*"can't set immutable config"* | \
      'ERR CONFIG SET failed'*"can't set protected config"*)
      echo restart
      ;;
    'ERR Reconfiguration of scripts path is denied'* | 'ERR No such master with that name'*)
      echo restart
      ;;
    'ERR Invalid argument'* | 'ERR CONFIG SET failed'* | 'ERR '*'script seems non existing'* | \
      'ERR The operating system is not able'* | 'ERR Syntax error'* | 'ERR syntax error'*)
      echo refused
      ;;
    'ERR Unable to '* | 'ERR Failed '* | 'ERR wrong number of arguments'* | \
      'ERR Wrong number of arguments'*)
      echo refused
      ;;
    *) echo unknown ;;
  esac
}

# reply_to COMMAND...: the first line of whatever this process replies, an error, too.
reply_to() {
  limited "$ask_limit" "$cli" -h "$address" -p "$port" "$@" </dev/null 2>&1 | tr -d '\r' | head -n 1
}

# any_reply: what this process replies to PING, an error, too; nothing where there is nobody, or
# nobody answers.
any_reply() {
  limited "$ask_limit" "$cli" -h "$address" -p "$port" PING </dev/null 2>/dev/null | head -n 1 |
    grep -v -e '^Could not connect' -e '^Error: ' -e '^Terminated'
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

# reload: what changed is set on the running server; a restart does what can't be, or was removed.
reload() {
  # Where it listens a name may say, that now stands for another address: the settings can be the
  # same.
  # shellcheck disable=SC1090
  moves_to=$(. "$(staged parameters)" && echo "$address $port")
  if [ "$moves_to" != "$address $port" ]; then
    say "listens on $address, port $port, and is to listen on ${moves_to% *}, port ${moves_to#* }"
    return 1
  fi
  runs_another
  case $? in 0) return 1 ;; 2) return 2 ;; esac
  wanted=$(cat "$(staged settings.conf)")
  if [ "$kind" = sentinel ]; then
    # shellcheck disable=SC1090
    forget=$(. "$(staged parameters)" && printf '%s\n' "$forget")
    if forget_pending; then
      say "is to forget: $(printf '%s\n' "$forget" | tr '\n' ' ')"
      return 1
    fi
    wanted="$wanted
$(cat "$(staged masters.conf)")"
    # shellcheck disable=SC1090
    monitored=$(. "$(staged parameters)" && printf '%s\n' "$monitored")
    set_quorums || return
  fi
  have=$(cat loaded 2>/dev/null)
  [ "$wanted" != "$have" ] || return 0
  [ -n "$have" ] || return 1
  new=$(settings_of "$wanted") old=$(settings_of "$have")
  keys() { printf '%s\n' "$1" | awk '{ print $1 == "sentinel" ? $1 " " $2 " " $3 : $1 }' | sort; }
  [ "$(keys "$old")" = \
    "$(printf '%s\n%s\n' "$(keys "$old")" "$(keys "$new")" | sort | uniq -d)" ] || return 1
  changes=$(printf '%s\n' "$new" | grep -v -x -F "$old")
  if [ -n "$changes" ]; then
    set -f
    set_live "$changes" "$old" || return
  fi
  printf '%s\n' "$wanted" >loaded || refuse "cannot write $directory/loaded"
}

# set_quorums: as reload, for what is no setting of a file.
set_quorums() {
  while read -r m_name _ m_quorum; do
    [ "$(ask_me SENTINEL MASTER "$m_name" | sed -n '/^quorum$/{n;p;}')" != "$m_quorum" ] || continue
    set_one sentinel quorum "$m_name" "$m_quorum"
    case $(judge_set "$set_said") in
      set) say "set the quorum of $m_name to $m_quorum, without a restart" ;;
      restart) return 1 ;;
      *)
        say "nothing is changed: asked to set $set_what to $m_quorum, it says: ${set_said:-nothing within $ask_limit s}" >&2
        return 2
        ;;
    esac
  done <<EOF
$monitored
EOF
}
