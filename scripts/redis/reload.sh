# settings_of TEXT: without comments, one line a directive; what repeats is joined as CONFIG SET wants it.
settings_of() {
  printf '%s\n' "$1" | awk '
    /^#/ || NF == 0 { next }
    { key = $1; sub(/^[^ ]+ */, "") }
    key == "sentinel" && NF > 2 { key = key " " $1 " " $2; sub(/^[^ ]+ +[^ ]+ */, "") }
    key in value { value[key] = value[key] " " $0; next }
    { order[++n] = key; value[key] = $0 }
    END { for (i = 1; i <= n; i++) print order[i] " " value[order[i]] }'
}

# only_at_start KEY VALUE: 0 for what says where the server is, and for values whose quoting would have to be undone.
only_at_start() {
  case $1 in
    bind | port | dir | dbfilename | logfile | pidfile | unixsocket | *announce* | tls-* | resolve-hostnames) return 0 ;;
  esac
  case $2 in '""') return 1 ;; *[\"\'\\]*) return 0 ;; esac
  return 1
}

# set_live KEY VALUE...: 1 if only a restart can do it.
set_live() {
  if [ "$1" = sentinel ]; then
    sl_option=$2 sl_master=$3
    shift 3
    only_at_start "$sl_option" "$*" && return 1
    [ "$(ask_me SENTINEL SET "$sl_master" "$sl_option" "$@")" = OK ] && say "set $sl_option of $sl_master to $*, without a restart"
  else
    sl_key=$1
    shift
    only_at_start "$sl_key" "$*" && return 1
    if [ "$*" = '""' ]; then set -- ''; fi
    [ "$(ask_me CONFIG SET "$sl_key" "$*")" = OK ] && say "set $sl_key to ${*:-nothing}, without a restart"
  fi
}

# reload: what changed is set on the running server; a restart does what can't be, or was removed.
reload() {
  if [ "$kind" = sentinel ]; then
    set_quorums || return 1
    wanted=$(cat "$settings/settings.conf" "$settings/masters.conf")
  else
    wanted=$(cat "$settings/settings.conf")
  fi
  have=$(cat loaded 2>/dev/null)
  [ "$wanted" != "$have" ] || return 0
  [ -n "$have" ] || return 1
  new=$(settings_of "$wanted") old=$(settings_of "$have")
  keys() { printf '%s\n' "$1" | awk '{ print $1 == "sentinel" ? $1 " " $2 " " $3 : $1 }' | sort; }
  [ "$(keys "$old")" = "$(printf '%s\n%s\n' "$(keys "$old")" "$(keys "$new")" | sort | uniq -d)" ] || return 1
  set -f
  printf '%s\n' "$new" | grep -v -x -F "$old" | while read -r change; do
    # shellcheck disable=SC2086
    set_live $change || exit 1
  done || return 1
  printf '%s\n' "$wanted" >loaded || refuse "cannot write $directory/loaded"
}

set_quorums() {
  printf '%s\n' "$monitored" | while read -r m_name _ m_quorum; do
    [ "$(ask_me SENTINEL MASTER "$m_name" | sed -n '/^quorum$/{n;p;}')" != "$m_quorum" ] || continue
    [ "$(ask_me SENTINEL SET "$m_name" quorum "$m_quorum")" = OK ] || exit 1
    say "set the quorum of $m_name to $m_quorum, without a restart"
  done
}
