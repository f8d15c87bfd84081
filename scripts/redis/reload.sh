# What changed in the settings of a server that runs. Needs staged (trial.sh), runs_another
# (version.sh), known_of, have_left (membership.sh) and changed_settings (drift.sh).

# use redis/reload/replies.sh
# use redis/reload/set-live.sh

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

# reload: what changed is set on the running server; a restart does what can't be, or was removed.
reload() { reload_settings && set_users; }

reload_settings() {
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
    forgets
    case $? in 0) return 1 ;; 2) return 2 ;; esac
    wanted="$wanted
$(cat "$(staged masters.conf)")"
    # shellcheck disable=SC1090
    monitored=$(. "$(staged parameters)" && printf '%s\n' "$monitored")
    set_quorums || return
  fi
  have=$(cat loaded 2>/dev/null)
  changed=
  if [ -s live ] && set_now; then changed_settings; fi
  [ "$wanted$changed" != "$have" ] || return 0
  [ -n "$have" ] || return 1
  # A sentinel that was told to remove the master gets it back at its start.
  if printf '%s\n' "$changed" | grep -q ' removed$'; then return 1; fi
  new=$(settings_of "$wanted") old=$(settings_of "$have")
  keys() { printf '%s\n' "$1" | awk '{ print $1 == "sentinel" ? $1 " " $2 " " $3 : $1 }' | sort; }
  [ "$(keys "$old")" = \
    "$(printf '%s\n%s\n' "$(keys "$old")" "$(keys "$new")" | sort | uniq -d)" ] || return 1
  changes=$(printf '%s\n' "$new" | grep -v -x -F -e "$(printf '%s\n' "$old" | without_changed)")
  if [ -n "$changes" ]; then
    set -f
    set_live "$changes" "$old" || return
  fi
  printf '%s\n' "$wanted" >loaded || refuse "cannot write $directory/loaded"
}

# forgets: 0: a sentinel knows who has left, or whom it is to forget, and may forget them now: by a
# restart; 1: it does not; 2: it can't now.
forgets() {
  # shellcheck disable=SC1090
  fo_told=$(. "$(staged parameters)" && printf '%s\n' "$forget")
  # shellcheck disable=SC1090
  fo_nodes=$(. "$(staged parameters)" && printf '%s\n' "$nodes")
  # shellcheck disable=SC1090
  fo_sentinels=$(. "$(staged parameters)" && printf '%s\n' "$sentinels")
  leavers=$(known_of "$(have_left "$fo_nodes" "$fo_sentinels")")
  if [ -n "$leavers" ]; then
    await_forgetting "$fo_nodes" "$fo_sentinels"
    case $? in 1) leavers= ;; 2) return 2 ;; esac
  fi
  leavers=$(printf '%s\n' "$leavers" "$(known_of "$fo_told")" | grep . | sort -u | tr '\n' ' ')
  [ -n "$leavers" ] || return 1
  say "is to forget: ${leavers% }"
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
